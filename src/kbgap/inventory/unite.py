"""Make one report of all files that one machine wrote.

Files belong together when they lie in one folder and their names differ only in the ending that tells the command
(``ws-17_systeminfo.txt``, ``ws-17_qfe.txt``), and when they name the same machine inside; unless their names keep apart
two full descriptions of it, which are two states of one machine. The order of the files never matters for what the
report says.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

import msgspec

from kbgap.core.errors import Invalid
from kbgap.core.model import Value
from kbgap.inventory.partial import Partial
from kbgap.inventory.report import (
    SCHEMA,
    Machine,
    OperatingSystem,
    Report,
    ReportedList,
    ReportedUpdate,
    Software,
)

_ENDING = re.compile(r"(.+)_(?:systeminfo|qfe|updates|hotfix|hotfixes|computerinfo)", re.IGNORECASE)
_PACKED = re.compile(r"\.(?:gz|zst)$", re.IGNORECASE)
# Where two files name the system differently, the one that is right on Windows 11 too is taken.
_NAMING = ("systeminfo", "systeminfo /fo csv", "Get-ComputerInfo")
# NetBIOS cuts the name of a machine here.
_NETBIOS = 15


class Read(Value, frozen=True):
    """One machine's report, the file it comes from (the first of several), and what was set aside or is doubtful."""

    where: str
    report: Report
    notes: tuple[str, ...] = ()


class Piece(Value, frozen=True):
    """What one file says, with the file and its place among the inputs."""

    position: int
    path: str
    partial: Partial


def unite(pieces: Iterable[Piece]) -> list[tuple[int, Read | Invalid]]:
    """One outcome for each machine, with the place of its first file, in the order of those places.

    A machine whose files contradict each other, or do not say which Windows it runs, is ``Invalid``; the others are
    read all the same.
    """
    outcomes = []
    for unit in _units(list(pieces)):
        try:
            outcome: Read | Invalid = _read(unit)
        except Invalid as error:
            outcome = error
        outcomes.append((unit[0].position, outcome))
    return outcomes


# --- which files belong together ----------------------------------------------------------------------------------


class _Group(Value, frozen=True):
    """Files that their names put together, or one file whose name says nothing."""

    pieces: tuple[Piece, ...]
    has_stem: bool

    @property
    def is_whole(self) -> bool:
        """Whether a file in it says which Windows it is: two such groups may be one machine on two days."""
        return any(piece.partial.build for piece in self.pieces)

    @property
    def hosts(self) -> set[str]:
        return {_folded(piece.partial.host) for piece in self.pieces if piece.partial.host}


def _units(pieces: list[Piece]) -> list[list[Piece]]:
    """The pieces by machine, first pieces first: by their names, then by the name of the machine inside."""
    groups = _by_stem(pieces)
    unit_of = list(range(len(groups)))
    for host in sorted({host for group in groups for host in group.hosts}):
        same = [at for at, group in enumerate(groups) if host in group.hosts]
        if sum(groups[at].has_stem and groups[at].is_whole for at in same) > 1:
            continue  # people who name their files apart mean them apart
        joined = {unit_of[at] for at in same}
        unit_of = [min(joined) if unit in joined else unit for unit in unit_of]
    units = [
        sorted((piece for at, group in enumerate(groups) if unit_of[at] == unit for piece in group.pieces), key=_place)
        for unit in set(unit_of)
    ]
    return sorted(units, key=lambda unit: unit[0].position)


def _by_stem(pieces: list[Piece]) -> list[_Group]:
    named: dict[tuple[str, str], list[Piece]] = {}
    others = []
    for piece in sorted(pieces, key=_place):
        path = PurePath(piece.path)
        stem = _ENDING.fullmatch(PurePath(_PACKED.sub("", path.name)).stem)
        if stem:
            named.setdefault((str(path.parent), stem[1].casefold()), []).append(piece)
        else:
            others.append(_Group(pieces=(piece,), has_stem=False))
    return [*(_Group(pieces=tuple(group), has_stem=True) for group in named.values()), *others]


def _place(piece: Piece) -> int:
    return piece.position


def _folded(host: str) -> str:
    return host.rstrip(".").casefold()


# --- what they say together ---------------------------------------------------------------------------------------


