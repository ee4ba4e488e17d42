"""The ``kbgap db`` commands: make the fleet's database, bring it up to date, spread it, back it up, check it."""

import argparse

from kbgap.cli.context import settings_of
from kbgap.cli.fleet import fleet
from kbgap.cli.output import print_rows, say
from kbgap.operations.back_up import back_up
from kbgap.operations.back_up import restore as restore_backup
from kbgap.operations.check_database import check as check_counts
from kbgap.operations.distribute_database import distribute_database
from kbgap.store.migrate import migrate as bring_up_to_date

_FAILED = 3


def migrate(options: argparse.Namespace) -> int:
    """Make the database, or bring its schema up to date."""
    settings = settings_of(options)
    if not settings.database_url:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    print(f"the database is at schema {bring_up_to_date(settings.database)}")
    return 0


def distribute(options: argparse.Namespace) -> int:
    """Spread the tables of a new database over the nodes of a Citus cluster."""
    with fleet(settings_of(options)) as database:
        names = distribute_database(database)
    print(f"distributed: {', '.join(names)}" if names else "every table is distributed already")
    return 0


def backup(options: argparse.Namespace) -> int:
    """Write all of the database to one file."""
    with fleet(settings_of(options)) as database:
        back_up(database, options.file)
    print(f"written: {options.file}")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Make a new database of a backup, and check it."""
    settings = settings_of(options)
    restore_backup(options.file, settings.database)
    with fleet(settings) as database:
        differences = check_counts(database)
    for line in differences:
        say(f"kbgap: {line}")
    print("restored, and every stored count equals a recount" if not differences else "restored, with wrong counts")
    return _FAILED if differences else 0


def check(options: argparse.Namespace) -> int:
    """Recount everything; each stored number that differs is a line, and any line is a failure."""
    with fleet(settings_of(options)) as database:
        differences = check_counts(database)
    if options.format != "table" or differences:
        print_rows([{"difference": line} for line in differences], ["difference"], options.format)
    else:
        print("every stored count equals a recount")
    return _FAILED if differences else 0
