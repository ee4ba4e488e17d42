"""Make up the demo's fleet: machines of several departments, more or less behind, the same for the same seed.

What there is to be, with its chances, stands in ``data/demo/fleet.toml``; which update brings which build comes from
the release table. Nothing here knows what is missing on a machine: that is judged from its report, as for any other.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random  # noqa: TID251 - a demo can be repeated because its dice are seeded; nothing here is secret
from typing import Literal, TypeVar

import msgspec

from kbgap.core.model import Line, Release
from kbgap.inventory.report import (
    SCHEMA,
    DotNet,
    Machine,
    OperatingSystem,
    Report,
    ReportedList,
    ReportedUpdate,
    Software,
    State,
)

T = TypeVar("T")

_MONTHLY = frozenset({"security", "out-of-band"})
_BASELINES = frozenset({1, 4, 7, 10})  # months whose update restarts a machine on the hotpatch track
_LATEST = timedelta(hours=20)


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what stands in the table."""


class Reporting(_Part, frozen=True):
    """Chances that a machine reports less than all, or is in the middle of something."""

    without_ubr: float
    without_whole_list: float
    restart_pending: float
    takes_previews: float


class Department(_Part, frozen=True):
    """Machines of one group, with the weights of its rings and of its Windows releases."""

    prefix: str
    site: str
    tags: tuple[str, ...]
    share: float
    rings: dict[str, float]
    windows: dict[str, float]


class Also(_Part, frozen=True):
    """A KB that a machine's list names when it was updated on that day or later."""

    kb: str
    day: date


class Windows(_Part, frozen=True):
    """One Windows as machines run it; ``stopped`` are the days of last updates, with weights, where nobody updates."""

    name: str
    line: str
    version: str | None = None
    installation: Literal["Client", "Server", "Server Core"] = "Client"
    track: Literal["cumulative", "hotpatch", "rollup", "security-only"] = "cumulative"
    stopped: dict[date, float] = msgspec.field(default_factory=dict)
    also: tuple[Also, ...] = ()
    dotnet: int | None = None
    esu: bool | None = None


class Program(_Part, frozen=True):
    """Software that is on some machines, by what the machine is for."""

    vendor: str
    name: str
    versions: tuple[str, ...]
    chance: dict[Literal["Client", "Server"], float]


class FleetTable(_Part, frozen=True):
    """``data/demo/fleet.toml``."""

    day: date
    reporting: Reporting
    rings: dict[str, tuple[int, int]]
    departments: dict[str, Department]
    windows: dict[str, Windows]
    programs: tuple[Program, ...]


