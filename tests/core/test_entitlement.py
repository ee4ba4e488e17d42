"""Extended security updates: who gets them, and what is said of an update to those who do not (semantics 3.11)."""

import msgspec
import pytest

from kbgap.core.assess import assess
from kbgap.core.entitlement import entitlement_of, needs_esu
from kbgap.core.explain import explain, settle
from kbgap.core.gap import gap_of
from kbgap.core.install import install_set
from kbgap.core.model import Entitlement, Evidence, Fixes, Level, SoftwareState, Track, UpdateList
from kbgap.core.project import project
from kbgap.core.verdicts import (
    EntitlementUnknown,
    IsCovered,
    IsInstalled,
    IsMissing,
    IsNotEntitled,
    IsUnknown,
    ListIncomplete,
    Verdict,
)
from tests.core.given import LINE, WINDOWS, cumulative, fixes, line, listed, release, reported, state

FREE_UNTIL = "2025-10-14"
ENTITLED, NOT, UNKNOWN = Entitlement.ENTITLED, Entitlement.NOT_ENTITLED, Entitlement.UNKNOWN
OCTOBER = cumulative("5066791", 6456, published="2025-10-14")
NOVEMBER = cumulative("5068781", 6575, published="2025-11-11")
DECEMBER = cumulative("5071546", 6691, published="2025-12-09")


def with_end(published: Fixes) -> Fixes:
    """The same fixes of a product that everybody got updates for until that day."""
    return {key: msgspec.structs.replace(one, free_until=FREE_UNTIL) for key, one in published.items()}


WINDOWS_10 = with_end(fixes([OCTOBER, NOVEMBER, DECEMBER]))


def a_machine(ubr: int, entitlement: Entitlement) -> SoftwareState:
    """Windows 10 at that revision."""
    return msgspec.structs.replace(state(reported(ubr)), entitlement=entitlement)


def verdicts(machine: SoftwareState, published: Fixes = WINDOWS_10) -> dict[str, Verdict]:
    """Verdict by KB."""
    return {finding.kb: finding.verdict for finding in assess(machine, published)}


def test_the_last_day_itself_is_free() -> None:
    """What came on it is for everybody, and so is what Microsoft gives no day for."""
    undated = msgspec.structs.replace(OCTOBER, published="")

    assert [needs_esu(WINDOWS_10[WINDOWS], update) for update in (OCTOBER, NOVEMBER, undated)] == [False, True, False]
    assert not needs_esu(fixes([NOVEMBER])[WINDOWS], NOVEMBER)


def test_an_entitled_machine_misses_them_like_any_other() -> None:
    """That is also what counts where nobody tells, unless the settings say otherwise."""
    found = verdicts(a_machine(6000, ENTITLED))

    assert all(isinstance(verdict, IsMissing) for verdict in found.values())


def test_to_a_machine_without_they_are_not_missing() -> None:
    """The last free one is, and the others are an answer of their own; their CVEs are open all the same."""
    found = {finding.kb: finding for finding in assess(a_machine(6000, NOT), WINDOWS_10)}

    assert isinstance(found["5066791"].verdict, IsMissing)
    assert found["5068781"].verdict == IsNotEntitled(free_until=FREE_UNTIL)
    assert found["5068781"].open_cves == ("CVE-2020-8781",)
    assert found["5068781"].products == (WINDOWS,)


def test_what_is_there_is_there() -> None:
    """A machine that was entitled once keeps what it got."""
    found = verdicts(a_machine(6575, NOT))

    assert isinstance(found["5066791"], IsCovered)
    assert isinstance(found["5068781"], IsInstalled)
    assert isinstance(found["5071546"], IsNotEntitled)


def test_where_nobody_knows_it_is_unknown() -> None:
    """With what would settle it; what is free is missing still."""
    found = verdicts(a_machine(6000, UNKNOWN))

    assert isinstance(found["5066791"], IsMissing)
    assert found["5068781"] == IsUnknown(reason=EntitlementUnknown(free_until=FREE_UNTIL))
    assert settle(EntitlementUnknown(free_until=FREE_UNTIL)).startswith("send os.esu")


def test_another_doubt_comes_first() -> None:
    """A cut list does not say whether the update is there, and that is what has to be settled first."""
    published = with_end(fixes([msgspec.structs.replace(listed("5068781"), published="2025-11-11")]))
    machine = msgspec.structs.replace(state(complete=False), entitlement=UNKNOWN)

    assert verdicts(machine, published) == {"5068781": IsUnknown(reason=ListIncomplete())}


