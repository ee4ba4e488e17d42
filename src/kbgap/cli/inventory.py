"""The ``kbgap inventory`` commands: take in what machines report."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

from kbgap.cli.context import now, settings_of
from kbgap.cli.fleet import catalogue_of, fleet, tenant_of
from kbgap.cli.output import Row, print_rows, say
from kbgap.core.errors import Invalid
from kbgap.core.model import Entitlement
from kbgap.inventory.reading import Input, read_inputs
from kbgap.inventory.report import Report
from kbgap.operations.arrivals import Status
from kbgap.operations.report_inventory import report_inventory

_BAD_INPUT = 2
_BATCH = 1_000


def import_reports(options: argparse.Namespace) -> int:
    """Take in every report of the paths; a bad one is told and leaves its neighbours alone."""
    settings = settings_of(options)
    found: Counter[str] = Counter()
    with fleet(settings, create=True) as database:
        tenant = tenant_of(database, settings)
        catalogue = catalogue_of(database, settings, tenant)
        untold = Entitlement(settings.esu)
        for batch in _batches(read_inputs(options.paths, sys.stdin.buffer)):
            reports = [_report(given) for given in batch]
            answers = report_inventory(database, catalogue, tenant, reports, now(), untold)
            for given, answer in zip(batch, answers, strict=True):
                found[answer.status.value] += 1
                for note in () if isinstance(given, Invalid) else given.notes:
                    say(f"kbgap: {note}")
                if answer.status is Status.REJECTED:
                    say(f"kbgap: {'' if isinstance(given, Invalid) else f'{given.where}: '}{answer.reason}")
            if sys.stderr.isatty():
                print(f"\r{sum(found.values()):,} reports", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    row: Row = {status.value: found[status.value] for status in Status}
    print_rows([row], list(row), options.format)
    return _BAD_INPUT if found[Status.REJECTED.value] else 0


def _report(given: Input) -> Report | Invalid:
    return given if isinstance(given, Invalid) else given.report


def _batches(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    """Small enough that memory does not grow with the number of reports."""
    batch: list[Input] = []
    for given in inputs:
        batch.append(given)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
