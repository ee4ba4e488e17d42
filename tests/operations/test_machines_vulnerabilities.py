"""Machines with their open CVEs: the one list that ties machine, CVE and KB together, never written down as a whole."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.report import Machine as Reported
from kbgap.odata.errors import ODataError
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.manage_machines import exclude_machine
from kbgap.operations.read_vulnerabilities import machines_vulnerabilities
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import walking
from kbgap.store.database import Database
from kbgap.store.listing import choose
from kbgap.store.machine_cves import MachineVulnerability
from tests.builders import BY, NOW, OTHER_TENANT, TENANT, a_report
from tests.operations.given import asking, check_nulls, declared_names, public_names

ROWS = defender_model().type("PublicAssetVulnerabilityDto")


def machine_id(number: int) -> str:
    """The id of a machine, in the order of its number."""
    return f"{number:040x}"


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """Nine machines at three levels, one of them in a group, one excluded."""
    reports = [
        a_report(
            ubr=(500, 657, 719)[number % 3],
            machine=Reported(id=machine_id(number), rbac_group_name="ours" if number == 1 else None),
        )
        for number in range(9)
    ]
    report_inventory(fleet, catalogue, TENANT, [*reports, a_report("out", ubr=500)], NOW)
    exclude_machine(fleet, TENANT, "out", "Other", BY)
    return fleet


def listed(database: Database, query: Query, scopes: tuple[int, ...] = (0,)) -> list[MachineVulnerability]:
    """The rows of one page."""
    return list(machines_vulnerabilities(database, TENANT, NOW, query, scopes).rows)


def test_the_members_are_those_of_the_contract() -> None:
    """In their order."""
    assert public_names(MachineVulnerability) == declared_names("PublicAssetVulnerabilityDto")


def test_each_row_is_one_cve_of_one_software_on_one_machine(machines: Database) -> None:
    """The id joins its parts; the KB is the one that first closes the CVE there."""
    rows = listed(machines, asking("PublicAssetVulnerabilityDto", f"machineId eq '{machine_id(1)}'"))

    assert [(row.product_name, (row.cve_id or "")[-4:], row.fixing_kb_id) for row in rows] == [
        ("edge", "0703", "4540673"),
        ("edge", "0704", "4540673"),
        ("windows_10", "0701", "4540673"),
        ("windows_10", "0702", "4540673"),
        ("windows_10", "0703", "4540673"),
    ]
    assert rows[2].id == f"{machine_id(1)}-_-CVE-2020-0701-_-microsoft-_-windows_10-_-10.0.18363.657-_-4540673"
    assert (rows[2].product_version, rows[2].product_vendor, rows[2].severity) == ("10.0.18363.657", "microsoft", "Low")
    for row in rows:
        check_nulls(row, ROWS)
        assert None not in (row.machine_id, row.severity, row.cve_id)


def test_machines_that_do_not_count_and_closed_cves_are_not_there(machines: Database) -> None:
    """Three machines lack both months, three lack one."""
    rows = listed(machines, Query())

    assert len(rows) == 3 * 8 + 3 * 5
    assert {row.machine_id for row in rows} == {machine_id(number) for number in (0, 1, 3, 4, 6, 7)}
    assert len({row.id for row in rows}) == len(rows)


def pages(database: Database, size: int, where: str = "") -> Iterator[list[MachineVulnerability]]:
    """Every page of a walk by tokens."""
    query = asking("PublicAssetVulnerabilityDto", where, limit=size)
    while True:
        page = machines_vulnerabilities(database, TENANT, NOW, query)
        yield list(page.rows)
        if page.place is None:
            return
        query = asking("PublicAssetVulnerabilityDto", where, limit=size, after=page.place)


@pytest.mark.parametrize("size", [1, 4, 39, 40])
def test_pages_follow_each_other(machines: Database, size: int) -> None:
    """Whatever their size: nothing twice, nothing lost, and the last one says that it is the last."""
    every = listed(machines, Query())

    walked = [row for page in pages(machines, size) for row in page]
    by_number = [listed(machines, Query(skip=skip, limit=size)) for skip in range(0, 39, size)]

    assert walked == every
    assert [row for page in by_number for row in page] == every


def test_a_walk_loses_no_machine_while_reports_come_in(machines: Database, catalogue: CatalogueFile) -> None:
    """A machine that changes while somebody reads is read as it is then; the others are read once."""
    walked = []
    for number, page in enumerate(pages(machines, 6)):
        walked += page
        if number == 0:
            changed = a_report(ubr=500, machine=Reported(id=machine_id(4)))
            patched = a_report(ubr=719, machine=Reported(id=machine_id(0)))
            report_inventory(machines, catalogue, TENANT, [changed, patched], NOW)

    there = {row.machine_id for row in walked}
    assert {machine_id(number) for number in (1, 3, 4, 6, 7)} <= there
    assert sum(row.machine_id == machine_id(4) for row in walked) == 8
    assert len({row.id for row in walked}) == len(walked)


_WORDS: dict[str, list[str | None]] = {
    "machineId": [machine_id(0), machine_id(1), machine_id(2), "none"],
    "cveId": ["CVE-2020-0601", "CVE-2020-0703", "CVE-1"],
    "fixingKbId": ["4540673", "4532693", None],
    "productName": ["edge", "windows_10", ""],
    "productVendor": ["microsoft", "x"],
    "productVersion": ["10.0.18363.657", None],
    "severity": ["Low", "High"],
    "id": [f"{machine_id(1)}-_-CVE-2020-0701-_-microsoft-_-windows_10-_-10.0.18363.657-_-4540673"],
}
_simple = st.sampled_from(sorted(_WORDS)).flatmap(
    lambda name: st.sampled_from(_WORDS[name]).flatmap(
        lambda word: st.sampled_from(
            [
                f"{name} eq {_quoted(word)}",
                f"{name} ne {_quoted(word)}",
                f"{name} in ({_quoted(word)}, 'else')",
                f"contains({name}, '0')",
            ]
        )
    )
)
_wheres = st.recursive(
    _simple,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" and ".join).map("({})".format),
        st.tuples(inner, inner).map(" or ".join).map("({})".format),
        inner.map("not ({})".format),
    ),
    max_leaves=5,
)


def _quoted(word: str | None) -> str:
    return "null" if word is None else f"'{word}'"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(where=_wheres, skip=st.integers(0, 12), limit=st.integers(0, 12))
def test_a_filter_taken_apart_keeps_what_it_kept_whole(machines: Database, where: str, skip: int, limit: int) -> None:
    """What concerns machines is asked of the database, what they share is decided once, and the rest row by row."""
    query = asking("PublicAssetVulnerabilityDto", where, skip=skip, limit=limit, is_counted=True)
    every = listed(machines, Query())

    page = machines_vulnerabilities(machines, TENANT, NOW, query)

    expected = choose(every, query, ROWS)
    assert (list(page.rows), page.count, page.goes_on) == (list(expected.rows), expected.count, expected.goes_on)


def test_the_count_is_that_of_all_pages(machines: Database) -> None:
    """A page in the middle counts no less."""
    first = machines_vulnerabilities(machines, TENANT, NOW, Query(limit=5, is_counted=True))
    second = machines_vulnerabilities(machines, TENANT, NOW, Query(limit=5, is_counted=True, after=first.place))

    assert (first.count, second.count) == (39, 39)


def test_an_order_is_honoured_while_rows_are_few(machines: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is not written down cannot be sorted as a whole; then the query is refused, not passed over."""
    rows = listed(machines, asking("PublicAssetVulnerabilityDto", order="cveId desc", limit=3))
    natural = listed(machines, asking("PublicAssetVulnerabilityDto", order="machineId"))

    assert [(row.cve_id or "")[-4:] for row in rows] == ["0704"] * 3
    assert natural == listed(machines, Query())
    monkeypatch.setattr(walking, "MOST_SORTED", 10)
    with pytest.raises(ODataError, match=r"\$orderby: more than 10 rows"):
        listed(machines, asking("PublicAssetVulnerabilityDto", order="cveId desc"))


def test_groups_and_tenants_bound_what_is_there(machines: Database) -> None:
    """A group's caller sees its machines; another tenant sees nothing."""
    assert {row.machine_id for row in listed(machines, Query(), (1,))} == {machine_id(1)}
    assert machines_vulnerabilities(machines, OTHER_TENANT, NOW, Query()).rows == []
