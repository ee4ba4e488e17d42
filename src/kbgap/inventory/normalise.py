"""Turn a report into evidence: which products, how far patched, which updates, and what is not known."""

from collections.abc import Mapping, Sequence

from kbgap.core.builds import Build
from kbgap.core.entitlement import entitlement_of
from kbgap.core.errors import Invalid, NotFound
from kbgap.core.levels import derive_level, track_of
from kbgap.core.model import Basis, Entitlement, Evidence, Installed, Level, Line, Product, UpdateList, Value
from kbgap.core.products import ProductIndex
from kbgap.inventory import dotnet
from kbgap.inventory.os_names import NameMarks, api_words, read_name
from kbgap.inventory.report import DotNet, OperatingSystem, Report, State
from kbgap.inventory.software import Found, SoftwareItem, recognise

ARCHITECTURES = ("x64", "x86", "arm64", "arm", "ia64")
NO_ARCHITECTURE = "the architecture"

# What these list never holds the updates of programs: Office, SQL Server and Exchange bring installers of their own.
_OF_WINDOWS_ALONE = frozenset({"qfe", "cbs", "dism"})
_ROLES = {"Client": "client", "Server": "server", "Server Core": "server"}


class MachineFacts(Value, frozen=True):
    """What people and the API see of a machine besides its evidence.

    ``os_platform`` and ``version`` are the API's words ("Windows10", "1909"; "Other"). ``products`` are the names of
    the Windows that it runs: one, or several where the architecture is not known. ``line`` is empty outside the
    catalogue.
    """

    os_platform: str
    version: str
    os_build: int
    build: str
    architecture: str
    products: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    line: str = ""


class Normalised(Value, frozen=True):
    """A machine that the catalogue covers; ``notes`` say what its report leaves open.

    ``software`` is its inventory: every program that it lists, recognised or not.
    """

    machine: MachineFacts
    evidence: Evidence
    notes: tuple[str, ...] = ()
    software: tuple[SoftwareItem, ...] = ()


class Outside(Value, frozen=True):
    """A machine that no update of the catalogue is for: not the same as one that misses nothing (semantics 3.9)."""

    machine: MachineFacts
    reason: str


def normalise(
    report: Report,
    index: ProductIndex,
    lines: Mapping[str, Line],
    untold: Entitlement = Entitlement.ENTITLED,
) -> Normalised | Outside:
    """What a report proves about one machine, against the products and lines of one catalogue.

    ``untold``: what counts for a machine of which nothing says whether it gets extended security updates.

    Raises:
        Invalid: the report contradicts itself: name, build, installation type and architecture do not fit together.
    """
    marks = read_name(report.os.name)
    number = int(report.os.build.split(".")[2])
    role = _role(report.os, marks)
    architecture = _architecture(report.os, marks)
    platform, version = api_words(role, number)
    facts = MachineFacts(
        os_platform=platform, version=version, os_build=number, build=report.os.build, architecture=architecture
    )
    if not role:
        return Outside(machine=facts, reason=f"no update of this catalogue is for {report.os.name}")
    _check_name(report.os, marks, number, version)
    core = marks.core or report.os.installation_type == "Server Core"
    try:
        windows = _windows(index, role, number, architecture, core)
        line = lines[index.line_of(role, number).id]
    except NotFound as error:
        return Outside(machine=facts, reason=error.what)
    _check_prefix(report.os, line, number)
    return _normalised(report, windows, line, index, facts, untold)


# --- which Windows ------------------------------------------------------------------------------------------------


def _role(os: OperatingSystem, marks: NameMarks) -> str:
    """Client or server, from the name or what was installed; empty for a name that the catalogue cannot cover."""
    installed = _ROLES.get(os.installation_type or "", "")
    if marks.family is None:
        return installed if "windows" in os.name.casefold() else ""
    if installed and marks.family.role and installed != marks.family.role:
        raise _contradiction("os.installationType", f"{os.installation_type}, but os.name is {os.name}")
    return marks.family.role


def _architecture(os: OperatingSystem, marks: NameMarks) -> str:
    if os.architecture and marks.architecture and os.architecture != marks.architecture:
        raise _contradiction("os.architecture", f"{os.architecture}, but os.name is {os.name}")
    return os.architecture or marks.architecture


def _check_name(os: OperatingSystem, marks: NameMarks, number: int, version: str) -> None:
    """The build decides which release it is; a name that cannot be of that release is an error of the report."""
    if marks.family is not None and not marks.family.can_be(number):
        raise _contradiction("os.build", f"{os.build}, which no {os.name} has")
    if marks.version and version != "Other" and marks.version != version.casefold():
        raise _contradiction("os.build", f"{os.build}, which is version {version}, but os.name is {os.name}")


def _check_prefix(os: OperatingSystem, line: Line, number: int) -> None:
    head, expected = os.build.split(".")[:2], line.prefix.split(".")[:2]
    if head != expected:
        raise _contradiction("os.build", f"{os.build}, but Windows with {number} is {'.'.join(expected)}.{number}")


