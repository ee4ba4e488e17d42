"""The ``kbgap catalogue refresh`` command, with its progress bar."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kbgap.catalogue.offers import Progress, silent
from kbgap.catalogue.source import Service
from kbgap.catalogue.turns import one_turn
from kbgap.cli.context import now, settings_of, shelf_of
from kbgap.cli.output import say
from kbgap.core.errors import KbgapError
from kbgap.operations.refresh_catalogue import Refreshed, refresh_catalogue
from kbgap.settings import Settings

BAD_INPUT = 2


def refresh(options: argparse.Namespace) -> int:
    """Load Microsoft's documents, from the service or from files, compile them, and bring the fleet to the result.

    With an offline scan file and no ``--from``, the documents at hand are compiled again, without the service. With
    lists of what is exploited alone, those are loaded and nothing is compiled.
    A document that is refused leaves the last good one in place; from files it is bad input, and the exit code says so.
    """
    settings = settings_of(options)
    with one_turn(shelf_of(settings).folder, now) as ending:
        told, failed = _try_lists(settings, is_asked_for=bool(options.kev or options.epss))
        refused = 0
        for number, source in enumerate(_sources(options)):
            with progress_bar() as progress:
                done = refresh_catalogue(
                    source,
                    settings.data_dir,
                    scan_files=() if number else options.scan_files or (),
                    accept_shrink=options.accept_shrink,
                    progress=progress,
                )
                load_into_fleet(settings, progress)
            told.append(_tell(done))
            refused += len(done.collected.refused)
        if failed is not None:
            raise failed
        ending.message = "; ".join(told)
    return BAD_INPUT if refused and options.source else 0


def _sources(options: argparse.Namespace) -> Sequence[Service | Path | None]:
    """Where documents come from: None compiles those at hand again."""
    if options.source:
        return list(options.source)
    if options.scan_files:
        return [None]
    return [] if options.kev or options.epss else [Service()]


def _try_lists(settings: Settings, *, is_asked_for: bool) -> tuple[list[str], KbgapError | None]:
    """Load the lists; a failure waits until the documents are loaded, which do not need them."""
    try:
        return load_lists(settings, is_asked_for=is_asked_for), None
    except KbgapError as error:
        return [], error


def _tell(done: Refreshed) -> str:
    """Say what became of it; the last line."""
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
    line = (
        f"{len(collected.fresh)} documents new or revised, {len(collected.unchanged)} unchanged, "
        f"{len(collected.refused)} refused; catalogue {done.revision} {state}"
    )
    print(line)
    return line


def load_lists(settings: Settings, *, is_asked_for: bool) -> list[str]:
    """Load what CISA and FIRST say of CVEs, from where the settings say; what was loaded, one line each.

    Without a fleet there is nothing that they could weigh: an error when they are asked for.
    """
    from kbgap.cli.fleet import fleet, has_database
    from kbgap.operations.load_threats import load_threats

    if not (settings.kev or settings.epss) or not (is_asked_for or has_database(settings)):
        return []
    with fleet(settings) as database:
        loaded = load_threats(database, settings.kev or None, settings.epss or None, now())
    lines = []
    if (kev := loaded.exploited) is not None:
        lines.append(f"{len(kev.added):,} CVEs known to be exploited ({kev.version or 'no version given'})")
        _tell_unreadable(kev.unreadable, settings.kev)
    if (epss := loaded.estimates) is not None:
        lines.append(f"{len(epss.scores):,} estimates of exploitation of {epss.day or 'a day that is not given'}")
        _tell_unreadable(epss.unreadable, settings.epss)
    for line in lines:
        print(line)
    return lines


def _tell_unreadable(rows: int, where: str) -> None:
    if rows:
        say(f"kbgap: {where}: {rows:,} rows cannot be read and are left out")


def load_into_fleet(settings: Settings, progress: Progress = silent) -> None:
    """Bring the fleet to the new catalogue, where there is one, and delete the files that nobody needs any more."""
    from kbgap.cli.fleet import fleet, has_database
    from kbgap.core.model import Entitlement
    from kbgap.operations.load_catalogue import load_catalogue
    from kbgap.operations.prune_catalogues import prune_catalogues

    shelf = shelf_of(settings)
    if not has_database(settings):
        shelf.prune(keep=())
        return
    with fleet(settings) as database:
        with shelf.current() as catalogue:
            load_catalogue(database, catalogue, now(), progress, Entitlement(settings.esu))
        prune_catalogues(shelf, database)


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
