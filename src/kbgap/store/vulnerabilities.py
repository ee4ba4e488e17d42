"""CVEs as the API shows them: what the catalogue, CISA and FIRST say, and on how many machines each is open."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Boolean, ColumnElement, Row, Text, and_, case, cast, func, literal, null

from kbgap.odata.model import defender_model
from kbgap.store.columns import Instant
from kbgap.store.functions import number_in, numbers_of, texts_of
from kbgap.store.listing import View
from kbgap.store.schema_answers import catalogue_cve, catalogue_threat

_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_DISCLOSED = '["PubliclyDisclosed"]'


class Vulnerability(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PublicVulnerabilityDto, with the members in the order of the service's own description.

    ``public_exploit`` and ``exploit_verified``: Microsoft or CISA knows that the flaw is used. Nobody publishes which
    exploits are in kits, of which types, or where. ``cve_supportability``: without a KB that fixes it there is nothing
    to judge by. ``first_detected`` is not known.
    """

    id: str
    name: str | None
    description: str | None
    severity: str | None
    cvss_v3: float = msgspec.field(name="cvssV3")
    cvss_vector: str | None
    exposed_machines: int
    published_on: datetime
    updated_on: datetime
    first_detected: datetime | None
    patch_first_available: datetime | None
    public_exploit: bool
    exploit_verified: bool
    exploit_in_kit: bool
    exploit_types: tuple[str, ...]
    exploit_uris: tuple[str, ...]
    cve_supportability: str | None
    tags: tuple[str, ...]
    epss: float
    status: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How CVEs stand in a tenant: on how many machines each is open, and whose risk is accepted, in whole or part."""

    exposed: Mapping[str, int]
    accepted: frozenset[str] = frozenset()
    partly_accepted: frozenset[str] = frozenset()


def vulnerabilities(revision: str, standing: Standing, only: Collection[str] | None = None) -> View[Vulnerability]:
    """Every CVE of a catalogue that concerns software machines can have; or those named by ``only``."""
    machines = numbers_of(standing.exposed)
    source = catalogue_cve.outerjoin(catalogue_threat, catalogue_threat.c.cve == catalogue_cve.c.cve).outerjoin(
        machines, machines.c.key == catalogue_cve.c.cve
    )
    where = catalogue_cve.c.revision == revision
    exposed = func.coalesce(number_in(machines), 0)
    return View(
        source=source,
        where=where if only is None else and_(where, catalogue_cve.c.cve.in_(texts_of(only))),
        columns={**_FACTS, "exposedMachines": exposed, "status": _status(exposed, standing)},
        build=_vulnerability,
        rows=defender_model().type("Vulnerability"),
    )


def _status(exposed: ColumnElement[Any], standing: Standing) -> ColumnElement[str]:
    """An accepted risk is shown as such, and never leaves the list."""
    return case(
        (exposed == 0, "NoActionRequired"),
        (catalogue_cve.c.cve.in_(texts_of(standing.accepted)), "UnderException"),
        (catalogue_cve.c.cve.in_(texts_of(standing.partly_accepted)), "PartialException"),
        else_=literal("RemediationRequired", Text()),
    )


def _flag(*, value: bool) -> ColumnElement[bool]:
    return literal(value, Boolean())


_is_used = catalogue_cve.c.is_exploited | catalogue_threat.c.exploited_on.is_not(None)
_no_texts: ColumnElement[Any] = literal("[]", Text())
_FACTS: Mapping[str, ColumnElement[Any]] = {
    "id": catalogue_cve.c.cve,
    "name": catalogue_cve.c.cve,
    "description": catalogue_cve.c.description,
    "severity": catalogue_cve.c.severity,
    "cvssV3": catalogue_cve.c.cvss,
    "cvssVector": catalogue_cve.c.vector,
    "publishedOn": catalogue_cve.c.published_at,
    "updatedOn": catalogue_cve.c.updated_at,
    "firstDetected": cast(null(), Instant),
    "patchFirstAvailable": catalogue_cve.c.first_patch_at,
    "publicExploit": _is_used,
    "exploitVerified": _is_used,
    "exploitInKit": _flag(value=False),
    "exploitTypes": _no_texts,
    "exploitUris": _no_texts,
    "cveSupportability": case(
        (catalogue_cve.c.first_patch_at.is_not(None), "Supported"), else_=literal("Not Supported", Text())
    ),
    "tags": case((catalogue_cve.c.is_disclosed, _DISCLOSED), else_=_no_texts),
    "epss": func.coalesce(catalogue_threat.c.epss, 0.0),
}
_COLLECTIONS = frozenset({"exploitTypes", "exploitUris", "tags"})
_FIELDS = dict(zip(Vulnerability.__struct_encode_fields__, Vulnerability.__struct_fields__, strict=True))


def _vulnerability(row: Row[Any]) -> Vulnerability:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    members: dict[str, Any] = {
        field: _TEXTS.decode(columns[public]) if public in _COLLECTIONS else columns[public]
        for public, field in _FIELDS.items()
    }
    return Vulnerability(**members)
