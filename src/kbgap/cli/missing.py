"""The ``kbgap missing`` and ``kbgap explain`` commands: the API's rows, and why they are what they are."""

import argparse
from pathlib import Path

import msgspec

from kbgap.cli.context import settings_of
from kbgap.cli.fleet import catalogue_of, fleet, has_database, tenant_of
from kbgap.cli.output import Row, print_json, print_rows
from kbgap.core.errors import Invalid, NotFound
from kbgap.core.model import Entitlement
from kbgap.core.product_names import software_id
from kbgap.core.verdicts import IsCovered, IsInstalled, IsMissing, IsNotEntitled, IsUnknown, Verdict
from kbgap.operations.explain import Explanation, explain_report, explain_stored
from kbgap.operations.read_missing import missing_for_machine, missing_for_software

_COLUMNS = ("id", "name", "osBuild", "productsNames", "machineMissedOn", "cveAddressed")


def missing(options: argparse.Namespace) -> int:
    """The rows of ``getmissingkbs`` for one software or one machine."""
    if (options.software is None) == (options.machine is None):
        raise Invalid("name a software or a machine", mend="write: kbgap missing microsoft-_-edge, or --machine NAME")
    settings = settings_of(options)
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        catalogue_of(database, settings, tenant)
        if options.machine is not None:
            rows = missing_for_machine(database, tenant, options.machine)
        else:
            asked = options.software if "-_-" in options.software else software_id(options.software)
            rows = missing_for_software(database, tenant, asked)
    columns = _COLUMNS if options.format == "table" else (*_COLUMNS, "url")
    if rows or options.format != "table":
        print_rows([msgspec.to_builtins(row) for row in rows], columns, options.format)
    else:
        print("nothing is missing")
    return 1 if rows and options.fail else 0


def explain(options: argparse.Namespace) -> int:
    """Why a KB is, or is not, missing on a machine of the fleet, or on the one that a report file tells of."""
    settings = settings_of(options)
    if Path(options.machine).is_file():
        explanation = _of_file(options)
    elif not has_database(settings):
        raise NotFound(f"there is no file {options.machine}, and no fleet yet", mend="name a report file")
    else:
        with fleet(settings) as database:
            tenant = tenant_of(database, settings)
            catalogue = catalogue_of(database, settings, tenant)
            untold = Entitlement(settings.esu)
            explanation = explain_stored(database, catalogue, tenant, options.machine, options.kb, untold)
    rows: list[Row] = [
        {
            "machine": explanation.machine,
            "kb": explanation.kb,
            "software": item.software,
            "verdict": word(item.verdict),
            "because": item.because,
        }
        for item in explanation.software
    ]
    if options.format == "json":
        print_json(
            {
                "machine": explanation.machine,
                "kb": explanation.kb,
                "name": explanation.name,
                "software": rows,
                "note": explanation.note,
            }
        )
    elif options.format == "csv":
        print_rows(rows, ["machine", "kb", "software", "verdict", "because"], "csv")
    else:
        _print_sentences(explanation)
    return 0


def _of_file(options: argparse.Namespace) -> Explanation:
    from kbgap.cli.context import current_catalogue
    from kbgap.inventory.reading import read_inputs

    (given, *_) = read_inputs([options.machine])
    if isinstance(given, Invalid):
        raise given
    settings = settings_of(options)
    untold = Entitlement(settings.esu)
    return explain_report(given.report, current_catalogue(settings), given.where, options.kb, untold)


def _print_sentences(explanation: Explanation) -> None:
    print(f"KB{explanation.kb}, {explanation.name or 'in no monthly document'}, on {explanation.machine}:")
    for item in explanation.software:
        print(f"  {item.software}: {word(item.verdict)}: {item.because}.")
    if explanation.note:
        print(f"  {explanation.note}.")


def word(verdict: Verdict) -> str:
    """The verdict as people say it."""
    match verdict:
        case IsInstalled():
            return "installed"
        case IsCovered():
            return "covered"
        case IsMissing():
            return "missing"
        case IsNotEntitled():
            return "not entitled"
        case IsUnknown():
            return "unknown"
