"""The ``kbgap machine`` commands: show, exclude, include or delete one machine."""

import argparse

import msgspec

from kbgap.cli.context import settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.cli.output import print_json, print_rows
from kbgap.operations.manage_machines import delete_machine, exclude_machine, include_machine
from kbgap.operations.show_machine import show_machine


def show(options: argparse.Namespace) -> int:
    """What is known of one machine."""
    settings = settings_of(options)
    with fleet(settings) as database:
        shown = msgspec.to_builtins(show_machine(database, tenant_of(database, settings), options.machine))
    if options.format == "json":
        print_json(shown)
    else:
        print_rows(
            [{"field": name, "value": value} for name, value in shown.items()], ["field", "value"], options.format
        )
    return 0


def exclude(options: argparse.Namespace) -> int:
    """Leave a machine out of the counts, with the reason."""
    settings = settings_of(options)
    with fleet(settings) as database:
        machine = exclude_machine(database, tenant_of(database, settings), options.machine, options.reason)
    print(f"machine {machine} is left out of the counts")
    return 0


def include(options: argparse.Namespace) -> int:
    """Count an excluded machine again."""
    settings = settings_of(options)
    with fleet(settings) as database:
        machine = include_machine(database, tenant_of(database, settings), options.machine)
    print(f"machine {machine} is counted again")
    return 0


def delete(options: argparse.Namespace) -> int:
    """Forget a machine; it comes back when it reports again."""
    settings = settings_of(options)
    with fleet(settings) as database:
        machine = delete_machine(database, tenant_of(database, settings), options.machine)
    print(f"machine {machine} is forgotten")
    return 0
