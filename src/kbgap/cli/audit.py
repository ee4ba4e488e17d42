"""The ``kbgap audit`` command: the gap of one or more machines, no server needed."""

import argparse
import sys
from collections.abc import Iterator
from datetime import date

from kbgap.catalogue.file import CatalogueFile
from kbgap.cli.context import current_catalogue, settings_of, today, warn_when_old
from kbgap.cli.output import Row, print_json, print_rows, say
from kbgap.core.errors import Invalid
from kbgap.core.explain import doubt, lacking, not_entitled, settle
from kbgap.core.model import Entitlement
from kbgap.core.urls import update_url
from kbgap.inventory.normalise import MachineFacts, Outside
from kbgap.inventory.reading import read_inputs
from kbgap.inventory.unite import Read
from kbgap.operations.audit import Judged, judge, support_note

NOTHING, MISSING, BAD_INPUT, UNKNOWN = 0, 1, 2, 4
COLUMNS = ("machine", "id", "name", "productsNames", "cveAddressed", "verdict", "evidence")


def audit(options: argparse.Namespace) -> int:
    """Judge every input; the exit code is that of the worst one (2 before 1 before 4)."""
    settings = settings_of(options)
    if options.catalogue:
        catalogue = CatalogueFile(options.catalogue)
        warn_when_old(catalogue, settings)
    else:
        catalogue = current_catalogue(settings)
    if options.as_of:
        say(f"kbgap: rows dated on or before {options.as_of}, by what the catalogue of today says of that day")
    untold = Entitlement(settings.esu)
    codes = [_answer(given, catalogue, options, untold) for given in read_inputs(options.paths, sys.stdin.buffer)]
    if not codes:
        raise Invalid(
            "no report was found", where=", ".join(options.paths), mend="give a file, a folder or - for input"
        )
    return next((code for code in (BAD_INPUT, MISSING, UNKNOWN) if code in codes), NOTHING)


def _answer(given: Read | Invalid, catalogue: CatalogueFile, options: argparse.Namespace, untold: Entitlement) -> int:
    """Print one machine's gap; a bad input is told and leaves its neighbours alone."""
    if isinstance(given, Invalid):
        say(f"kbgap: {given}")
        return BAD_INPUT
    try:
        judged = judge(given.report, catalogue, options.as_of, untold)
    except Invalid as error:
        say(f"kbgap: {Invalid(error.what, where=f'{given.where}: {error.where}', mend=error.mend)}")
        return BAD_INPUT
    for note in given.notes:
        say(f"kbgap: {note}")
    for note in _notes(judged, date.fromisoformat(options.as_of) if options.as_of else today()):
        say(f"kbgap: {given.where}: {note}")
    name = given.report.computer_dns_name or given.where
    if options.format == "json":
        print_json(as_json(given, judged, catalogue))
    else:
        print_rows(_rows(name, judged, catalogue), COLUMNS, options.format, title=_title(name, judged))
    return _code(judged)


def _notes(judged: Judged | Outside, day: date) -> tuple[str, ...]:
    if isinstance(judged, Outside):
        return (f"outside the catalogue: {judged.reason}",)
    support = support_note(judged, day)
    return (*judged.notes, support) if support else judged.notes


def _code(judged: Judged | Outside) -> int:
    if isinstance(judged, Outside):
        return UNKNOWN
    if judged.gap.missing:
        return MISSING
    return UNKNOWN if judged.gap.unknown else NOTHING


def as_json(given: Read, judged: Judged | Outside, catalogue: CatalogueFile) -> dict[str, object]:
    """One machine in the form of ARCHITECTURE 5; ``notEntitled`` only where there is something to tell."""
    outside = isinstance(judged, Outside)
    withheld = [] if isinstance(judged, Outside) else list(_not_entitled(judged, catalogue))
    return {
        "machine": _machine(given, judged.machine),
        "missing": [] if isinstance(judged, Outside) else list(_missing(judged, catalogue)),
        "unknown": [] if isinstance(judged, Outside) else list(_unknown(judged, catalogue)),
        "install": [] if isinstance(judged, Outside) else list(judged.install),
        **({"notEntitled": withheld} if withheld else {}),
        "outsideCatalogue": outside,
        "catalogue": {"revision": catalogue.revision, "newest": catalogue.newest},
    }


def _machine(given: Read, facts: MachineFacts) -> dict[str, object]:
    installed = [update.kb for update in given.report.installed_updates or () if update.state == "installed"]
    return {
        "computerDnsName": given.report.computer_dns_name or None,
        "osPlatform": facts.os_platform,
        "version": facts.version,
        "osBuild": facts.os_build,
        "build": facts.build,
        "architecture": facts.architecture or None,
        "products": list(facts.products),
        "installedKbs": installed,
    }


def _missing(judged: Judged, catalogue: CatalogueFile) -> Iterator[dict[str, object]]:
    for update in judged.gap.missing:
        published = catalogue.update(update.kb)
        yield {
            "id": update.kb,
            "name": published.name,
            "osBuild": judged.machine.os_build,
            "productsNames": list(update.software),
            "url": update_url(update.kb),
            "machineMissedOn": 1,
            "cveAddressed": len(update.cves),
            "cves": list(update.cves),
            "supersededBy": list(published.superseded_by),
            "evidence": lacking(update.kb, update.evidence),
        }


def _unknown(judged: Judged, catalogue: CatalogueFile) -> Iterator[dict[str, object]]:
    for update in judged.gap.unknown:
        reason = doubt(update.kb, update.reason)
        yield {
            "id": update.kb,
            "name": catalogue.update(update.kb).name,
            "productsNames": list(update.software),
            "reason": reason,
            "settle": settle(update.reason),
        }


def _not_entitled(judged: Judged, catalogue: CatalogueFile) -> Iterator[dict[str, object]]:
    for update in judged.gap.withheld:
        yield {
            "id": update.kb,
            "name": catalogue.update(update.kb).name,
            "productsNames": list(update.software),
            "reason": not_entitled(update.kb, update.free_until),
        }


def _title(name: str, judged: Judged | Outside) -> str:
    """What a person wants to know first: which machine, how much is missing, and what to install."""
    head = f"{name}: {', '.join(judged.machine.products) or judged.machine.build}"
    if isinstance(judged, Outside):
        return f"{head}: outside the catalogue: {judged.reason}"
    gap = judged.gap
    told = f"{len(gap.missing)} missing, {len(gap.unknown)} unknown"
    told += f", {len(gap.withheld)} not entitled" if gap.withheld else ""
    kbs = ", ".join(f"KB{kb}" for kb in judged.install)
    return f"{head}: {told}" + (f"; install {kbs}" if kbs else "")


def _rows(name: str, judged: Judged | Outside, catalogue: CatalogueFile) -> Iterator[Row]:
    if isinstance(judged, Outside):
        yield {"machine": name, "verdict": "outside the catalogue", "evidence": judged.reason}
        return
    for row in _missing(judged, catalogue):
        yield {**row, "machine": name, "verdict": "missing"}
    for row in _unknown(judged, catalogue):
        yield {**row, "machine": name, "verdict": "unknown", "evidence": f"{row['reason']}; {row['settle']}"}
    for row in _not_entitled(judged, catalogue):
        yield {**row, "machine": name, "verdict": "not entitled", "evidence": row["reason"]}
