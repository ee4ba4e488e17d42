"""An accepted risk changes no number and hides no row; it is shown as accepted, for whom and until when it is."""

from datetime import datetime

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.inventory.report import Machine as Reported
from kbgap.odata.options import Query
from kbgap.operations.accept_risk import AcceptedRisk, NewRisk, accept_risk, list_accepted_risks, withdraw_risk
from kbgap.operations.audit_log import latest_entries
from kbgap.operations.manage_machines import sweep_machines
from kbgap.operations.read_fleet_kbs import fleet_kbs
from kbgap.operations.read_recommendations import list_recommendations
from kbgap.operations.read_vulnerabilities import list_vulnerabilities
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import tenants
from kbgap.store.database import Database
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report, later

OPEN, SOME, ALL = "RemediationRequired", "PartialException", "UnderException"


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """One machine in a group and one outside that lack March, and one that lacks two months."""
    reports = [
        a_report(machine=Reported(computer_dns_name="a", rbac_group_name="ours")),
        a_report("b"),
        a_report("old", ubr=500),
    ]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def accept(database: Database, subject: str, group: str | None = None, **more: object) -> AcceptedRisk:
    """Accept a risk for a week."""
    members: dict[str, object] = {"subject": subject, "group": group, "expires_on": later(days=7), "reason": "tested"}
    return accept_risk(database, TENANT, NewRisk(**(members | more)), "somebody", NOW)  # type: ignore[arg-type] # by name


def statuses(database: Database, now: datetime = NOW, scopes: tuple[int, ...] = (0,)) -> dict[str, str]:
    """What is said of each open CVE."""
    rows = list_vulnerabilities(database, TENANT, now, Query(), scopes).rows
    return {row.id[-4:]: row.status for row in rows if row.exposed_machines}


def test_a_cve_for_everybody(machines: Database) -> None:
    """In any letter case; its numbers stay."""
    before = {row.id: row.exposed_machines for row in list_vulnerabilities(machines, TENANT, NOW, Query()).rows}

    accept(machines, "cve-2020-0701")

    after = {row.id: row.exposed_machines for row in list_vulnerabilities(machines, TENANT, NOW, Query()).rows}
    assert statuses(machines) == {
        **dict.fromkeys(["0601", "0602", "0603", "0702", "0703", "0704"], OPEN),
        "0701": ALL,
    }
    assert before == after


def test_a_cve_for_one_group(machines: Database) -> None:
    """Part of the machines, and all of them for who sees that group only."""
    accept(machines, "CVE-2020-0701", "ours")

    assert statuses(machines)["0701"] == SOME
    assert statuses(machines, scopes=(1,))["0701"] == ALL


def test_a_kb_stands_for_the_cves_that_it_alone_would_close(machines: Database) -> None:
    """On the machine that lacks two months, too: the other KB closes other CVEs."""
    accept(machines, "KB4540673")

    found = statuses(machines)
    assert {found[cve] for cve in ("0701", "0702", "0703", "0704")} == {ALL}
    assert {found[cve] for cve in ("0601", "0602", "0603")} == {OPEN}


def test_kbs_and_recommendations_say_it_too(machines: Database) -> None:
    """In their own words."""
    accept(machines, "4540673", "ours")
    some = {row.id: row.status for row in fleet_kbs(machines, TENANT, NOW, Query()).rows}
    some_software = {row.product_name: row.status for row in list_recommendations(machines, TENANT, NOW, Query()).rows}
    accept(machines, "4540673")
    accept(machines, "4532693")
    every = {row.id: row.status for row in fleet_kbs(machines, TENANT, NOW, Query()).rows}
    all_software = {row.product_name: row.status for row in list_recommendations(machines, TENANT, NOW, Query()).rows}

    assert some == {"4540673": "PartialException", "4532693": "Active"}
    assert some_software == {"edge": "PartialException", "windows_10": "PartialException"}
    assert every == {"4540673": "Exception", "4532693": "Exception"}
    assert all_software == {"edge": "Exception", "windows_10": "Exception"}


