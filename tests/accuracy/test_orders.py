"""Labels follow from what a source says and from nothing else, and kbgap agrees with every source about all of them."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.overrides import load_overrides
from kbgap.catalogue.records import Document
from kbgap.core.builds import Build
from tests.accuracy.cumulative import TOGETHER, judge_orders
from tests.accuracy.orders import LINES, Ground, between, by_build, by_time, reached
from tests.golden.conftest import world_of
from tests.golden.test_release_pairs import State, windows_of

GROUND = Ground(
    states={"19045": [(Build(10, 0, 19045, ubr), kb) for ubr, kb in ((100, ""), (200, "1"), (250, "p"), (300, "2"))]},
    judged={"19045": frozenset({"1", "2"})},
)
FIRST, ONE, PREVIEW, TWO = GROUND.states["19045"]


def at(kb: str, **labels: bool) -> dict[tuple[str, State, str], bool]:
    """Labels of one KB by the name of the state."""
    states = {"first": FIRST, "one": ONE, "preview": PREVIEW, "two": TWO}
    return {("19045", states[name], kb): is_missing for name, is_missing in labels.items()}


def test_a_build_says_that_a_kb_is_missing_below_it_only() -> None:
    """At the build itself and above it is there; a KB that is not asked about gets no label."""
    builds = {"19045": {"2": Build(10, 0, 19045, 300), "not asked": Build(10, 0, 19045, 1)}}

    labels = by_build(GROUND, builds, Counter())

    assert labels == at("2", first=True, one=True, preview=True, two=False)


def test_another_release_of_the_kb_itself_is_left_out_and_counted() -> None:
    """A machine with an earlier release of the KB has it, whatever a list says that knows the later one only."""
    left_out = Counter[str]()

    labels = by_build(GROUND, {"19045": {"1": Build(10, 0, 19045, 260)}}, left_out)

    assert labels == at("1", first=True, preview=True, two=False)
    assert left_out.total() == 1


def test_of_two_kbs_of_one_time_nothing_is_said() -> None:
    """Only different times order two KBs; a KB is never missing on a machine that it was the last to be put on."""
    left_out = Counter[str]()

    labels = by_time(GROUND, {"19045": {"1": "2024-01", "2": "2024-02", "p": "2024-02"}}, left_out)

    assert labels == {**at("1", one=False, preview=False, two=False), **at("2", one=True, two=False)}
    assert left_out == {"pairs of two KBs of the same time": 1}


def test_builds_between_two_labels_get_what_follows_and_no_more() -> None:
    """A higher build has what a lower one has; between what lacks a KB and what has it nothing is known."""
    labels = {**at("1", one=False), **at("2", one=True, two=False)}

    derived = between(GROUND, labels)

    assert derived == {**at("1", preview=False, two=False), **at("2", first=True)}


def test_nothing_follows_from_labels_that_contradict_each_other() -> None:
    """A KB that a lower build has and a higher one lacks is a mistake of some source."""
    assert between(GROUND, at("1", one=False, two=True)) == {}


def test_supersedence_reaches_through_members_of_the_line_only() -> None:
    """What another line's update supersedes says nothing here."""
    steps = {"1": ["2", "elsewhere"], "2": ["3"], "elsewhere": ["4"], "3": ["1"]}

    assert reached("1", steps, {"1", "2", "3", "4"}) == {"1", "2", "3"}


@pytest.mark.timeout(300)
def test_kbgap_agrees_with_every_independent_source(
    real_documents: tuple[Document, ...], real_catalogue: CatalogueFile, shared_data: Path
) -> None:
    """At least 90,000 pairs of state and KB, none judged wrongly, none undecided, no two labels at odds."""
    overrides = load_overrides()
    uncorrected = msgspec.structs.replace(overrides, fixed_builds=(), wrong_products=())
    windows, raw = (windows_of(world_of(real_documents, chosen), LINES) for chosen in (overrides, uncorrected))
    shipped = {published.product: published for published in real_catalogue.all_fixes()}

    orders = judge_orders(windows, raw, shipped, shared_data)

    (together,) = (tally for tally in orders.tallies if tally.labels == TOGETHER)
    assert together.pairs >= 90_000
    assert [told for tally in orders.tallies for told in tally.wrong] == []
    assert orders.contradictions == []
