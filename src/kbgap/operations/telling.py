"""Split a report into who tells it and what is judged, with the keys by which a repetition is known."""

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from kbgap.core.errors import Invalid, Unavailable
from kbgap.core.memo import Memo
from kbgap.core.model import Value
from kbgap.inventory.machine_id import machine_id
from kbgap.inventory.report import (
    SCHEMA,
    DotNet,
    OperatingSystem,
    Report,
    ReportedList,
    ReportedUpdate,
    Software,
    State,
)
from kbgap.store.machines import Identity
from kbgap.store.packing import digest, encode


class Told(Value, frozen=True):
    """One report of one machine: ``report`` is the key of all that it says, except when it says it."""

    machine_id: str
    reported_at: datetime
    report: bytes
    content: Report
    programs: tuple[bytes, ...] = ()  # those that it lists, each as JSON


class _Kept(Value, frozen=True, omit_defaults=True):
    """Evidence as it is stored: short, because there is one for each machine that is like no other."""

    os: OperatingSystem
    updates: tuple[tuple[str, State], ...] | None = None
    list: ReportedList | None = None
    dotnet: tuple[DotNet, ...] | None = None
    software: tuple[Software, ...] | None = None


def tell(report: Report, tenant: str, now: datetime) -> Told:
    """Who told a report, and when; Invalid when it does not say who.

    A moment in the future counts as now: a clock that is wrong once must not make every later report an older one.
    """
    machine = report.machine
    said_at = report.reported_at or now
    if machine is None or not (machine.id or machine.computer_dns_name):
        raise Invalid(
            "the report does not say which machine it is of",
            where="$.machine",
            mend="give machine.computerDnsName, or machine.id",
        )
    for text in (machine.computer_dns_name, machine.rbac_group_name, *(machine.machine_tags or ())):
        if text is not None and not _is_storable(text):
            raise Invalid("a name holds a control character", where="$.machine", mend="correct the name")
    programs = _texts(report.software or ())
    as_told = None if report.software is None else _array(programs)
    return Told(
        machine_id=machine.id or machine_id(tenant.lower(), machine.computer_dns_name or ""),
        reported_at=min(said_at, now),
        report=digest([encode(msgspec.structs.replace(report, reported_at=None, software=as_told))]),
        content=report,
        programs=tuple(programs),
    )


def identity_of(report: Report) -> Identity:
    """What a machine says of itself; names are kept as Defender shows them, in lower case."""
    machine = report.machine
    if machine is None:
        return Identity()
    name = (machine.computer_dns_name or "").strip().rstrip(".").lower()
    return Identity(
        computer_dns_name=name or None,
        last_ip_address=_address(machine.last_ip_address),
        tags=tuple(dict.fromkeys(tag.strip() for tag in machine.machine_tags or () if tag.strip())),
        group=(machine.rbac_group_name or "").strip() or None,
    )


def evidence_of(report: Report, programs: Sequence[bytes] | None = None) -> bytes:
    """What a report says that can be judged, as bytes that are the same for all machines alike.

    ``programs``: those of the report as JSON, where that is at hand.

    The day of an installation proves nothing about what is missing, so it is left out, and so is every order: machines
    that were patched a day apart share their evidence.
    """
    updates, software = report.installed_updates, report.software
    return encode(
        _Kept(
            os=report.os,
            updates=None if updates is None else tuple(sorted({(update.kb, update.state) for update in updates})),
            list=report.update_list,
            dotnet=report.dotnet,
            software=None if software is None else _array(sorted(programs or _texts(software))),  # type: ignore[arg-type]  # is JSON already
        )
    )


def _texts(software: Sequence[Software]) -> list[bytes]:
    """Programs as JSON; those without attributes, as most are, are remembered."""
    try:
        return list(map(_plain_texts.__getitem__, software))
    except TypeError:  # attributes are a dictionary, which no cache can look up
        return [encode(program) for program in software]


def _array(texts: Iterable[bytes]) -> msgspec.Raw:
    return msgspec.Raw(b"[" + b",".join(texts) + b"]")


_plain_texts: Memo[Software, bytes] = Memo(encode, 65_536)


def decode_evidence(body: bytes) -> Report:
    """Read evidence back as the report that it is a part of; Unavailable when it is damaged."""
    try:
        kept = msgspec.json.decode(body, type=_Kept)
    except msgspec.DecodeError as error:
        raise Unavailable(f"a row of the database is damaged ({error})", mend="restore a backup") from error
    updates = kept.updates
    return Report(
        schema=SCHEMA,
        os=kept.os,
        installed_updates=None
        if updates is None
        else tuple(ReportedUpdate(kb=kb, state=state) for kb, state in updates),
        update_list=kept.list,
        dotnet=kept.dotnet,
        software=kept.software,
    )


def _is_storable(text: str) -> bool:
    """Whether every database takes the text: PostgreSQL refuses the character zero."""
    return not any(character < " " or character == "\x7f" for character in text)


def _address(text: str | None) -> str | None:
    """An IP address in its one spelling; None for anything that is none."""
    try:
        return str(ipaddress.ip_address((text or "").strip()))
    except ValueError:
        return None
