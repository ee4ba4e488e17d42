"""Machines are listed whole, with what reports tell of them and nothing that nobody told."""

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.inventory.report import Machine as Reported
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.manage_machines import exclude_machine, sweep_machines
from kbgap.operations.read_machines import get_machine, group_scopes, list_machines, machines_by_ip, machines_by_tag
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.machines_view import Machine
from kbgap.store.references import MachineReference
from tests.builders import BY, NOW, OTHER_TENANT, TENANT, a_report, later
from tests.operations.given import asking, check_nulls, declared_names, public_names

NORTH = Reported(
    computer_dns_name="north.example.org",
    machine_tags=("berlin", "Berlin-2"),
    rbac_group_name="workstations",
    last_ip_address="192.0.2.7",
)


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """Three machines: one with all that a report can tell, one patched, one outside the catalogue."""
    reports = [
        a_report(machine=NORTH),
        a_report("south", ubr=719),
        a_report("old", number=9600),
    ]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def names(listed: list[Machine] | object) -> list[str]:
    """The DNS names of listed machines."""
    return sorted(row.computer_dns_name or "" for row in getattr(listed, "rows", ()))


def test_the_members_are_those_of_the_contract() -> None:
    """In their order, so that clients that are typed from the service find them."""
    assert public_names(Machine) == declared_names("Machine")
    assert public_names(MachineReference) == declared_names("PublicAssetDto")


def test_a_machine_shows_what_its_report_tells(machines: Database) -> None:
    """Found by its name in any letter case; what nobody told is null."""
    row = get_machine(machines, TENANT, "NORTH.example.org")

    check_nulls(row, defender_model().type("Machine"))
    assert row.computer_dns_name == "north.example.org"
    assert (row.os_platform, row.version, row.os_build) == ("Windows10", "1909", 18363)
    assert (row.os_processor, row.os_architecture) == ("x64", "64-bit")
    assert (row.health_status, row.onboarding_status, row.is_excluded) == ("Active", "Onboarded", False)
    assert (row.rbac_group_id, row.rbac_group_name) == (1, "workstations")
    assert row.machine_tags == ("berlin", "Berlin-2")
    assert [address.ip_address for address in row.ip_addresses] == ["192.0.2.7"]
    assert (row.first_seen, row.last_seen) == (NOW, NOW)
    assert row.exposure_level == "Low"
    assert get_machine(machines, TENANT, row.id) == row


def test_nothing_open_is_no_exposure(machines: Database) -> None:
    """A patched machine says None, the word."""
    assert get_machine(machines, TENANT, "south").exposure_level == "None"


def test_excluded_and_silent_machines_stay_in_the_list(machines: Database) -> None:
    """They say so; only counts leave them out."""
    exclude_machine(machines, TENANT, "south", "DuplicateDevice", BY)
    sweep_machines(machines, TENANT, later(days=31), silent_after=later(days=30) - NOW, keep=later(days=180) - NOW)

    row = get_machine(machines, TENANT, "south")

    assert (row.is_excluded, row.exclusion_reason, row.health_status) == (True, "DuplicateDevice", "Inactive")
    assert len(list_machines(machines, TENANT, Query()).rows) == 3


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("computerDnsName eq 'south' or lastIpAddress eq '192.0.2.7'", ["north.example.org", "south"]),
        ("ComputerDNSName eq 'SOUTH'", []),
        ("healthStatus eq 'Active' and riskscore eq 'None'", ["north.example.org", "old", "south"]),
        ("exposureLevel ge 'Low'", ["north.example.org", "old"]),
        ("machineTags/any(t: startswith(t,'berl'))", ["north.example.org"]),
        ("rbacGroupId eq 0", ["old", "south"]),
        ("rbacGroupName ne 'workstations'", ["old", "south"]),
        ("lastSeen ge 2020-03-20Z and lastSeen lt 2020-03-21Z", ["north.example.org", "old", "south"]),
        ("osBuild in (9600, 7601)", ["old"]),
        ("isExcluded eq true", []),
        ("aadDeviceId eq null and isAadJoined ne true", ["north.example.org", "old", "south"]),
        ("osArchitecture eq '64-bit' and not contains(version,'9')", ["old"]),
    ],
)
def test_filters_that_clients_send(machines: Database, where: str, found: list[str]) -> None:
    """Names in any case, words of enumerations, collections, moments and null."""
    listed = list_machines(machines, TENANT, asking("Machine", where, is_counted=True))

    assert names(listed) == found
    assert listed.count == len(found)


