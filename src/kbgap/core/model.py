"""The values that judging reads and gives: products, updates, machines' evidence, verdicts."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from kbgap.core.builds import Build


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all values here: never changed after it is built."""


# --- what Microsoft publishes ------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What Microsoft calls an update (SubType), after its many spellings are folded together."""

    SECURITY = "security"
    ROLLUP = "rollup"
    PREVIEW_ROLLUP = "preview-rollup"
    SECURITY_ONLY = "security-only"
    IE_CUMULATIVE = "ie-cumulative"
    HOTPATCH = "hotpatch"
    STANDALONE = "standalone"
    SERVICING_STACK = "servicing-stack"
    SETUP = "setup"
    OTHER = "other"


class ByBuild(Value, frozen=True, tag="build"):
    """Proved by the machine's build: an operating-system cumulative update (semantics 3.3a)."""

    build: Build
    source: str  # "release table", "FixedBuild", "later update"


class ByMark(Value, frozen=True, tag="mark"):
    """Proved by one exact build, or by the first cumulative update at or above it (semantics 3.3c).

    ``equal`` says whether standing exactly on ``build`` proves it (hotpatch, servicing stack) and ``listed`` whether
    its KB in the update list does (servicing stack, standalone): a standalone fix carries the build of the hotpatch
    it sits on, so that build proves nothing about it.
    """

    build: Build
    reached: Build | None
    equal: bool
    listed: bool


class ByList(Value, frozen=True, tag="list"):
    """Proved only by the list of installed updates (semantics 3.3e).

    ``covered_by`` is every KB that supersedes this one through any number of steps; ``reached`` is the lowest build of
    a cumulative update among them. ``history_only`` marks updates that the usual lists leave out (semantics 3.8).
    """

    children: frozenset[str] = frozenset()
    covered_by: frozenset[str] = frozenset()
    reached: Build | None = None
    history_only: bool = False


Proof = ByBuild | ByMark | ByList


class Update(Value, frozen=True):
    """One KB for one product: how it is proved, and since when Microsoft names it (ISO date, may be empty)."""

    kb: str
    kind: Kind
    proof: Proof
    published: str


class Flaw(Value, frozen=True):
    """One CVE of a product and the day of its first release (ISO date, may be empty)."""

    cve: str
    published: str


class Closing(Value, frozen=True):
    """CVEs of one product that the same updates close: any one of them, or all where the fix has several parts."""

    updates: tuple[int, ...]
    flaws: tuple[int, ...]
    needs_all: bool = False


class ProductFixes(Value, frozen=True):
    """Every valid fix row of one product, compiled: CVEs by the updates that close them (semantics 3.2, 3.4)."""

    product: str
    software: str
    line: str
    updates: tuple[Update, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    closings: tuple[Closing, ...] = ()


class Release(Value, frozen=True):
    """Which KB brings which build on a line, when, and who says so (the release table, or FixedBuild for later KBs)."""

    kb: str
    kind: str
    build: Build | None = None
    date: str = ""
    source: str = "release table"


class Line(Value, frozen=True):
    """One Windows release whose builds compare, with its release table in chronological order.

    ``cumulative`` is true where each update contains all earlier ones and the build decides (Windows 10 and later).
    """

    id: str
    prefix: str
    cumulative: bool
    first: Build | None = None
    releases: tuple[Release, ...] = ()


class Product(Value, frozen=True):
    """What MSRC issues updates for, with what its name says (data/products.toml).

    ``software`` is the product part of a software id; ``platform`` the product id of the Windows it runs on, its own id
    for Windows itself, empty for anything else. ``component`` names the kind of component ("" for Windows itself),
    ``versions`` the versions that the name lists (.NET: "3.5", "4.8"), and ``in_box`` whether the component is there
    unless a report says otherwise (semantics 3.1).
    """

    id: str
    name: str
    software: str
    line: str = ""
    role: str = ""
    architecture: str = ""
    core: bool = False
    platform: str = ""
    component: str = ""
    versions: tuple[str, ...] = ()
    in_box: bool = False


# --- what a machine reports ---------------------------------------------------------------------------------------


class Basis(StrEnum):
    """How a machine's build is known."""

    REPORTED = "reported"
    DERIVED = "derived"
    FLOOR = "floor"


class Level(Value, frozen=True):
    """How far a machine is patched on its line: reported, derived from a complete list, or at least this far."""

    build: Build
    basis: Basis


class Track(StrEnum):
    """Which of the parallel ways to the same fixes a machine follows (semantics 3.5)."""

    ROLLUP = "rollup"
    SECURITY_ONLY = "security-only"
    HOTPATCH = "hotpatch"


class Installed(Value, frozen=True):
    """One product on a machine; ``doubt`` says why its presence is not certain, empty when it is."""

    product: str
    software: str
    doubt: str = ""


class UpdateList(Value, frozen=True):
    """The KBs that a machine lists: what is installed, what waits for a restart, and how much the list can prove.

    ``complete``: what is absent is not installed. ``history``: it also names updates that the usual lists leave out.
    """

    installed: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    complete: bool = False
    history: bool = False


class Evidence(Value, frozen=True):
    """All that is known of one machine for judging, after normalising."""

    products: tuple[Installed, ...]
    updates: UpdateList
    track: Track
    level: Level | None = None


class SoftwareState(Value, frozen=True):
    """Everything that judging one software on a machine reads, and nothing else; shared by all machines alike."""

    software: str
    products: tuple[Installed, ...]
    track: Track
    level: Level | None = None
    installed: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    complete: bool = False
    history: bool = False


# --- verdicts and what decided them ---------------------------------------------------------------------------------


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


Proven = BuildReached | Listed | ListedSuperseding | SupersededByBuild
Lacking = BuildBelow | ListedBelow | NotListed | PendingRestart
Doubt = ListIncomplete | NeedsHistory | BuildUnknown | ProductUncertain | AnotherMayClose


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


class IsUnknown(Value, frozen=True, tag="unknown"):
    """Evidence is lacking; the reason says what would settle it."""

    reason: Doubt


Verdict = IsInstalled | IsCovered | IsMissing | IsUnknown


class Finding(Value, frozen=True):
    """One KB on one software state: the verdict, and the products of the state that its open or judged rows name."""

    kb: str
    verdict: Verdict
    products: tuple[str, ...]
    open_cves: tuple[str, ...] = ()


Fixes = Mapping[str, ProductFixes]
