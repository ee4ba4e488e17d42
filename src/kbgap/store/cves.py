"""Save and load what is known of CVEs: Microsoft's facts by catalogue revision, CISA's and FIRST's beside them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from sys import intern
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, select

from kbgap.core.model import Value
from kbgap.store import dialect, schema
from kbgap.store.packing import in_pieces
from kbgap.store.schema_answers import catalogue_cve, catalogue_threat, catalogue_threat_feed

Addressed = Mapping[tuple[str, str], tuple[str, ...]]  # the CVEs that a KB closes, by software and KB

_PIECE = 5_000
_IDS = msgspec.json.Decoder(tuple[str, ...])


class CveRow(Value, frozen=True):
    """One CVE of a catalogue; ``severity`` is the API's word, ``cvss`` 0 when there is no score.

    ``is_exploited``: Microsoft saw it used. ``is_disclosed``: it was known in public before it was fixed.
    """

    cve: str
    description: str
    severity: str
    cvss: float
    vector: str | None
    published_at: datetime
    updated_at: datetime
    first_patch_at: datetime | None
    is_exploited: bool
    is_disclosed: bool


class CveFact(NamedTuple):
    """What machines' lists say of a CVE; ``is_exploited``: Microsoft or CISA knows that it is used."""

    severity: str
    cvss: float
    is_exploited: bool


class UpdateFact(NamedTuple):
    """What lists say of a KB: its name, and the ISO day of its release (empty when nobody says it)."""

    name: str
    released: str


class Feed(Value, frozen=True):
    """Which edition of a list is loaded: ``feed`` is kev or epss."""

    feed: str
    version: str
    cves: int
    loaded_at: datetime


def save_cves(tx: Connection, revision: str, rows: Iterable[CveRow]) -> None:
    """Save the CVEs of a revision that is being saved."""
    for piece in in_pieces(rows, _PIECE):
        dialect.insert_all(tx, catalogue_cve, [{"revision": revision, **_columns(row)} for row in piece])


def _columns(row: CveRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def replace_threats(
    tx: Connection, exploited: Mapping[str, str] | None, estimates: Mapping[str, float] | None, feeds: Iterable[Feed]
) -> None:
    """Replace CISA's list (ISO days), FIRST's estimates, or both; a None leaves what is there."""
    known = {row.cve: (row.exploited_on, row.epss) for row in tx.execute(select(catalogue_threat))}
    days = {cve: day for cve, (day, _) in known.items() if day} if exploited is None else exploited
    scores = {cve: score for cve, (_, score) in known.items() if score is not None} if estimates is None else estimates
    tx.execute(delete(catalogue_threat))
    rows = ({"cve": c, "exploited_on": days.get(c), "epss": scores.get(c)} for c in sorted({*days, *scores}))
    for piece in in_pieces(rows, _PIECE):
        dialect.insert_all(tx, catalogue_threat, piece)
    dialect.insert_or_replace(tx, catalogue_threat_feed, [_feed_columns(feed) for feed in feeds])


def _feed_columns(feed: Feed) -> dict[str, object]:
    return {name: getattr(feed, name) for name in feed.__struct_fields__}


def feeds(connection: Connection) -> tuple[Feed, ...]:
    """The editions that are loaded, by name."""
    rows = connection.execute(select(catalogue_threat_feed).order_by(catalogue_threat_feed.c.feed))
    return tuple(Feed(feed=row.feed, version=row.version, cves=row.cves, loaded_at=row.loaded_at) for row in rows)


def edition(connection: Connection) -> str:
    """A text that changes whenever CISA's or FIRST's lists do."""
    newest = connection.execute(select(func.count(), func.max(catalogue_threat_feed.c.loaded_at))).one()
    return f"{newest[0]}/{newest[1]}"


def facts(connection: Connection, revision: str) -> dict[str, CveFact]:
    """Every CVE of a revision, with the lists of CISA and FIRST as they are now."""
    joined = catalogue_cve.outerjoin(catalogue_threat, catalogue_threat.c.cve == catalogue_cve.c.cve)
    columns = (
        catalogue_cve.c.cve,
        catalogue_cve.c.severity,
        catalogue_cve.c.cvss,
        catalogue_cve.c.is_exploited,
        catalogue_threat.c.exploited_on,
    )
    rows = connection.execute(select(*columns).select_from(joined).where(catalogue_cve.c.revision == revision))
    return {
        cve: CveFact(severity=intern(severity), cvss=cvss, is_exploited=exploited or listed is not None)
        for cve, severity, cvss, exploited, listed in rows
    }


def addressed(connection: Connection, revision: str) -> Addressed:
    """The CVEs that each KB closes for each software, as a revision says."""
    table = schema.catalogue_addressed
    rows = connection.execute(select(table.c.software, table.c.kb, table.c.cves).where(table.c.revision == revision))
    return {(intern(software), intern(kb)): tuple(map(intern, _IDS.decode(cves))) for software, kb, cves in rows}


def updates(connection: Connection, revision: str) -> dict[str, UpdateFact]:
    """Every KB of a revision."""
    table = schema.catalogue_update
    rows = connection.execute(select(table.c.kb, table.c.name, table.c.released).where(table.c.revision == revision))
    return {intern(kb): UpdateFact(name, released) for kb, name, released in rows}


def is_known(connection: Connection, revision: str, cve: str) -> bool:
    """Whether a revision has this CVE for software that machines can have."""
    table = catalogue_cve.c
    return connection.scalar(select(table.cve).where(table.revision == revision, table.cve == cve)) is not None
