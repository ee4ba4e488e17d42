"""The ``kbgap catalogue`` commands that look at a catalogue or move it."""

import argparse
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kbgap.catalogue.compare import compare
from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.releases import load_releases
from kbgap.catalogue.shelf import Shelf, age_in_days
from kbgap.catalogue.turns import last_turn, one_turn
from kbgap.cli.context import current_catalogue, now, settings_of, shelf_of, today
from kbgap.cli.output import Row, print_json, print_rows, say
from kbgap.cli.quality import error_rows, kind_rows, print_page
from kbgap.core.errors import Invalid, NotFound, Unavailable
from kbgap.operations.show_catalogue import show_cve, show_update
from kbgap.settings import Settings

_KB = re.compile(r"(?:KB)?(\d{6,8})", re.IGNORECASE)
_ENTRY = re.compile(r"(?:CVE-\d{4}-\d{4,7}|ADV\d{6})", re.IGNORECASE)


def show(options: argparse.Namespace) -> int:
    """One KB or one CVE, or without either what the catalogue holds."""
    if options.subject is None:
        return status(options)
    catalogue = current_catalogue(settings_of(options))
    kb, entry = _KB.fullmatch(options.subject), _ENTRY.fullmatch(options.subject)
    if kb:
        shown: dict[str, object] = show_update(catalogue, kb[1], options.as_of)
        rows = [{"field": name, "value": _flat(value)} for name, value in shown.items()]
    elif entry:
        shown = show_cve(catalogue, options.subject.upper(), options.as_of)
        rows = [{"field": name, "value": _flat(value)} for name, value in shown.items()]
    else:
        raise Invalid(f"{options.subject!r} is neither a KB nor a CVE", mend="write KB4540673 or CVE-2020-0796")
    if options.as_of:
        say(f"kbgap: rows dated on or before {options.as_of}, by what the catalogue of today says of that day")
    if options.format == "json":
        print_json(shown)
    else:
        print_rows(rows, ["field", "value"], options.format)
    return 0


def _flat(value: object) -> str:
    """Nested values as lines of text, for tables."""
    match value:
        case None:
            return ""
        case dict():
            return "\n".join(f"{name}: {_flat(inner)}" for name, inner in value.items())
        case [dict(), *_]:
            return "\n".join(
                ", ".join(_flat(part) for part in item.values() if part) for item in value if isinstance(item, dict)
            )
        case list():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)


def status(options: argparse.Namespace) -> int:
    """Which catalogue is current, how old it is and what it holds, how the last refresh ended, and who is not there."""
    settings = settings_of(options)
    shelf, catalogue = shelf_of(settings), current_catalogue(settings)
    row: Row = {
        "revision": catalogue.revision,
        "newest": catalogue.newest,
        "ageInDays": age_in_days(catalogue, today()),
        "documents": len(catalogue.documents),
        "entries": sum(facts.entries for facts in catalogue.documents),
        "kbs": sum(1 for _ in catalogue.updates()),
        "cves": sum(1 for cve in catalogue.cves() if cve.id.startswith("CVE")),
        "file": str(catalogue.path),
        "bytes": catalogue.path.stat().st_size,
        "previous": shelf.previous(),
        "lastRefresh": msgspec.to_builtins(last_turn(shelf.folder)),
        "tenants": _tenants(settings),
    }
    if options.format == "json":
        print_json(row)
    else:
        rows = [{"field": name, "value": _flat(value)} for name, value in row.items()]
        print_rows(rows, ["field", "value"], options.format)
    return 0


def _tenants(settings: Settings) -> list[dict[str, object]]:
    """Where each tenant of the fleet is; none when there is no fleet yet."""
    from kbgap.cli.fleet import fleet, has_database
    from kbgap.operations.catalogue_status import catalogue_status

    if not has_database(settings):
        return []
    with fleet(settings) as database:
        return [msgspec.to_builtins(tenant) for tenant in catalogue_status(database)]


def quality(options: argparse.Namespace) -> int:
    """What is dirty in Microsoft's data: a page for people, else by kind."""
    catalogue = current_catalogue(settings_of(options))
    oddities = catalogue.oddities()
    if options.kind is None and options.format == "table":
        print_page(catalogue)
    elif options.kind is None:
        print_rows(kind_rows(oddities), ["kind", "count", "example", "mendedBy"], options.format)
    elif options.kind in oddities:
        columns = ["where", "text", "kb", "product", "mendedBy"]
        wide = ["where", "text", "mendedBy"] if options.format == "table" else columns
        print_rows(error_rows(oddities[options.kind]), wide, options.format)
    else:
        raise NotFound(f"nothing of kind {options.kind!r} is known", mend=f"kinds: {', '.join(oddities)}")
    return 0


def releases(options: argparse.Namespace) -> int:
    """The release table of this version of kbgap."""
    rows = [
        {
            "line": row.line,
            "build": str(row.build) if row.build else None,
            "kb": row.kb,
            "kind": row.kind,
            "date": row.date or None,
            "sources": row.sources,
        }
        for row in load_releases()
        if not options.single_source or row.sources == 1
    ]
    print_rows(rows, ["line", "build", "kb", "kind", "date", "sources"], options.format)
    return 0


def diff(options: argparse.Namespace) -> int:
    """What changed from one catalogue to another."""
    shelf = shelf_of(settings_of(options))
    changes = compare(_named(shelf, options.old), _named(shelf, options.new))
    rows: Iterator[Row] = (
        {"subject": change.subject, "id": change.id, "change": change.change, "text": change.text} for change in changes
    )
    print_rows(rows, ["subject", "id", "change", "text"], options.format)
    return 0


def _named(shelf: Shelf, name: str) -> CatalogueFile:
    """A catalogue by file or by revision."""
    path = Path(name)
    if path.is_file():
        return CatalogueFile(path)
    if name in shelf.revisions():
        return shelf.open(name)
    known = ", ".join(shelf.revisions()) or "none yet"
    raise NotFound(f"{name} is neither a catalogue file nor a revision", mend=f"revisions here: {known}")


def export(options: argparse.Namespace) -> int:
    """Copy the current catalogue file, for machines without internet."""
    catalogue = current_catalogue(settings_of(options))
    try:
        partial = options.file.with_name(f".{options.file.name}.writing")
        shutil.copyfile(catalogue.path, partial)
        partial.replace(options.file)
    except OSError as error:
        raise Unavailable(f"the file cannot be written ({error.strerror})", where=str(options.file)) from error
    print(f"catalogue {catalogue.revision} written to {options.file}")
    return 0


def import_file(options: argparse.Namespace) -> int:
    """Take a catalogue file from another machine, once its checksum is verified."""
    from kbgap.cli.refresh import load_into_fleet

    settings = settings_of(options)
    shelf = shelf_of(settings)
    with one_turn(shelf.folder, now) as ending:
        with CatalogueFile(options.file) as catalogue:
            catalogue.verify()
            path = shelf.take_in(catalogue)
        shelf.make_current(path)
        load_into_fleet(settings)
        ending.message = f"catalogue {path.stem} is now current"
    print(ending.message)
    return 0
