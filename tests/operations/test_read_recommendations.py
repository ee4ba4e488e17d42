"""What to do is one recommendation for each software that machines lack updates of."""

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.read_recommendations import (
    get_recommendation,
    list_recommendations,
    recommendation_machines,
    recommendation_software,
    recommendation_vulnerabilities,
)
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.recommendations import Recommendation
from kbgap.store.titles import title_of
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report
from tests.operations.given import asking, check_nulls, declared_names, public_names

WINDOWS = "va-_-microsoft-_-windows_10"


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """Two machines that lack March, and a patched one."""
    report_inventory(fleet, catalogue, TENANT, [a_report("a"), a_report("b"), a_report("c", ubr=719)], NOW)
    return fleet


def test_the_members_are_those_of_the_contract() -> None:
    """In their order."""
    assert public_names(Recommendation) == declared_names("Recommendation")


def test_what_lacks_nothing_is_not_recommended(machines: Database) -> None:
    """Internet Explorer is installed, and up to date."""
    rows = list_recommendations(machines, TENANT, NOW, Query()).rows

    assert [row.id for row in rows] == ["va-_-microsoft-_-edge", WINDOWS]
    for row in rows:
        check_nulls(row, defender_model().type("Recommendation"))


def test_a_recommendation_says_how_much_it_would_do(machines: Database) -> None:
    """On how many machines, for how many CVEs, and by how much the exposure score would fall."""
    row = get_recommendation(machines, TENANT, WINDOWS.upper(), NOW)

    assert (row.recommendation_name, row.related_component) == ("Update Windows 10", "Windows 10")
    assert (row.weaknesses, row.exposed_machines_count, row.total_machine_count) == (3, 2, 3)
    assert (row.status, row.remediation_type, row.public_exploit) == ("Active", "Update", False)
    assert 0 < row.exposure_impact < 1


def test_below_a_recommendation(machines: Database) -> None:
    """Its software as one object, the machines that lack something, and the CVEs that are open."""
    software = recommendation_software(machines, TENANT, WINDOWS, NOW)
    lacking = recommendation_machines(machines, TENANT, WINDOWS, NOW, Query(is_counted=True))
    opened = recommendation_vulnerabilities(machines, TENANT, WINDOWS, NOW, Query())

    assert software.id == "microsoft-_-windows_10"
    assert {row.computer_dns_name for row in lacking.rows} == {"a", "b"}
    assert lacking.count == 2
    assert [row.id[-4:] for row in opened.rows] == ["0701", "0702", "0703"]


@pytest.mark.parametrize(
    "unknown",
    ["", "va-_-microsoft-_-internet_explorer", "sca-_-scid-2501", "microsoft-_-windows_10", "va-_-mozilla-_-firefox"],
)
def test_nothing_to_do_is_not_found(machines: Database, unknown: str) -> None:
    """An update that nobody needs, a setting, and what is no recommendation."""
    with pytest.raises(NotFound):
        get_recommendation(machines, TENANT, unknown, NOW)
    with pytest.raises(NotFound):
        recommendation_software(machines, TENANT, unknown, NOW)
    for read in (recommendation_machines, recommendation_vulnerabilities):
        with pytest.raises(NotFound):
            read(machines, TENANT, unknown, NOW, Query())


def test_recommendations_are_filtered_and_ordered(machines: Database) -> None:
    """By every member that clients name."""
    query = asking("Recommendation", "vendor eq 'microsoft' and status eq 'Active'", order="exposureImpact desc")

    assert next(row.id for row in list_recommendations(machines, TENANT, NOW, query).rows) == WINDOWS
    assert list_recommendations(machines, OTHER_TENANT, NOW, Query()).rows == []


@pytest.mark.parametrize(
    ("product", "title"),
    [
        ("windows_server_2012_r2", "Windows Server 2012 R2"),
        (".net_framework", ".NET Framework"),
        ("sql_server_2019", "SQL Server 2019"),
        ("edge_chromium-based", "Edge Chromium-based"),
        ("", ""),
    ],
)
def test_titles_of_products(product: str, title: str) -> None:
    """As people write them."""
    assert title_of(product) == title
