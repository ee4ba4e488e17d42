"""The demo as a whole: what it answers follows from its facts and its seed, over the ordinary road."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from kbgap.catalogue.shelf import Shelf
from kbgap.cli.arguments import parser
from kbgap.operations.demo import Plan, set_up_demo
from kbgap.operations.read_missing import missing_for_software
from kbgap.store.database import open_database
from kbgap.store.migrate import migrate
from kbgap.store.views import MissingKb

TENANT = "11111111-1111-4111-8111-111111111111"
NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
DEFAULTS = parser().parse_args(["demo"])


def missing_for_edge(folder: Path, seed: int, machines: int = DEFAULTS.machines) -> dict[str, MissingKb]:
    """Set a demo up, and ask what its machines lack for Edge."""
    url = f"sqlite:///{folder / 'kbgap.sqlite'}"
    migrate(url)
    with open_database(url) as database:
        plan = Plan(tenant=TENANT, tenant_name="demo", seed=seed, machines=machines)
        set_up_demo(database, Shelf(folder / "catalogue"), plan, NOW)
        return {row.id: row for row in missing_for_software(database, TENANT, "microsoft-_-edge")}


def test_the_default_demo_gives_the_answer_of_the_documentation(tmp_path: Path) -> None:
    """KB4540673 is missing on 240 machines and closes 14 CVEs of Edge, as in Microsoft's sample.

    No code knows the numbers. When the fleet's table, the release table or a rule changes, another seed may be the one
    that gives 240: try some, and make it the default of --seed.
    """
    row = missing_for_edge(tmp_path, DEFAULTS.seed)["4540673"]

    assert (row.machine_missed_on, row.cve_addressed) == (240, 14)
    assert row.name == "March 2020 Security Updates"
    assert list(row.products_names) == ["edge"]


def test_the_cves_are_facts_and_the_machines_follow_from_the_seed(tmp_path: Path) -> None:
    """Another seed is another fleet, with the same updates."""
    row = missing_for_edge(tmp_path, DEFAULTS.seed + 2)["4540673"]

    assert row.cve_addressed == 14
    assert row.machine_missed_on not in {0, 240}


def test_every_machine_of_the_fleet_is_there(tmp_path: Path) -> None:
    """The demo has as many machines as were asked for, also when they come in several batches."""
    told: list[tuple[str, int, int]] = []
    url = f"sqlite:///{tmp_path / 'kbgap.sqlite'}"
    migrate(url)

    with open_database(url) as database:
        plan = Plan(tenant=TENANT, tenant_name="demo", seed=1, machines=1_050)
        set_up_demo(database, Shelf(tmp_path / "catalogue"), plan, NOW, lambda *step: told.append(step))
        with database.reading() as connection:
            machines = connection.scalar(text("SELECT count(*) FROM machine"))

    assert machines == 1_050
    assert told[-1] == ("machines report", 1_050, 1_050)


@pytest.mark.parametrize("seed", [-5, 0, 10**30])
def test_any_number_is_a_seed(tmp_path: Path, seed: int) -> None:
    """Whatever number a person tries gives a fleet."""
    assert missing_for_edge(tmp_path, seed, machines=60)