@cache
def fleet_table() -> FleetTable:
    """What the fleet is made from."""
    text = files("kbgap.data").joinpath("demo", "fleet.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), FleetTable, strict=False)


def demo_fleet(seed: int, machines: int, lines: Mapping[str, Line], now: datetime) -> Iterator[Report]:
    """The reports of ``machines`` machines, sent within the hours before ``now``.

    Each machine has dice of its own, so that a larger fleet of the same seed begins with the same machines.
    """
    table = fleet_table()
    histories = {name: _history(lines[windows.line]) for name, windows in table.windows.items()}
    shares = {group: department.share for group, department in table.departments.items()}
    for number in range(1, machines + 1):
        dice = _Dice(f"{seed}/{number}")
        group = dice.pick(shares)
        department = table.departments[group]
        kind = dice.pick(department.windows)
        windows = table.windows[kind]
        updated = _last_updated(department, windows, table, dice)
        state = _patched(windows, histories[kind], updated, table.reporting, dice)
        yield _report(_machine(number, group, department), windows, state, now, dice)


class _Dice:
    """Chances that fall alike on every version of Python: only ``Random.random`` is promised to."""

    def __init__(self, seed: str) -> None:
        self._next = Random(seed).random  # noqa: S311 - as above: repeatable, not secret

    def falls(self, chance: float) -> bool:
        return self._next() < chance

    def among(self, least: int, most: int) -> int:
        return least + int(self._next() * (most - least + 1))

    def pick(self, weights: Mapping[T, float]) -> T:
        """One of the keys, by weight; there must be one."""
        point = self._next() * sum(weights.values())
        reached = accumulate(weights.values())
        return next(value for value, up_to in zip(weights, reached, strict=True) if point < up_to)


# --- how far a machine is ------------------------------------------------------------------------------------------


class _Dated(msgspec.Struct, frozen=True):
    day: date
    release: Release


class _State(msgspec.Struct, frozen=True):
    """How far a machine is: its build as it reports it, and its update list."""

    build: str
    updates: tuple[ReportedUpdate, ...]
    is_whole: bool
    is_pending: bool


def _history(line: Line) -> tuple[_Dated, ...]:
    """The line's releases with their days; one without a day (an optional update) came out with the one before it.

    Those after the last day are left out: nobody knows yet when they came out.
    """
    day = date.min
    dated: list[_Dated] = []
    last = 0
    for release in line.releases:
        if release.build is not None:
            day = max(day, date.fromisoformat(release.date)) if release.date else day
            dated.append(_Dated(day, release))
            last = len(dated) if release.date else last
    return tuple(dated[:last])


def _last_updated(department: Department, windows: Windows, table: FleetTable, dice: _Dice) -> date:
    if windows.stopped:
        return dice.pick(windows.stopped)
    least, most = table.rings[dice.pick(department.rings)]
    return table.day - timedelta(days=dice.among(least, most))


def _patched(windows: Windows, history: tuple[_Dated, ...], updated: date, reporting: Reporting, dice: _Dice) -> _State:
    """The machine as it stands after its last update on ``updated``, and what it tells of that."""
    takes_previews = dice.falls(reporting.takes_previews)
    taken = [dated for dated in history if _takes(windows, dated, takes_previews=takes_previews)]
    installed = [dated for dated in taken if dated.day <= updated] or taken[:1]
    waiting = [dated for dated in taken if dated.day > updated][:1] if dice.falls(reporting.restart_pending) else []
    hides_ubr = dice.falls(reporting.without_ubr)
    is_whole = not dice.falls(reporting.without_whole_list)
    build = installed[-1].release.build
    assert build is not None  # noqa: S101 - _history keeps no other
    names = [_updates(dated) for dated in _listed(windows, installed)]
    names += [ReportedUpdate(kb=also.kb, installed_on=also.day) for also in windows.also if also.day <= updated]
    names += [msgspec.structs.replace(_updates(dated), installed_on=None, state=State.PENDING) for dated in waiting]
    return _State(
        build=build.prefix if hides_ubr else str(build),
        updates=tuple(names) if is_whole else tuple(names[:1]),
        is_whole=is_whole,
        is_pending=bool(waiting),
    )


def _takes(windows: Windows, dated: _Dated, *, takes_previews: bool) -> bool:
    """Whether a machine on this track is offered the release, and takes it."""
    kind = dated.release.kind
    match windows.track:
        case "cumulative":
            return kind in _MONTHLY or (takes_previews and kind != "hotpatch")
        case "hotpatch":
            return kind == "hotpatch" or (kind == "security" and dated.day.month in _BASELINES)
        case "rollup":
            return kind == "rollup"
        case "security-only":
            return kind == "security-only"


def _listed(windows: Windows, installed: list[_Dated]) -> list[_Dated]:
    """What of the installed releases a list still names: a newer one that contains an older one replaces it there."""
    match windows.track:
        case "cumulative" | "rollup":
            return installed[-1:]
        case "hotpatch":
            baseline = [dated for dated in installed if dated.release.kind != "hotpatch"]
            return list({dated.release.kb: dated for dated in installed[-1:] + baseline[-1:]}.values())
        case "security-only":
            return installed[::-1]


def _updates(dated: _Dated) -> ReportedUpdate:
    return ReportedUpdate(kb=dated.release.kb, installed_on=dated.day)


# --- what it reports -----------------------------------------------------------------------------------------------


def _machine(number: int, group: str, department: Department) -> Machine:
    return Machine(
        computer_dns_name=f"{department.prefix}-{number:04}.{department.site}.example.org",
        machine_tags=(department.site, *department.tags),
        rbac_group_name=group,
        last_ip_address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    )


def _report(machine: Machine, windows: Windows, state: _State, now: datetime, dice: _Dice) -> Report:
    return Report(
        schema=SCHEMA,
        machine=machine,
        os=OperatingSystem(
            name=windows.name,
            version=windows.version,
            build=state.build,
            architecture="x64",
            installation_type=windows.installation,
            pending_restart=state.is_pending,
            hotpatch=windows.track == "hotpatch",
            esu=windows.esu,
        ),
        installed_updates=state.updates,
        update_list=ReportedList(complete=state.is_whole, sources=("qfe", "cbs") if state.is_whole else ("qfe",)),
        dotnet=(DotNet(profile="v4", release=windows.dotnet),) if windows.dotnet else None,
        software=_software(windows, dice),
        reported_at=now - dice.among(0, int(_LATEST.total_seconds())) * timedelta(seconds=1),
    )


def _software(windows: Windows, dice: _Dice) -> tuple[Software, ...]:
    role: Literal["Client", "Server"] = "Client" if windows.installation == "Client" else "Server"
    return tuple(
        Software(vendor=program.vendor, name=program.name, version=version, architecture="x64")
        for program in fleet_table().programs
        if dice.falls(program.chance.get(role, 0.0))
        for version in [program.versions[dice.among(0, len(program.versions) - 1)]]
    )
