"""The rows of the export assessments: in JSON as the contract has them, in files as the service writes those."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec

from kbgap.store.packing import in_pieces

_LINES = 1_000  # in one piece of a file
_ENCODER = msgspec.json.Encoder()


class AssetSoftware(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a software that a product rule knows, on one machine; paths and first days are in no report."""

    device_id: str | None
    rbac_group_id: int
    rbac_group_name: str | None
    device_name: str | None
    os_platform: str | None
    software_vendor: str | None
    software_name: str | None
    software_version: str | None
    number_of_weaknesses: int
    disk_paths: tuple[str, ...] = ()
    registry_paths: tuple[str, ...] = ()
    software_first_seen_timestamp: str | None = None
    end_of_support_status: str | None = None
    end_of_support_date: str | None = None


class AssetNonCpeSoftware(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a program that no product rule knows, on one machine, as the machine calls it."""

    device_id: str | None
    rbac_group_id: int
    rbac_group_name: str | None
    device_name: str | None
    os_platform: str | None
    software_vendor: str | None
    software_name: str | None
    software_version: str | None
    software_last_seen_timestamp: str | None
    registry_path: str | None = None


class MissingOnMachine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One KB that one machine misses, as in ``getmissingkbs`` of that machine; a list of our own, not the service's."""

    device_id: str
    rbac_group_id: int
    rbac_group_name: str
    device_name: str
    os_platform: str
    id: str
    name: str
    os_build: int | None
    products_names: tuple[str, ...]
    url: str
    cve_addressed: int


class AssetVulnerability(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One open CVE of one software on one machine, with the KB that first closed it."""

    id: str | None
    device_id: str | None
    rbac_group_id: int
    rbac_group_name: str | None
    device_name: str | None
    os_platform: str | None
    os_version: str | None
    os_architecture: str | None
    software_vendor: str | None
    software_name: str | None
    software_version: str | None
    cve_id: str | None
    vulnerability_severity_level: str | None
    recommended_security_update: str | None
    recommended_security_update_id: str | None
    recommended_security_update_url: str | None
    disk_paths: tuple[str, ...] = ()
    registry_paths: tuple[str, ...] = ()
    last_seen_timestamp: str | None
    first_seen_timestamp: str | None
    end_of_support_status: str | None = None
    end_of_support_date: str | None = None
    exploitability_level: str | None
    recommendation_reference: str | None
    cvss_score: float
    security_update_available: bool
    cve_mitigation_status: str | None = None


class DeltaAssetVulnerability(AssetVulnerability, frozen=True, kw_only=True, rename="camel"):
    """The same with what happened to it (New, Fixed), and when."""

    status: str | None
    event_timestamp: datetime


def day(last: date | None) -> str | None:
    """A day as the exports write it: 2021-05-11T00:00:00+00:00."""
    return None if last is None else f"{last.isoformat()}T00:00:00+00:00"


@lru_cache(maxsize=10_000)
def timestamp(moment: datetime) -> str:
    """A moment as the exports write it: 2020-12-30 14:17:26, in UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def lines(of: type[msgspec.Struct], rows: Iterable[msgspec.Struct], *, camel: bool) -> Iterator[bytes]:
    """Rows as lines of JSON in pieces, in ASCII, without nulls; members in PascalCase, as recorded from the service."""
    shape = _line_of(of, spelling(camel=camel))
    for piece in in_pieces(rows, _LINES):
        encoded = (_as_ascii(_ENCODER.encode(shape(*msgspec.structs.astuple(row)))) for row in piece)
        yield b"".join(line + b"\n" for line in encoded)


def spelling(*, camel: bool) -> Callable[[str], str]:
    """How the members of the JSON form are called in files: the same, or in PascalCase."""
    return _same if camel else _pascal


def _line_of(of: type[msgspec.Struct], spell: Callable[[str], str]) -> Callable[..., msgspec.Struct]:
    """A struct that is written as a line of a file: what is null is left out."""
    names = of.__struct_encode_fields__
    fields: list[tuple[str, Any, Any]] = [(name, Any, None) for name in names]
    return msgspec.defstruct(
        f"{of.__name__}Line", fields, rename={name: spell(name) for name in names}, omit_defaults=True
    )


def _pascal(name: str) -> str:
    """DeviceId, OSPlatform."""
    return f"OS{name[2:]}" if name.startswith("os") and name[2:3].isupper() else name[:1].upper() + name[1:]


def _same(name: str) -> str:
    return name


def _as_ascii(line: bytes) -> bytes:
    return line if line.isascii() else json.dumps(json.loads(line), separators=(",", ":")).encode("ascii")
