"""The values that judging gives: verdicts, and the facts that decided them."""

from kbgap.core.builds import Build
from kbgap.core.model import Level, Value
from kbgap.core.versions import Version


class BuildReached(Value, frozen=True, tag="build-reached"):
    """The machine's build is at or above the update's."""

    level: Level
    build: Build
    source: str


class BuildBelow(Value, frozen=True, tag="build-below"):
    """The machine's build is below the update's."""

    level: Level
    build: Build
    source: str


class ListedBelow(Value, frozen=True, tag="listed-below"):
    """The KB is listed though the build is below its own: restart pending, or rolled back."""

    level: Level
    build: Build
    source: str


class VersionReached(Value, frozen=True, tag="version-reached"):
    """The program's version is at or above the update's, on the same branch."""

    version: Version
    build: Version
    source: str


class VersionBelow(Value, frozen=True, tag="version-below"):
    """The program's version is below the update's, on the same branch."""

    version: Version
    build: Version
    source: str


class Listed(Value, frozen=True, tag="listed"):
    """The update list names the KB itself (``by`` is the KB), or its child."""

    by: str


class ListedSuperseding(Value, frozen=True, tag="listed-superseding"):
    """The update list names a KB that supersedes this one."""

    by: str


class SupersededByBuild(Value, frozen=True, tag="superseded-by-build"):
    """A cumulative update that supersedes this one is reached by the machine's build."""

    level: Level
    build: Build


class NotListed(Value, frozen=True, tag="not-listed"):
    """A complete update list names neither the KB nor anything that supersedes it."""


class PendingRestart(Value, frozen=True, tag="pending-restart"):
    """The KB waits for a restart, which counts as not installed."""


class ListIncomplete(Value, frozen=True, tag="list-incomplete"):
    """The update list may be cut, so absence proves nothing."""


class NeedsHistory(Value, frozen=True, tag="needs-history"):
    """The update leaves no trace in the build or in the usual lists."""


class NotAmongPrograms(Value, frozen=True, tag="not-among-programs"):
    """The update lists that were sent never name updates of programs, so absence proves nothing."""


class BuildUnknown(Value, frozen=True, tag="build-unknown"):
    """The machine's build is not known, or only as a floor below the update's."""

    floor: Level | None
    build: Build


class ProductUncertain(Value, frozen=True, tag="product-uncertain"):
    """It is not known whether the machine has the product that the update is for."""

    product: str
    doubt: str


class AnotherMayClose(Value, frozen=True, tag="another-may-close"):
    """The update is absent, but another that closes the same CVEs may be installed."""

    kb: str


class EntitlementUnknown(Value, frozen=True, tag="entitlement-unknown"):
    """The update is absent and needs extended security updates, and nothing says whether the machine gets them."""

    free_until: str


Proven = BuildReached | VersionReached | Listed | ListedSuperseding | SupersededByBuild
Lacking = BuildBelow | VersionBelow | ListedBelow | NotListed | PendingRestart
Doubt = (
    ListIncomplete
    | NeedsHistory
    | NotAmongPrograms
    | BuildUnknown
    | ProductUncertain
    | AnotherMayClose
    | EntitlementUnknown
)


class IsInstalled(Value, frozen=True, tag="installed"):
    """The update itself is there."""

    evidence: Proven


class IsCovered(Value, frozen=True, tag="covered"):
    """The update is not needed: something newer or another track closed what it closes."""

    evidence: Proven
    by: str = ""  # the KB of the other track, when that is what closed it


class IsMissing(Value, frozen=True, tag="missing"):
    """A CVE that the update closes is open."""

    evidence: Lacking


class IsNotEntitled(Value, frozen=True, tag="not-entitled"):
    """The update needs extended security updates, which the machine does not get: it may be open, but is not missing.

    ``free_until``: the last day (ISO) on which everybody got the product's updates.
    """

    free_until: str


class IsUnknown(Value, frozen=True, tag="unknown"):
    """Evidence is lacking; the reason says what would settle it."""

    reason: Doubt


Verdict = IsInstalled | IsCovered | IsMissing | IsNotEntitled | IsUnknown


class Finding(Value, frozen=True):
    """One KB on one software state: the verdict, and the products of the state that its open or judged rows name.

    ``open_cves``: what a missing update, or one that the machine is not entitled to, would close.
    """

    kb: str
    verdict: Verdict
    products: tuple[str, ...]
    open_cves: tuple[str, ...] = ()
