"""The ``kbgap log`` command: who signed in, and who changed what."""

import argparse

from kbgap.cli.context import settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.cli.output import Row, print_rows
from kbgap.operations.audit_log import latest_entries

COLUMNS = ("when", "actor", "action", "subject", "details")


def log(options: argparse.Namespace) -> int:
    """The newest entries of the tenant's audit log, or of the one above all tenants; newest first."""
    settings = settings_of(options)
    with fleet(settings) as database:
        tenant = None if options.above_tenants else tenant_of(database, settings)
        entries = latest_entries(database, tenant, options.limit)
    rows: list[Row] = [
        {
            "when": entry.happened_at.isoformat(timespec="seconds"),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "details": dict(entry.details)
            if options.format == "json"
            else " ".join(f"{name}={value}" for name, value in entry.details.items()),
        }
        for entry in entries
    ]
    print_rows(rows, list(COLUMNS), options.format)
    return 0
