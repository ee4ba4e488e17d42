"""Every verdict is explained in one sentence that names its source, build or chain."""

import pytest

from kbgap.core.explain import explain, settle
from kbgap.core.model import Basis, Level
from kbgap.core.verdicts import (
    AnotherMayClose,
    BuildBelow,
    BuildReached,
    BuildUnknown,
    Doubt,
    IsCovered,
    IsInstalled,
    IsMissing,
    IsUnknown,
    Listed,
    ListedBelow,
    ListedSuperseding,
    ListIncomplete,
    NeedsHistory,
    NotListed,
    PendingRestart,
    ProductUncertain,
    SupersededByBuild,
    Verdict,
)
from tests.core.given import build, reported

TABLE = "release table"
DERIVED = Level(build=build(657), basis=Basis.DERIVED)
FLOOR = Level(build=build(657), basis=Basis.FLOOR)

SENTENCES: list[tuple[Verdict, str]] = [
    (
        IsMissing(evidence=BuildBelow(level=reported(719), build=build(720), source=TABLE)),
        "build 18363.719 is below 18363.720, which KB4551762 brings",
    ),
    (
        IsMissing(evidence=BuildBelow(level=DERIVED, build=build(720), source="FixedBuild")),
        (
            "build 18363.657, derived from the complete update list, is below 18363.720, "
            "which KB4551762 brings (FixedBuild)"
        ),
    ),
    (
        IsMissing(evidence=ListedBelow(level=reported(657), build=build(720), source=TABLE)),
        "KB4551762 is listed, but build 18363.657 is below its 18363.720: a restart is pending, or it was rolled back",
    ),
    (
        IsMissing(evidence=NotListed()),
        "the complete update list names neither KB4551762 nor anything that supersedes it",
    ),
    (IsMissing(evidence=PendingRestart()), "KB4551762 waits for a restart"),
    (
        IsInstalled(evidence=BuildReached(level=reported(720), build=build(720), source=TABLE)),
        "build 18363.720 is the one that KB4551762 brings",
    ),
    (
        IsCovered(evidence=BuildReached(level=reported(752), build=build(720), source="first later cumulative update")),
        "build 18363.752 is at or above 18363.720, the first later cumulative update, which contains KB4551762",
    ),
    (
        IsCovered(evidence=ListedSuperseding(by="4549951")),
        "the update list names KB4549951, which supersedes KB4551762",
    ),
    (
        IsCovered(evidence=SupersededByBuild(level=FLOOR, build=build(600))),
        "build 18363.657, proved by the update list, is at or above 18363.600, whose update supersedes KB4551762",
    ),
    (
        IsCovered(evidence=Listed(by="4012213"), by="4012213"),
        "KB4012213 closes the same CVEs: the update list names KB4012213",
    ),
    (
        IsInstalled(evidence=Listed(by="5066140")),
        "the update list names KB5066140, the part of KB4551762 for this product",
    ),
    (
        IsUnknown(reason=ListIncomplete()),
        "the update list may be cut: that it does not name KB4551762 proves nothing",
    ),
    (
        IsUnknown(reason=NeedsHistory()),
        "KB4551762 leaves no trace in the build or in the usual update lists",
    ),
    (
        IsUnknown(reason=BuildUnknown(floor=FLOOR, build=build(720))),
        "the machine does not report its UBR, the update list proves only 18363.657; KB4551762 brings 18363.720",
    ),
    (
        IsUnknown(reason=BuildUnknown(floor=None, build=build(720))),
        "the machine does not report its UBR, nothing else proves it; KB4551762 brings 18363.720",
    ),
    (
        IsUnknown(reason=ProductUncertain(product="1", doubt="the .NET release key")),
        "it is not certain that the machine has the product: the .NET release key is not reported",
    ),
    (
        IsUnknown(reason=AnotherMayClose(kb="5074204")),
        "KB5074204, of which nothing certain is known, would close the same CVEs",
    ),
]


@pytest.mark.parametrize(("verdict", "sentence"), SENTENCES)
def test_a_verdict_is_explained(verdict: Verdict, sentence: str) -> None:
    """People read why, with the numbers that decided it."""
    assert explain("4551762", verdict) == sentence


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (
            BuildUnknown(floor=None, build=build(720)),
            "send the UBR (the fourth part of the build), or a complete list of installed updates",
        ),
        (ListIncomplete(), "send a complete list of installed updates"),
        (AnotherMayClose(kb="1"), "send a complete list of installed updates"),
        (NeedsHistory(), "send the complete update history"),
        (ProductUncertain(product="1", doubt="the .NET release key"), "send the .NET release key"),
    ],
)
def test_every_doubt_names_what_would_settle_it(reason: Doubt, remedy: str) -> None:
    """Unknown is an answer only with a way out."""
    assert settle(reason) == remedy
