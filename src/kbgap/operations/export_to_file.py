"""Write an export assessment of a whole tenant to one file: Parquet, or lines of JSON as the API's files have them."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from kbgap.core.errors import Invalid
from kbgap.operations import export_assessments
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.operations.whole_file import whole_file
from kbgap.store.database import Database
from kbgap.store.export_rows import (
    AssetNonCpeSoftware,
    AssetSoftware,
    AssetVulnerability,
    DeltaAssetVulnerability,
    MissingOnMachine,
    lines,
    spelling,
)
from kbgap.store.parquet import Tables, tables_in
from kbgap.store.parquet_cves import CveTables
from kbgap.store.parquet_items import ItemTables
from kbgap.store.parquet_rows import RowTables
from kbgap.store.walking import Path as Walk
from kbgap.store.walking import every

_LEVEL = 1


class Assessment(StrEnum):
    """What is exported, by the words of the command line."""

    INVENTORY = "inventory"
    PLAIN_INVENTORY = "plain-inventory"
    VULNERABILITIES = "vulnerabilities"
    CHANGES = "changes"
    MISSING = "missing"


class Form(StrEnum):
    """What kind of file; also how its name ends."""

    PARQUET = "parquet"
    LINES = "jsonl"
    PACKED_LINES = "jsonl.gz"


_ROWS: Mapping[Assessment, type[msgspec.Struct]] = {
    Assessment.INVENTORY: AssetSoftware,
    Assessment.PLAIN_INVENTORY: AssetNonCpeSoftware,
    Assessment.VULNERABILITIES: AssetVulnerability,
    Assessment.CHANGES: DeltaAssetVulnerability,
    Assessment.MISSING: MissingOnMachine,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which file; ``camel``: members are called as in the API's JSON form; ``since``: of changes, which need it."""

    assessment: Assessment
    form: Form = Form.PARQUET
    camel: bool = False
    since: datetime | None = None


def export_to_file(
    database: Database, tenant: str, now: datetime, wanted: Wanted, target: Path, *, replace: bool = False
) -> int:
    """Write the file, all of it of one moment, and give it its name when it is whole; how many rows it has.

    Raises:
        Invalid: the file is there and ``replace`` is not given, or the moment for changes is missing or too long ago.
        NotFound: there is no such tenant.
        Unavailable: the database failed, the file cannot be written, or DuckDB is not installed.
    """
    if wanted.assessment is Assessment.CHANGES and wanted.since is None:
        raise Invalid("changes need a moment since when", mend="write --since 2020-03-20T08:00:00Z")
    with whole_file(target, replace=replace) as partial:
        match wanted.form:
            case Form.PARQUET:
                return _write_parquet(database, tenant, now, wanted, partial, target)
            case Form.LINES:
                with partial.open("wb") as file:
                    return _write_lines(database, tenant, now, wanted, file.write)
            case Form.PACKED_LINES:
                with gzip.open(partial, "wb", compresslevel=_LEVEL) as packed:
                    return _write_lines(database, tenant, now, wanted, packed.write)


def _write_parquet(database: Database, tenant: str, now: datetime, wanted: Wanted, partial: Path, target: Path) -> int:
    with tables_in(partial.parent, str(target)) as tables:
        with looking(database, tenant, EVERYTHING, now) as look:
            filled = _tables(tables, look, wanted)
            filled.read(look.connection)
            notes = _notes(look, tenant, wanted)
        # The database is let go: from here on there is only work for DuckDB.
        return filled.write(spelling(camel=wanted.camel), partial, notes)


def _tables(tables: Tables, look: Look, wanted: Wanted) -> CveTables | ItemTables | RowTables:
    """What machines share is written once; only what came and went does each machine have to itself."""
    walk, of = _walk(look, wanted), _ROWS[wanted.assessment]
    match wanted.assessment:
        case Assessment.VULNERABILITIES:
            return CveTables(tables, export_assessments.cve_export(look), walk.where)
        case Assessment.INVENTORY | Assessment.PLAIN_INVENTORY | Assessment.MISSING:
            return ItemTables(tables, walk, of)
        case Assessment.CHANGES:
            return RowTables(tables, walk, of)


def _write_lines(
    database: Database, tenant: str, now: datetime, wanted: Wanted, write: Callable[[bytes], object]
) -> int:
    rows = 0
    with looking(database, tenant, EVERYTHING, now) as look:
        made = every(look.connection, _walk(look, wanted))
        for piece in lines(_ROWS[wanted.assessment], made, camel=wanted.camel):
            write(piece)
            rows += piece.count(b"\n")
    return rows


def _walk(look: Look, wanted: Wanted) -> Walk[Any, Any]:
    match wanted.assessment:
        case Assessment.INVENTORY:
            return export_assessments.recognised(look)
        case Assessment.PLAIN_INVENTORY:
            return export_assessments.other(look)
        case Assessment.VULNERABILITIES:
            return export_assessments.open_now(look)
        case Assessment.CHANGES:
            return export_assessments.changed(look, wanted.since or look.now)
        case Assessment.MISSING:
            return export_assessments.missing(look)


def _notes(look: Look, tenant: str, wanted: Wanted) -> Mapping[str, str]:
    """What the file says of itself."""
    moment = look.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"assessment": wanted.assessment, "tenant": tenant, "catalogue": look.revision, "generatedTime": moment}
