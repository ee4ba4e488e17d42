"""Verdicts on one software state (semantics 3.4 and 3.5)."""

import msgspec
import pytest

from kbgap.core.assess import assess
from kbgap.core.model import Basis, Fixes, Kind, Level, SoftwareState, Track
from kbgap.core.verdicts import (
    AnotherMayClose,
    BuildUnknown,
    IsCovered,
    IsInstalled,
    IsMissing,
    IsUnknown,
    ListIncomplete,
    ProductUncertain,
    Verdict,
)
from tests.core.given import build, cumulative, fixes, listed, marked, reported, state

FEBRUARY, MARCH, SMB = cumulative("4532693", 657), cumulative("4540673", 719), cumulative("4551762", 720)
WINDOWS_10 = fixes([FEBRUARY, MARCH, SMB])
ROLLUP, SECURITY_ONLY = listed("4012216", Kind.ROLLUP), listed("4012213", Kind.SECURITY_ONLY)
EITHER = fixes([ROLLUP, SECURITY_ONLY], [("CVE-2017-0143", ["4012216", "4012213"])])
CUMULATIVE, HOTPATCH = cumulative("5063878", 752), marked("5064010", 730, 752)
PATCHED_HOT = fixes([CUMULATIVE, HOTPATCH], [("CVE-2025-1", ["5063878", "5064010"]), ("CVE-2025-2", ["5063878"])])


def verdicts(machine: SoftwareState, published: Fixes) -> dict[str, Verdict]:
    """Verdict by KB."""
    return {finding.kb: finding.verdict for finding in assess(machine, published)}


def missing(machine: SoftwareState, published: Fixes) -> list[str]:
    """The missing KBs."""
    return [kb for kb, verdict in verdicts(machine, published).items() if isinstance(verdict, IsMissing)]


def test_older_superseded_updates_are_missing_too() -> None:
    """The API counts every KB whose fix is open, not only the newest (semantics 3.6)."""
    assert missing(state(reported(600)), WINDOWS_10) == ["4532693", "4540673", "4551762"]


def test_one_revision_below_misses_only_the_next_update() -> None:
    """18363.719 misses 4551762 (CVE-2020-0796) alone."""
    found = verdicts(state(reported(719)), WINDOWS_10)

    assert isinstance(found["4551762"], IsMissing)
    assert isinstance(found["4540673"], IsInstalled)
    assert isinstance(found["4532693"], IsCovered)


def test_alternatives_close_a_cve_whichever_is_there() -> None:
    """Rows of one pair on different tracks are alternatives (semantics 3.4)."""
    found = verdicts(state(installed=["4012213"], track=Track.SECURITY_ONLY), EITHER)

    assert isinstance(found["4012213"], IsInstalled)
    assert found["4012216"] == IsCovered(evidence=found["4012213"].evidence, by="4012213")


def test_only_the_followed_track_is_offered() -> None:
    """One of the two would otherwise always be missing (semantics 4, Rollup and security-only)."""
    assert missing(state(), EITHER) == ["4012216"]
    assert missing(state(track=Track.SECURITY_ONLY), EITHER) == ["4012213"]


def test_a_rollup_machine_is_not_told_to_install_the_ie_update() -> None:
    """5066840 stands beside rollup 5066873."""
    both = fixes(
        [listed("5066873", Kind.ROLLUP), listed("5066840", Kind.IE_CUMULATIVE)], [("CVE-1", ["5066873", "5066840"])]
    )

    assert missing(state(), both) == ["5066873"]


def test_an_update_that_is_the_only_way_is_offered_on_any_track() -> None:
    """A hole in Microsoft's data must not hide an open CVE."""
    assert missing(state(), fixes([SECURITY_ONLY])) == ["4012213"]


def test_a_hotpatch_is_never_offered_to_a_machine_that_is_not_enrolled() -> None:
    """25H2 at the May 2026 rollup must not be told to take the hotpatch."""
    assert missing(state(reported(719)), PATCHED_HOT) == ["5063878"]
    assert missing(state(reported(719)), fixes([HOTPATCH])) == []


def test_an_enrolled_machine_is_offered_the_hotpatch_and_what_it_leaves_open() -> None:
    """The hotpatch closes what it names; the rest still needs the cumulative update."""
    assert missing(state(reported(719), track=Track.HOTPATCH), PATCHED_HOT) == ["5063878", "5064010"]
    assert missing(state(reported(730), track=Track.HOTPATCH), PATCHED_HOT) == ["5063878"]
    assert missing(state(reported(752), track=Track.HOTPATCH), PATCHED_HOT) == []


def test_unknown_evidence_is_unknown_with_its_reason() -> None:
    """Never a guess."""
    floor = Level(build=build(657), basis=Basis.FLOOR)
    found = verdicts(state(floor, complete=False), WINDOWS_10)

    assert found["4540673"] == IsUnknown(reason=BuildUnknown(floor=floor, build=build(719)))
    assert verdicts(state(complete=False), EITHER) == {"4012216": IsUnknown(reason=ListIncomplete())}


def test_an_uncertain_product_makes_its_updates_unknown_not_missing() -> None:
    """.NET beyond the in-box version without the release key (semantics 3.1)."""
    found = verdicts(state(doubt="the release key is not reported"), fixes([listed("5066131")]))

    assert isinstance(found["5066131"], IsUnknown)
    assert isinstance(found["5066131"].reason, ProductUncertain)


def test_an_absent_update_is_unknown_while_another_may_have_closed_its_cve() -> None:
    """The pair is open only when every alternative is surely absent."""
    pair = fixes([MARCH, listed("5074204", Kind.SECURITY)], [("CVE-1", ["4540673", "5074204"])])
    found = verdicts(state(reported(657), complete=False), pair)

    assert found["4540673"] == IsUnknown(reason=AnotherMayClose(kb="5074204"))


@pytest.mark.parametrize("installed", [[], ["1"], ["2"]])
def test_a_fix_in_two_parts_needs_both(installed: list[str]) -> None:
    """322 pairs of Office and SharePoint parts need all their updates (semantics 3.4)."""
    published = fixes([listed("1"), listed("2")], [("CVE-1", ["1", "2"])])["11713"]
    closing = msgspec.structs.replace(published.closings[0], needs_all=True)
    both = {"11713": msgspec.structs.replace(published, closings=(closing,))}

    assert missing(state(installed=installed), both) == [kb for kb in ("1", "2") if kb not in installed]


def test_open_cves_are_listed_with_the_finding() -> None:
    """People ask which CVEs stay open, not only how many."""
    (finding,) = assess(state(), EITHER)

    assert finding.open_cves == ("CVE-2017-0143",)
    assert finding.products == ("11713",)