def test_it_ends_by_itself(machines: Database) -> None:
    """At its moment, and answers kept from before are given anew after the next sweep."""
    accept(machines, "CVE-2020-0701")
    with machines.reading() as connection:
        epoch = tenants.pointer(connection, TENANT).epoch

    sweep_machines(machines, TENANT, later(days=8), later(days=30) - NOW, later(days=180) - NOW)

    assert statuses(machines, later(days=6.9))["0701"] == OPEN
    assert statuses(machines, later(days=8))["0701"] == OPEN
    with machines.reading() as connection:
        assert tenants.pointer(connection, TENANT).epoch > epoch
    assert [risk.is_active for risk in list_accepted_risks(machines, TENANT, later(days=8))] == [False]


def test_it_counts_until_its_moment(machines: Database) -> None:
    """And not a moment longer."""
    accept(machines, "CVE-2020-0701")

    assert statuses(machines, later(days=6.9))["0701"] == ALL
    assert statuses(machines, later(days=7))["0701"] == OPEN


def test_it_can_be_withdrawn(machines: Database) -> None:
    """The decision stays in the list; a second time changes nothing."""
    risk = accept(machines, "CVE-2020-0701", "ours")

    ended = withdraw_risk(machines, TENANT, risk.id, "me", later(days=1))
    again = withdraw_risk(machines, TENANT, risk.id, "me", later(days=2))

    assert (risk.is_active, ended.is_active) == (True, False)
    assert again.withdrawn_on == ended.withdrawn_on == later(days=1)
    assert statuses(machines)["0701"] == OPEN
    (listed,) = list_accepted_risks(machines, TENANT, NOW)
    assert (listed.subject, listed.group, listed.reason, listed.accepted_by) == (
        "CVE-2020-0701",
        "ours",
        "tested",
        "somebody",
    )


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"subject": "everything"}, Invalid),
        ({"subject": "KB9999999"}, NotFound),
        ({"subject": "CVE-1999-0001"}, NotFound),
        ({"subject": "CVE-\x00"}, NotFound),
        ({"group": "nobody's"}, NotFound),
        ({"reason": " "}, Invalid),
        ({"reason": "x" * 1001}, Invalid),
        ({"reason": "\x00"}, Invalid),
        ({"expires_on": NOW}, Invalid),
    ],
)
def test_a_bad_decision_is_refused(machines: Database, more: dict[str, object], error: type[Exception]) -> None:
    """By what is wrong with it."""
    with pytest.raises(error):
        accept(machines, **({"subject": "CVE-2020-0701"} | more))  # type: ignore[arg-type] # by name


def test_who_sees_a_group_decides_for_it_alone(machines: Database) -> None:
    """Neither for everybody nor for others, and sees what concerns his machines."""
    new = NewRisk(subject="CVE-2020-0701", expires_on=later(days=7), reason="tested", group="ours")
    mine = accept_risk(machines, TENANT, new, "he", NOW, (1,))
    whole = accept(machines, "CVE-2020-0702")

    with pytest.raises(NotFound):
        accept_risk(machines, TENANT, NewRisk(subject="4540673", expires_on=later(days=7), reason="x"), "he", NOW, (1,))
    with pytest.raises(NotFound):
        withdraw_risk(machines, TENANT, whole.id, "me", NOW, (1,))
    with pytest.raises(NotFound):
        withdraw_risk(machines, OTHER_TENANT, whole.id, "me", NOW)
    assert {risk.id for risk in list_accepted_risks(machines, TENANT, NOW, (1,))} == {mine.id, whole.id}
    assert [risk.id for risk in list_accepted_risks(machines, TENANT, NOW, (2,))] == [whole.id]
    assert list_accepted_risks(machines, OTHER_TENANT, NOW) == []


def test_the_audit_log_keeps_who_decided(machines: Database) -> None:
    """In the transaction of the decision, so that neither is there without the other."""
    risk = accept(machines, "4540673")
    withdraw_risk(machines, TENANT, risk.id, "bob", later(days=1))
    with pytest.raises(Invalid):
        accept(machines, "4540673", reason=" ")

    entries = latest_entries(machines, TENANT, 10)

    assert [(entry.actor, entry.action, entry.subject) for entry in entries] == [
        ("bob", "risk.withdraw", risk.id),
        ("somebody", "risk.accept", risk.id),
    ]
