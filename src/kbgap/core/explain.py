"""Say in one sentence what decided a verdict, and what would settle an open one."""

from typing import assert_never

from kbgap.core.model import Basis, Level
from kbgap.core.verdicts import (
    AnotherMayClose,
    BuildBelow,
    BuildReached,
    BuildUnknown,
    Doubt,
    EntitlementUnknown,
    IsCovered,
    IsInstalled,
    IsMissing,
    IsNotEntitled,
    IsUnknown,
    Lacking,
    Listed,
    ListedBelow,
    ListedSuperseding,
    ListIncomplete,
    NeedsHistory,
    NotAmongPrograms,
    NotListed,
    PendingRestart,
    ProductUncertain,
    Proven,
    SupersededByBuild,
    Verdict,
    VersionBelow,
    VersionReached,
)
from kbgap.core.versions import version_text


def explain(kb: str, verdict: Verdict) -> str:
    """The evidence of a verdict on ``kb`` as one clause without a full stop, naming its source, build or chain."""
    match verdict:
        case IsInstalled(evidence=evidence):
            return proven(kb, evidence)
        case IsCovered(evidence=evidence, by=by):
            return f"KB{by} closes the same CVEs: {proven(by, evidence)}" if by else proven(kb, evidence)
        case IsMissing(evidence=evidence):
            return lacking(kb, evidence)
        case IsNotEntitled(free_until=free_until):
            return not_entitled(kb, free_until)
        case IsUnknown(reason=reason):
            return doubt(kb, reason)
        case _:
            assert_never(verdict)


def proven(kb: str, evidence: Proven) -> str:
    """Why an update counts as being there."""
    match evidence:
        case BuildReached(level=level, build=build) if level.build == build:
            return f"{_level(level)} is the one that KB{kb} brings"
        case BuildReached(level=level, build=build, source=source):
            return f"{_level(level)} is at or above {build.short}, {_brings(kb, source)}"
        case VersionReached(version=version, build=build) if version == build:
            return f"version {version_text(version)} is the one that KB{kb} brings"
        case VersionReached(version=version, build=build, source=source):
            return f"version {version_text(version)} is at or above {version_text(build)}, {_brings(kb, source)}"
        case Listed(by=by):
            return f"the update list names KB{by}" + ("" if by == kb else f", the part of KB{kb} for this product")
        case ListedSuperseding(by=by):
            return f"the update list names KB{by}, which supersedes KB{kb}"
        case SupersededByBuild(level=level, build=build):
            return f"{_level(level)} is at or above {build.short}, whose update supersedes KB{kb}"
        case _:
            assert_never(evidence)


def lacking(kb: str, evidence: Lacking) -> str:
    """Why an update counts as not being there."""
    match evidence:
        case BuildBelow(level=level, build=build, source=source):
            return f"{_level(level)} is below {build.short}, {_brings(kb, source)}"
        case VersionBelow(version=version, build=build, source=source):
            return f"version {version_text(version)} is below {version_text(build)}, {_brings(kb, source)}"
        case ListedBelow(level=level, build=build):
            return (
                f"KB{kb} is listed, but {_level(level)} is below its {build.short}: "
                "a restart is pending, or it was rolled back"
            )
        case NotListed():
            return f"the complete update list names neither KB{kb} nor anything that supersedes it"
        case PendingRestart():
            return f"KB{kb} waits for a restart"
        case _:
            assert_never(evidence)


def not_entitled(kb: str, free_until: str) -> str:
    """Why an update is not for the machine; ``free_until`` is an ISO day."""
    return f"{_needs_esu(kb, free_until)}, which the machine does not get"


def doubt(kb: str, reason: Doubt) -> str:
    """Why nothing certain can be said."""
    match reason:
        case ListIncomplete():
            return f"the update list may be cut: that it does not name KB{kb} proves nothing"
        case NeedsHistory():
            return f"KB{kb} leaves no trace in the build or in the usual update lists"
        case NotAmongPrograms():
            return f"KB{kb} is for a program, and the update lists that were sent never name those"
        case BuildUnknown(floor=floor, build=build):
            known = f"the update list proves only {floor.build.short}" if floor else "nothing else proves it"
            return f"the machine does not report its UBR, {known}; KB{kb} brings {build.short}"
        case ProductUncertain(doubt=text):
            return f"it is not certain that the machine has the product: {text} is not reported"
        case AnotherMayClose(kb=other):
            return f"KB{other}, of which nothing certain is known, would close the same CVEs"
        case EntitlementUnknown(free_until=free_until):
            return f"{_needs_esu(kb, free_until)}, and it is not reported whether the machine gets them"
        case _:
            assert_never(reason)


def settle(reason: Doubt) -> str:
    """What a report would have to say to decide it."""
    match reason:
        case BuildUnknown():
            return "send the UBR (the fourth part of the build), or a complete list of installed updates"
        case ListIncomplete() | AnotherMayClose():
            return "send a complete list of installed updates"
        case NeedsHistory() | NotAmongPrograms():
            return "send the complete update history"
        case ProductUncertain(doubt=text):
            return f"send {text}"
        case EntitlementUnknown():
            return "send os.esu, or tell it for all machines by the setting esu"
        case _:
            assert_never(reason)


def _needs_esu(kb: str, free_until: str) -> str:
    return f"after {free_until} updates need extended security updates (ESU), and so does KB{kb}"


def _level(level: Level) -> str:
    match level.basis:
        case Basis.REPORTED:
            return f"build {level.build.short}"
        case Basis.DERIVED:
            return f"build {level.build.short}, derived from the complete update list,"
        case Basis.FLOOR:
            return f"build {level.build.short}, proved by the update list,"
        case _:
            assert_never(level.basis)


def _brings(kb: str, source: str) -> str:
    if source.startswith("first later"):
        return f"the first later cumulative update, which contains KB{kb}"
    return f"which KB{kb} brings" + ("" if source in {"release table", "build table"} else f" ({source})")