def test_a_cut_list_makes_nothing_unknown_that_the_machine_does_not_get() -> None:
    """Whether it is there or not, there is nothing to install; that its CVEs are open is not claimed."""
    published = with_end(fixes([msgspec.structs.replace(listed("5068781"), published="2025-11-11")]))
    machine = msgspec.structs.replace(state(complete=False), entitlement=NOT)

    (finding,) = assess(machine, published)

    assert isinstance(finding.verdict, IsNotEntitled)
    assert finding.open_cves == ()


@pytest.mark.parametrize(("entitlement", "chosen"), [(ENTITLED, "5071546"), (NOT, "5066791"), (UNKNOWN, "5066791")])
def test_only_what_the_machine_gets_is_to_be_installed(entitlement: Entitlement, chosen: str) -> None:
    """Windows Update offers the newest that the machine is entitled to."""
    assert install_set([a_machine(6000, entitlement)], WINDOWS_10) == (chosen,)


def test_sentences_name_the_last_free_day() -> None:
    """In words for people, whether it is refused or not known."""
    assert explain("5068781", IsNotEntitled(free_until=FREE_UNTIL)) == (
        "after 2025-10-14 updates need extended security updates (ESU), and so does KB5068781, "
        "which the machine does not get"
    )
    assert explain("5068781", IsUnknown(reason=EntitlementUnknown(free_until=FREE_UNTIL))).endswith(
        "and it is not reported whether the machine gets them"
    )


def evidence(entitlement: Entitlement) -> Evidence:
    """Of one machine."""
    machine = a_machine(6000, entitlement)
    return Evidence(
        products=machine.products,
        updates=UpdateList(complete=True),
        track=Track.ROLLUP,
        level=machine.level,
        entitlement=entitlement,
    )


def test_the_gap_has_a_list_of_its_own() -> None:
    """Newest first, and nothing in two lists."""
    told = evidence(NOT)
    findings = {one.software: assess(one, WINDOWS_10) for one in project(told, WINDOWS_10)}

    gap = gap_of(findings, told, WINDOWS_10, "windows_10")

    assert [update.kb for update in gap.missing] == ["5066791"]
    assert [update.kb for update in gap.withheld] == ["5071546", "5068781"]
    assert gap.unknown == ()


def test_machines_whose_updates_are_free_share_their_state() -> None:
    """What they are entitled to changes no verdict, so it does not tell them apart."""
    free = fixes([OCTOBER])

    assert project(evidence(NOT), free) == project(evidence(ENTITLED), free)
    assert project(evidence(NOT), WINDOWS_10) != project(evidence(ENTITLED), WINDOWS_10)


TABLE = line(
    release("5066791", 6456, date="2025-10-14"),
    release("5071959", 6466, kind="cumulative", date=""),  # for everybody: without it some could not enroll
    release("5068781", 6575, date="2025-11-11"),
)
ROLLUPS = line(
    release("4534310", 0, kind="rollup", date="2025-10-14"),
    release("4537820", 0, kind="rollup", date="2025-11-11"),
    cumulative=False,
)


@pytest.mark.parametrize(
    ("declared", "level", "expected"),
    [
        (True, reported(6456), ENTITLED),
        (False, reported(6575), NOT),
        (None, reported(6575), ENTITLED),
        (None, reported(6600), ENTITLED),
        (None, reported(6466), UNKNOWN),
        (None, None, UNKNOWN),
    ],
)
def test_what_is_told_goes_before_what_is_seen(
    declared: bool | None,
    level: Level | None,
    expected: Entitlement,
) -> None:
    """A machine that has an update which needs them has them, as far as it does not say otherwise."""
    assert entitlement_of(declared, FREE_UNTIL, TABLE, level, frozenset({"5068781"}), UNKNOWN) is expected


def test_before_windows_10_the_list_shows_it() -> None:
    """There the build says nothing of what is installed."""
    assert TABLE.id == LINE
    assert entitlement_of(None, FREE_UNTIL, ROLLUPS, None, frozenset({"4537820"}), NOT) is ENTITLED
    assert entitlement_of(None, FREE_UNTIL, ROLLUPS, None, frozenset({"4534310"}), NOT) is NOT


def test_where_updates_are_free_everybody_gets_them() -> None:
    """Whatever a report says."""
    assert entitlement_of(False, "", TABLE, None, frozenset(), NOT) is ENTITLED
