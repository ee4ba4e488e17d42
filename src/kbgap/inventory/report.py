"""The report format, version 1: what a machine says about itself (docs/reference/report-format.md)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kbgap.inventory.kb import parse_kb

SCHEMA: Literal["kbgap.report/1"] = "kbgap.report/1"

MOST_PROGRAMS = 20_000  # in one report

Short = Annotated[str, Meta(max_length=256)]
Long = Annotated[str, Meta(max_length=1024)]
Required = Annotated[str, Meta(min_length=1, max_length=256)]
# \Z, not $: that would let a line break through.
KbNumber = Annotated[str, Meta(pattern=r"^(?:[Kk][Bb])?[1-9][0-9]{4,7}\Z")]
MachineId = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{40}\Z")]
WindowsBuild = Annotated[str, Meta(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,6}(?:\.[0-9]{1,6})?\Z")]


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of everything in a report: None means that nothing is known, members that are not named here are ignored."""


class State(StrEnum):
    """What a machine says of one update; pending needs a restart, which counts as not installed."""

    INSTALLED = "installed"
    PENDING = "pending"
    UNINSTALLED = "uninstalled"


class Machine(Part, frozen=True):
    """Who reports: the id is 40 hex digits in lower case, or absent when the server is to make it from the name."""

    id: MachineId | None = None
    computer_dns_name: Short | None = None
    machine_tags: Annotated[tuple[Short, ...], Meta(max_length=1_000)] | None = None
    rbac_group_name: Short | None = None
    last_ip_address: Short | None = None

    def __post_init__(self) -> None:
        """Fold the id, so that one machine has one."""
        if self.id is not None:
            msgspec.structs.force_setattr(self, "id", self.id.lower())


class OperatingSystem(Part, frozen=True):
    """The Windows that runs: its name as Windows or Microsoft's advisories print it, and its build.

    ``build`` has three parts, or four when the UBR is known. ``version`` ("1909") is for people: the build decides.
    """

    name: Required
    build: WindowsBuild
    version: Short | None = None
    architecture: Literal["x64", "x86", "arm64", "arm", "ia64"] | None = None
    installation_type: Literal["Client", "Server", "Server Core"] | None = None
    pending_restart: bool | None = None
    hotpatch: bool | None = None
    esu: bool | None = None


class ReportedUpdate(Part, frozen=True):
    """One KB that the machine lists, digits only, with its state."""

    kb: KbNumber
    installed_on: date | None = None
    state: State = State.INSTALLED

    def __post_init__(self) -> None:
        """Fold KB4532693 and 4532693 into one spelling."""
        msgspec.structs.force_setattr(self, "kb", parse_kb(self.kb) or self.kb)


class ReportedList(Part, frozen=True):
    """What the update list can prove: complete means that what it does not name is not installed.

    The source "history" says that it also names updates which the usual lists leave out (semantics 3.8).
    """

    complete: bool = False
    sources: Annotated[tuple[Short, ...], Meta(max_length=32)] = ()


class DotNet(Part, frozen=True):
    """One .NET Framework profile on the machine; ``release`` is the registry's release key of the v4 profile."""

    profile: Literal["v3.5", "v4"]
    release: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    version: Short | None = None


class Software(Part, frozen=True, cache_hash=True):
    """One installed program as the machine lists it; ``attributes`` hold what only some software has."""

    name: Long
    vendor: Long | None = None
    version: Short | None = None
    architecture: Short | None = None
    attributes: Annotated[dict[Short, Long], Meta(max_length=64)] | None = None


class Report(Part, frozen=True):
    """All that one machine reports at one moment; only ``schema``, ``os.name`` and ``os.build`` are required."""

    schema: Literal["kbgap.report/1"]
    os: OperatingSystem
    machine: Machine | None = None
    installed_updates: Annotated[tuple[ReportedUpdate, ...], Meta(max_length=20_000)] | None = None
    update_list: ReportedList | None = None
    dotnet: Annotated[tuple[DotNet, ...], Meta(max_length=16)] | None = None
    software: Annotated[tuple[Software, ...], Meta(max_length=MOST_PROGRAMS)] | None = None
    reported_at: Annotated[datetime, Meta(tz=True)] | None = None

    @property
    def computer_dns_name(self) -> str:
        """The machine's name; empty when it is not reported."""
        return (self.machine.computer_dns_name or "") if self.machine else ""


def encode_report(report: Report) -> bytes:
    """Print a report as one line of JSON that ``decode_reports`` reads back to the same value."""
    return msgspec.json.encode(report)
