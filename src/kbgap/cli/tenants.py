"""The ``kbgap tenant`` commands: customers whose fleets are kept apart."""

import argparse
from uuid import uuid4

from kbgap.cli.context import actor, now, settings_of
from kbgap.cli.fleet import fleet
from kbgap.cli.output import print_rows
from kbgap.operations.manage_tenants import create_tenant, delete_tenant, list_tenants


def create(options: argparse.Namespace) -> int:
    """Make a tenant, with a new id."""
    with fleet(settings_of(options), create=True) as database:
        tenant = create_tenant(database, str(uuid4()), options.name, now(), actor=actor())
    print_rows([{"tenant_id": tenant.guid, "name": tenant.name}], ["tenant_id", "name"], options.format)
    return 0


def list_tenants_(options: argparse.Namespace) -> int:
    """All tenants."""
    with fleet(settings_of(options)) as database:
        found = list_tenants(database)
    print_rows([{"tenant_id": one.guid, "name": one.name} for one in found], ["tenant_id", "name"], options.format)
    return 0


def delete(options: argparse.Namespace) -> int:
    """Delete a tenant with everything it has."""
    with fleet(settings_of(options)) as database:
        delete_tenant(database, options.name, now(), actor=actor())
    print(f"tenant {options.name} is deleted, with its machines and clients")
    return 0