def test_every_member_that_may_be_can_be_filtered_and_sorted(machines: Database) -> None:
    """No column is forgotten, and none breaks a database."""
    members = defender_model().type("Machine").properties
    filters = [m.name for m in members if m.filterable and not m.of.is_collection]
    sorts = [m.name for m in members if m.sortable]

    kept = {n: list_machines(machines, TENANT, asking("Machine", f"{n} eq null or {n} ne null")) for n in filters}
    down = {n: list_machines(machines, TENANT, asking("Machine", order=f"{n} desc")) for n in sorts}

    assert {name: len(listed.rows) for name, listed in (kept | down).items()} == dict.fromkeys([*filters, *sorts], 3)


def test_pages_follow_each_other_by_id(machines: Database) -> None:
    """By token the next page begins behind the last machine; by number it is the same machine."""
    every = [row.id for row in list_machines(machines, TENANT, Query()).rows]
    first = list_machines(machines, TENANT, Query(limit=2))
    by_token = list_machines(machines, TENANT, Query(limit=2, after=first.place))
    by_number = list_machines(machines, TENANT, Query(limit=2, skip=2))

    assert every == sorted(every)
    assert [row.id for row in (*first.rows, *by_token.rows)] == every
    assert by_number.rows == by_token.rows
    assert (first.goes_on, by_token.goes_on, by_token.place) == (True, False, None)


def test_an_order_of_the_client_pages_by_number(machines: Database) -> None:
    """A place in the order of ids means nothing there."""
    first = list_machines(machines, TENANT, asking("Machine", order="computerDnsName desc", limit=1))

    assert names(first) == ["south"]
    assert (first.goes_on, first.place) == (True, None)


def test_tags_are_found_whole_or_by_their_beginning(machines: Database) -> None:
    """With letter case; wildcards are letters."""
    assert names(machines_by_tag(machines, TENANT, "berlin", Query())) == ["north.example.org"]
    assert names(machines_by_tag(machines, TENANT, "ber", Query())) == []
    assert names(machines_by_tag(machines, TENANT, "Ber", Query(), starts_with=True)) == ["north.example.org"]
    assert names(machines_by_tag(machines, TENANT, "%", Query(), starts_with=True)) == []
    with pytest.raises(Invalid, match="tag"):
        machines_by_tag(machines, TENANT, "", Query())


def test_an_address_belongs_to_a_machine_at_a_moment(machines: Database) -> None:
    """Within a quarter of an hour of its last report, and not in any year."""
    near, far = later(minutes=14), later(minutes=16)

    assert names(machines_by_ip(machines, TENANT, "192.0.2.7", near, far, Query())) == ["north.example.org"]
    assert names(machines_by_ip(machines, TENANT, "192.0.2.7", far, far, Query())) == []
    assert names(machines_by_ip(machines, TENANT, "192.0.2.8", near, far, Query())) == []
    with pytest.raises(Invalid, match="no IP address"):
        machines_by_ip(machines, TENANT, "everywhere", near, far, Query())
    with pytest.raises(Invalid, match="30 days"):
        machines_by_ip(machines, TENANT, "192.0.2.7", NOW, later(days=31), Query())


def test_groups_bound_what_a_caller_sees(machines: Database) -> None:
    """Machines of other groups, and of none, are not there for him."""
    scopes = group_scopes(machines, TENANT, {"workstations", "no such group"})

    assert scopes == (1,)
    assert names(list_machines(machines, TENANT, Query(), scopes)) == ["north.example.org"]
    assert get_machine(machines, TENANT, "north.example.org", scopes).rbac_group_id == 1
    with pytest.raises(NotFound):
        get_machine(machines, TENANT, "south", scopes)
    assert names(list_machines(machines, TENANT, Query(), ())) == []


def test_another_tenant_sees_nothing(machines: Database) -> None:
    """Whatever id it sends."""
    known = list_machines(machines, TENANT, Query()).rows[0].id

    assert names(list_machines(machines, OTHER_TENANT, Query())) == []
    with pytest.raises(NotFound):
        get_machine(machines, OTHER_TENANT, known)
