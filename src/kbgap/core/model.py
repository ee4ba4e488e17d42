"""The values that judging reads: products, updates and how they are proved, machines' evidence and states."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from kbgap.core.builds import Build
from kbgap.core.versions import Branch, Version


class Value(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all values here: never changed after it is built.

    ``gc=False``: so none can be part of a cycle, and the collector, which took a tenth of the time of taking in
    reports, need not look at them.
    """


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
    """Proved by the machine's build: an operating-system cumulative update (semantics 3.3a).

    ``above`` is set where nobody tells the update's own build, and ``build`` is that of the first later one, which
    contains it: the newest build from before it came. On a machine between the two, its list is believed.
    """

    build: Build
    source: str  # "release table", "FixedBuild", "first later cumulative update"
    above: Build | None = None


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
    a cumulative update among them. ``history_only`` marks updates that the usual lists leave out (semantics 3.8), and
    ``application`` those of programs that Windows' own servicing does not know.
    """

    children: frozenset[str] = frozenset()
    covered_by: frozenset[str] = frozenset()
    reached: Build | None = None
    history_only: bool = False
    application: bool = False


class ByVersion(Value, frozen=True, tag="version"):
    """Proved by the version of a program on the update's branch; else as ``listing`` says (semantics 3.3d).

    ``whole``: every update of the branch contains all earlier ones, so that a version below ``build`` lacks it. Without
    it the program has parts with updates of their own, and a version below proves nothing.
    """

    build: Version
    whole: bool
    source: str  # "build table", "FixedBuild"
    listing: ByList


Proof = ByBuild | ByMark | ByList | ByVersion


class Update(Value, frozen=True):
    """One KB for one product: how it is proved, and since when Microsoft names it (ISO date, may be empty)."""

    kb: str
    kind: Kind
    proof: Proof
    published: str


class Flaw(Value, frozen=True):
    """One CVE or advisory of a product and the day of its first release (ISO date, may be empty)."""

    cve: str
    published: str


class Closing(Value, frozen=True):
    """CVEs of one product that the same updates close: any one of them, or all where the fix has several parts.

    ``updates`` and ``flaws`` are positions in the product's own lists. ``advisory``: the flaws are advisories (ADV...),
    which never make a KB missing (semantics 3.6), though Windows Update offers what closes them.
    """

    updates: tuple[int, ...]
    flaws: tuple[int, ...]
    needs_all: bool = False
    advisory: bool = False


class ProductFixes(Value, frozen=True):
    """Every valid fix row of one product, compiled: CVEs by the updates that close them (semantics 3.2, 3.4).

    ``free_until`` as in ``Product``.
    """

    product: str
    software: str
    line: str
    free_until: str = ""
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
    ``also`` holds further build numbers that its machines report (6002 for 6003, which Windows Server 2008 became).
    """

    id: str
    prefix: str
    cumulative: bool
    first: Build | None = None
    releases: tuple[Release, ...] = ()
    also: tuple[int, ...] = ()


class Servicing(StrEnum):
    """How an update of a product shows on a machine (data/products_applications.toml)."""

    OS = "os"
    VERSION = "version"
    PARTS = "parts"
    LIST = "list"
    CLICK_TO_RUN = "click-to-run"
    VERSION_ONLY = "version-only"

    @property
    def by_kb(self) -> bool:
        """Whether it is brought up to date by KBs; if not, no KB can be missing for it."""
        return self not in {Servicing.CLICK_TO_RUN, Servicing.VERSION_ONLY}


class Product(Value, frozen=True):
    """What MSRC issues updates for, with what its name says (data/products*.toml).

    ``software`` is the product part of a software id; ``platform`` the product id of the Windows it runs on, its own id
    for Windows itself, empty for anything else. ``component`` names the kind of component ("" for Windows itself),
    ``versions`` the versions that the name lists (.NET: "3.5", "4.8"), and ``in_box`` whether the component is there
    unless a report says otherwise (semantics 3.1). ``aliases`` are the other names that Microsoft has given it.
    ``branch`` holds the versions that its updates are for, None where the version does not tell; ``system`` is set for
    what does not run on Windows. Without a ``software`` it is on no machine, and ``reason`` says why. After the day
    ``free_until`` (ISO) its updates are for machines with extended security updates only; empty where that is not so.
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
    aliases: tuple[str, ...] = ()
    servicing: Servicing = Servicing.OS
    branch: Branch | None = None
    system: str = ""
    reason: str = ""
    free_until: str = ""


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


class Entitlement(StrEnum):
    """Whether a machine gets extended security updates (ESU); of an unknown one nobody knows."""

    ENTITLED = "entitled"
    NOT_ENTITLED = "not-entitled"
    UNKNOWN = "unknown"


class Installed(Value, frozen=True):
    """One product on a machine; ``doubt`` names the unreported fact that would make its presence certain, if any.

    ``version`` is empty where it is not known or not read. ``floor``: it is what was installed first, which updates
    leave as it is, so the true version is that or any later one of the branch.
    """

    product: str
    software: str
    doubt: str = ""
    version: Version = ()
    floor: bool = False


class UpdateList(Value, frozen=True):
    """The KBs that a machine lists: what is installed, what waits for a restart, and how much the list can prove.

    ``complete``: what is absent is not installed. ``history``: it also names updates that the usual lists leave out,
    and ``applications`` those of programs, which no list of Windows' own servicing does (qfe, cbs).
    """

    installed: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    complete: bool = False
    history: bool = False
    applications: bool = False


class Evidence(Value, frozen=True):
    """All that is known of one machine for judging, after normalising."""

    products: tuple[Installed, ...]
    updates: UpdateList
    track: Track
    level: Level | None = None
    entitlement: Entitlement = Entitlement.ENTITLED


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
    applications: bool = False
    entitlement: Entitlement = Entitlement.ENTITLED


Fixes = Mapping[str, ProductFixes]
