"""The ``kbgap machine`` commands: list machines, show one, and decide about it."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from kbgap.cli.context import actor, now, settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.cli.output import print_json, print_rows
from kbgap.cli.pages import all_rows
from kbgap.odata.model import defender_model
from kbgap.operations.audit_log import By
from kbgap.operations.change_machines import TagAction, change_tag
from kbgap.operations.manage_machines import delete_machine, exclude_machine, include_machine
from kbgap.operations.read_machines import list_machines
from kbgap.operations.show_machine import show_machine
from kbgap.store.database import Database

COLUMNS = (
    "id",
    "computerDnsName",
    "osPlatform",
    "version",
    "osBuild",
    "rbacGroupName",
    "exposureLevel",
    "lastSeen",
)
MORE_COLUMNS = (*COLUMNS, "machineTags", "healthStatus", "isExcluded", "exclusionReason", "firstSeen", "lastIpAddress")


def list_(options: argparse.Namespace) -> int:
    """Every machine, by id, as the API shows it; a table has what fits beside the ids."""
    is_table = options.format == "table"
    with _tenant(options) as (database, tenant):
        found = all_rows(
            lambda query: list_machines(database, tenant, query), defender_model().type("Machine"), options.filter
        )
        rows = (msgspec.to_builtins(row) for row in found)
        shown = ({**row, "lastSeen": (row["lastSeen"] or "")[:16]} for row in rows) if is_table else rows
        print_rows(shown, COLUMNS if is_table else MORE_COLUMNS, options.format)
    return 0


def show(options: argparse.Namespace) -> int:
    """What is known of one machine."""
    with _tenant(options) as (database, tenant):
        shown = msgspec.to_builtins(show_machine(database, tenant, options.machine, now()))
    if options.format == "json":
        print_json(shown)
    else:
        print_rows(
            [{"field": name, "value": value} for name, value in shown.items()], ["field", "value"], options.format
        )
    return 0


def exclude(options: argparse.Namespace) -> int:
    """Leave a machine out of the counts, with the reason."""
    with _tenant(options) as (database, tenant):
        machine = exclude_machine(database, tenant, options.machine, options.reason, _by())
    print(f"machine {machine} is left out of the counts")
    return 0


def include(options: argparse.Namespace) -> int:
    """Count an excluded machine again."""
    with _tenant(options) as (database, tenant):
        machine = include_machine(database, tenant, options.machine, _by())
    print(f"machine {machine} is counted again")
    return 0


def delete(options: argparse.Namespace) -> int:
    """Forget a machine; it comes back when it reports again."""
    with _tenant(options) as (database, tenant):
        machine = delete_machine(database, tenant, options.machine, _by())
    print(f"machine {machine} is forgotten")
    return 0


def tag(options: argparse.Namespace) -> int:
    """Give a machine a tag, or take one away; what it reports as tags is passed over from then on."""
    with _tenant(options) as (database, tenant):
        action: TagAction = "Remove" if options.remove else "Add"
        machine = change_tag(database, tenant, options.machine, options.tag, action, _by())
    tags = ", ".join(machine.machine_tags)
    print(f"machine {machine.id} has the tags {tags}" if tags else f"machine {machine.id} has no tags")
    return 0


@contextmanager
def _tenant(options: argparse.Namespace) -> Iterator[tuple[Database, str]]:
    settings = settings_of(options)
    with fleet(settings) as database:
        yield database, tenant_of(database, settings)


def _by() -> By:
    return By(actor=actor(), at=now())
