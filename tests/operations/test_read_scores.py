"""Scores follow from what is open on the machines that count, by formulas that the documentation gives."""

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.exposure import exposure_score as score_of
from kbgap.inventory.report import Machine as Reported
from kbgap.inventory.report import OperatingSystem
from kbgap.odata.options import Query
from kbgap.operations.read_scores import configuration_score, exposure_by_group, exposure_score
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.scores import Score
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report
from tests.operations.given import asking, declared_names, public_names


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """One exposed machine in a group; one patched in another; one outside the catalogue."""
    reports = [
        a_report(machine=Reported(computer_dns_name="a", rbac_group_name="one")),
        a_report(ubr=719, machine=Reported(computer_dns_name="b", rbac_group_name="two")),
        a_report("c", ubr=719),
        a_report("ancient", os=OperatingSystem(name="Microsoft Windows XP Professional", build="5.1.2600")),
    ]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def test_the_members_are_those_of_the_contract() -> None:
    """One type for both scores."""
    assert public_names(Score) == declared_names("ConfigurationScore")


def test_exposure_is_the_mean_over_judged_machines(machines: Database) -> None:
    """A machine that nothing is known of does not make the fleet look better."""
    found = exposure_score(machines, TENANT, NOW)

    assert found.score == pytest.approx(score_of(5) / 3)
    assert (found.time, found.rbac_group_name, found.rbac_group_id) == (NOW, None, None)


def test_exposure_by_group(machines: Database) -> None:
    """Each group that has machines, with its name; filters apply."""
    rows = exposure_by_group(machines, TENANT, NOW, Query()).rows
    some = exposure_by_group(machines, TENANT, NOW, asking("ConfigurationScore", "score gt 0")).rows

    assert [(row.rbac_group_name, row.rbac_group_id) for row in rows] == [("one", 1), ("two", 2)]
    assert [row.score for row in rows] == [pytest.approx(score_of(5)), 0]
    assert [row.rbac_group_name for row in some] == ["one"]


def test_configuration_is_the_share_of_what_lacks_nothing(machines: Database) -> None:
    """Three machines with three software each; two of these nine lack an update."""
    assert configuration_score(machines, TENANT, NOW).score == pytest.approx(1000 * 7 / 9)


def test_groups_bound_the_scores(machines: Database) -> None:
    """A caller who sees the exposed group sees its score."""
    assert exposure_score(machines, TENANT, NOW, (1,)).score == pytest.approx(score_of(5))
    assert configuration_score(machines, TENANT, NOW, (2,)).score == 1000
    assert [row.rbac_group_id for row in exposure_by_group(machines, TENANT, NOW, Query(), (2,)).rows] == [2]


def test_without_machines_there_is_no_exposure(machines: Database) -> None:
    """And nothing that would be up to date."""
    assert exposure_score(machines, OTHER_TENANT, NOW).score == 0
    assert configuration_score(machines, OTHER_TENANT, NOW).score == 0
    assert exposure_by_group(machines, OTHER_TENANT, NOW, Query()).rows == []
