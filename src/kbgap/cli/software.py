"""The ``kbgap software`` command: what machines have, with KBs or without."""

import argparse

import msgspec

from kbgap.cli.context import now, settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.cli.output import print_rows
from kbgap.cli.pages import all_rows
from kbgap.odata.model import defender_model
from kbgap.operations.read_software import find_software

COLUMNS = ("id", "name", "vendor", "installedMachines", "exposedMachines", "weaknesses", "publicExploit")


def list_software(options: argparse.Namespace) -> int:
    """Every software that some machine has, by id, as the API shows it."""
    settings, moment = settings_of(options), now()
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        found = all_rows(
            lambda query: find_software(database, tenant, moment, query),
            defender_model().type("Software"),
            options.filter,
        )
        rows = [msgspec.to_builtins(row) for row in found]
    if options.format == "json":
        for row in rows:
            del row["distributions"]  # kept for $expand; the list of the API has no such member
    print_rows(rows, COLUMNS, options.format)
    return 0