def _read(unit: Sequence[Piece]) -> Read:
    where = unit[0].path
    partials = [piece.partial for piece in unit]
    build = _build(unit)
    name = _name(partials)
    if not build or not name:
        raise Invalid(
            _nameless(unit),
            where=where,
            mend="give it together with systeminfo of the same machine, as ws-17_systeminfo.txt beside ws-17_qfe.txt",
        )
    host = _host(unit)
    kind, kind_note = _installation_type(unit)
    updates, listed, doubts = _updates(unit)
    report = Report(
        schema=SCHEMA,
        machine=Machine(computer_dns_name=host) if host else None,
        os=OperatingSystem(
            name=name,
            build=build,
            version=min((partial.version for partial in partials if partial.version), default=None),
            architecture=_only(unit, "architecture", "architectures") or None,  # type: ignore[arg-type] # _valid checks
            installation_type=kind or None,  # type: ignore[arg-type] # as above
        ),
        installed_updates=updates,
        update_list=listed,
        software=_software(partials),
    )
    notes = [_told_in(piece, where, note) for piece in unit for note in piece.partial.notes]
    return Read(where=where, report=_valid(report, where), notes=(*notes, *doubts, *kind_note))


def _told_in(piece: Piece, where: str, note: str) -> str:
    """A note with its file, unless that is the one that the whole machine is told under."""
    return note if piece.path == where else f"{piece.path}: {note}"


def _valid(report: Report, where: str) -> Report:
    """The report as the format has it; values that a file held and the format does not allow are errors of the file."""
    try:
        return msgspec.convert(msgspec.to_builtins(report), Report)
    except msgspec.ValidationError as error:
        raise Invalid(f"a value is out of bounds: {error}", where=where, mend="check the file") from error


def _nameless(unit: Sequence[Piece]) -> str:
    notes = [note for piece in unit for note in piece.partial.notes]
    return "; ".join(["nothing here says which Windows this is", *notes])


def _name(partials: Sequence[Partial]) -> str:
    """The system's name from the file that is surest of it."""
    ranked = {name: rank for rank, name in enumerate(_NAMING)}
    named = [(ranked.get(p.format, len(ranked)), p.os_name) for p in partials if p.os_name]
    return min(named)[1] if named else ""


def _only(unit: Sequence[Piece], field: str, several: str) -> str:
    """The one value that all files agree on, empty when none has any."""
    found = {getattr(piece.partial, field): piece.path for piece in reversed(unit) if getattr(piece.partial, field)}
    if len(found) > 1:
        raise _contradiction(several, found)
    return next(iter(found), "")


def _contradiction(several: str, found: dict[str, str]) -> Invalid:
    (first, where), (second, other) = sorted(found.items())[:2]
    return Invalid(
        f"the files of one machine name two {several}: {first}, and {second} in {other}",
        where=where,
        mend="give files of one machine and one day only, or name them after their machines",
    )


def _build(unit: Sequence[Piece]) -> str:
    """The build of all files, with its UBR when one of them knows it."""
    builds = {piece.partial.build: piece.path for piece in reversed(unit) if piece.partial.build}
    prefixes = {".".join(build.split(".")[:3]): path for build, path in builds.items()}
    whole = {build: path for build, path in builds.items() if build.count(".") == 3}
    for found in (prefixes, whole):
        if len(found) > 1:
            raise _contradiction("builds", found)
    return next(iter(whole), next(iter(prefixes), ""))


def _host(unit: Sequence[Piece]) -> str:
    """The machine's longest name; two different ones under one stem are two machines."""
    hosts = {piece.partial.host: piece.path for piece in reversed(unit) if piece.partial.host}
    short = {_folded(host).split(".")[0][:_NETBIOS]: path for host, path in hosts.items()}
    if len(short) > 1:
        raise _contradiction("machines", short)
    return max(hosts, key=lambda host: (len(host), host), default="")


_KINDS = {"client": "Client", "server": "Server", "server core": "Server Core"}


def _installation_type(unit: Sequence[Piece]) -> tuple[str, tuple[str, ...]]:
    raw = _only(unit, "installation_type", "installation types")
    kind = _KINDS.get(raw.casefold(), "")
    if raw and not kind:
        return "", (f"the installation type {raw[:40]!r} is not one that can be judged: set aside",)
    return kind, ()


def _updates(
    unit: Sequence[Piece],
) -> tuple[tuple[ReportedUpdate, ...] | None, ReportedList | None, tuple[str, ...]]:
    """The union of the lists: complete when any of them is, because each lists the same thing."""
    lists = [(piece, piece.partial.updates) for piece in unit if piece.partial.updates is not None]
    if not lists:
        return None, None, ()
    is_complete = any(listed.complete for _, listed in lists)
    kbs = sorted({kb for _, listed in lists for kb in listed.kbs}, key=int)
    where = unit[0].path
    doubts = [_told_in(piece, where, listed.doubt) for piece, listed in lists if listed.doubt and not is_complete]
    sources = tuple(sorted({listed.source for _, listed in lists}))
    return (
        tuple(ReportedUpdate(kb=kb) for kb in kbs),
        ReportedList(complete=is_complete, sources=sources),
        tuple(doubts),
    )


def _software(partials: Sequence[Partial]) -> tuple[Software, ...] | None:
    found = {msgspec.json.encode(program): program for partial in partials for program in partial.software}
    return tuple(found[key] for key in sorted(found)) or None
