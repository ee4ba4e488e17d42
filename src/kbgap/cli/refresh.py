"""The ``kbgap catalogue refresh`` command, with its progress bar."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kbgap.catalogue.offers import Progress, silent
from kbgap.catalogue.source import Service
from kbgap.cli.context import now, settings_of, shelf_of
from kbgap.cli.output import say
from kbgap.operations.refresh_catalogue import Refreshed, refresh_catalogue
from kbgap.settings import Settings

BAD_INPUT = 2


def refresh(options: argparse.Namespace) -> int:
    """Load Microsoft's documents, from the service or from files, and compile them.

    With an offline scan file and no ``--from``, the documents at hand are compiled again, without the service.
    A document that is refused leaves the last good one in place; from files it is bad input, and the exit code says so.
    """
    settings = settings_of(options)
    scan_files: list[Path] = options.scan_files or []
    sources: list[Service | Path | None] = list(options.source or [None if scan_files else Service()])
    refused = 0
    for number, source in enumerate(sources):
        with progress_bar() as progress:
            done = refresh_catalogue(
                source,
                settings.data_dir,
                scan_files=() if number else scan_files,
                accept_shrink=options.accept_shrink,
                progress=progress,
            )
        _tell(done)
        load_into_fleet(settings)
        refused += len(done.collected.refused)
    return BAD_INPUT if refused and options.source else 0


def _tell(done: Refreshed) -> None:
    collected = done.collected
    for refusal in collected.refused:
        say(f"kbgap: {refusal.id or 'a document'} not taken: {refusal.reason}")
    for name in collected.lost:
        say(f"kbgap: {name} is no longer at hand, and the new catalogue lacks it")
    for scan in done.scans:
        print(
            f"scan file of {scan.day}: {len(scan.updates):,} updates, {len(scan.edges):,} times one supersedes another"
        )
        if scan.oddities:
            first = scan.oddities[0]
            say(f"kbgap: {len(scan.oddities)} entries of it left out, such as {first.where}: {first.text}")
    state = "is now current" if done.is_new else "was current already"
    print(
        f"{len(collected.fresh)} documents new or revised, {len(collected.unchanged)} unchanged, "
        f"{len(collected.refused)} refused; catalogue {done.revision} {state}"
    )


def load_into_fleet(settings: Settings) -> None:
    """Bring the fleet to the new catalogue, where there is one."""
    from kbgap.cli.fleet import fleet, has_database
    from kbgap.operations.load_catalogue import load_catalogue

    if has_database(settings):
        with fleet(settings) as database:
            load_catalogue(database, shelf_of(settings).current(), now())


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on standard error, only where that is a terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    tasks: dict[str, TaskID] = {}
    with Bar(console=Console(stderr=True), transient=True) as bar:

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show