def _contradiction(member: str, what: str) -> Invalid:
    return Invalid(
        f"the report contradicts itself: {member} is {what}", where=f"$.{member}", mend="correct one of them"
    )


def _windows(index: ProductIndex, role: str, number: int, architecture: str, core: bool) -> list[Product]:  # noqa: FBT001 - as the index has it
    """The one product of this Windows, or one per architecture where that is not known."""
    if architecture:
        return [index.windows(role, number, architecture, core)]
    found = []
    for candidate in ARCHITECTURES:
        try:
            found.append(index.windows(role, number, candidate, core))
        except NotFound:
            continue
    # Nothing at all: the index says why.
    return found or [index.windows(role, number, "", core)]


# --- what it has --------------------------------------------------------------------------------------------------


def _normalised(
    report: Report,
    windows: Sequence[Product],
    line: Line,
    index: ProductIndex,
    facts: MachineFacts,
    untold: Entitlement,
) -> Normalised:
    architecture = facts.architecture or (windows[0].architecture if len(windows) == 1 else "")
    found = recognise(report.software or (), index, architecture)
    updates = _updates(report, found.kbs)
    products, notes = _products(report, windows, index, found)
    is_released = index.is_released(windows[0].role, facts.os_build)
    if not is_released:
        notes.append(f"build {facts.os_build} was never released: it is judged as {windows[0].name}, by its list only")
    level = _level(report.os, line, updates) if is_released else None
    free_until = windows[0].free_until
    evidence = Evidence(
        products=products,
        updates=updates,
        track=track_of(line, updates.installed, hotpatch=report.os.hotpatch is True),
        level=level,
        entitlement=entitlement_of(report.os.esu, free_until, line, level, updates.installed, untold),
    )
    machine = MachineFacts(
        os_platform=facts.os_platform,
        version=facts.version,
        os_build=facts.os_build,
        build=facts.build,
        architecture=architecture,
        products=tuple(product.name for product in windows),
        product_ids=tuple(product.id for product in windows),
        line=line.id,
    )
    return Normalised(machine=machine, evidence=evidence, notes=tuple(notes), software=found.items)


def _products(
    report: Report, windows: Sequence[Product], index: ProductIndex, found: Found
) -> tuple[tuple[Installed, ...], list[str]]:
    """Windows itself, its components and the programs; none is left out that may be there."""
    installed, notes = [], list(found.notes)
    doubt = NO_ARCHITECTURE if len(windows) > 1 else ""
    profiles = report.dotnet or ()
    for platform in windows:
        components = index.components(platform.id)
        installed.append(Installed(product=platform.id, software=platform.software, doubt=doubt))
        for product in components:
            presence = "" if product.component in found.components else _presence(product, profiles)
            if presence is not None:
                installed.append(Installed(product=product.id, software=product.software, doubt=doubt or presence))
        if version := dotnet.unserved(components, profiles):
            notes.append(f"no update of this catalogue is for .NET Framework {version} on {platform.name}")
    return (*installed, *found.installed), notes


def _presence(product: Product, profiles: Sequence[DotNet]) -> str | None:
    if product.component == dotnet.COMPONENT:
        return dotnet.presence(product, profiles)
    return "" if product.in_box else None


def _updates(report: Report, shown: frozenset[str]) -> UpdateList:
    """The list that can be relied on: what is reported both ways counts as not installed, for it may not be.

    ``shown``: KBs of which the list of software has an entry.
    """
    by_state: dict[State, set[str]] = {state: set() for state in State}
    for update in report.installed_updates or ():
        by_state[update.state].add(update.kb)
    installed, gone = by_state[State.INSTALLED] | shown, by_state[State.UNINSTALLED]
    pending = by_state[State.PENDING] | (installed & gone)
    listed = report.update_list
    sources = {source.casefold() for source in listed.sources} if listed is not None else set()
    return UpdateList(
        installed=frozenset(installed - pending),
        pending=frozenset(pending),
        # Without any list nothing is complete, whatever the report says.
        complete=listed is not None and listed.complete and report.installed_updates is not None,
        history="history" in sources,
        # A list of unnamed origin is taken at its word.
        applications=not sources or not sources <= _OF_WINDOWS_ALONE,
    )


def _level(os: OperatingSystem, line: Line, updates: UpdateList) -> Level | None:
    """The reported build where it has its UBR, else what the list proves (semantics 3.3b).

    On lines before Windows 10 the build says nothing of what is installed. A UBR of 0 is what programs print that do
    not know it.
    """
    major, minor, number, *ubr = (int(part) for part in os.build.split("."))
    if line.cumulative and ubr and ubr[0] > 0:
        return Level(build=Build(major, minor, number, ubr[0]), basis=Basis.REPORTED)
    return derive_level(line, updates.installed, complete=updates.complete)
