"""The machines that benchmarks measure with are the same every time, and all of them are judged."""

from itertools import islice
from pathlib import Path

from bench.machines import reports
from kbgap.inventory.normalise import Normalised, normalise
from tests.builders import a_catalogue


def test_a_larger_fleet_begins_with_the_same_machines(tmp_path: Path) -> None:
    """A benchmark of a million machines is of the same kind as one of a thousand."""
    with a_catalogue(tmp_path) as catalogue:
        few, many = list(reports(catalogue, 20)), list(islice(reports(catalogue, 1_000), 20))

    assert few == many


def test_every_machine_is_one_that_the_catalogue_covers(tmp_path: Path) -> None:
    """A machine outside it would cost nothing to judge."""
    with a_catalogue(tmp_path) as catalogue:
        found = [normalise(report, catalogue.index, catalogue.lines) for report in reports(catalogue, 200)]

    assert {type(one) for one in found} == {Normalised}
