"""The ``kbgap client`` commands: programs that may use the API."""

import argparse

from kbgap.cli.context import now, settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.cli.output import Row, print_json, print_rows
from kbgap.operations.clients import ALL_ROLES, create_client, list_clients, revoke_client


def create(options: argparse.Namespace) -> int:
    """Make a client; its secret is shown here and kept nowhere."""
    settings = settings_of(options)
    with fleet(settings, create=True) as database:
        tenant = tenant_of(database, settings)
        client_id, secret = create_client(database, tenant, options.name, options.roles or ["Software.Read.All"], now())
    shown = {"tenant_id": tenant, "client_id": client_id, "client_secret": secret}
    if options.format == "json":
        print_json(shown)
    else:
        print_rows(
            [{"field": name, "value": value} for name, value in shown.items()], ["field", "value"], options.format
        )
    return 0


def list_clients_(options: argparse.Namespace) -> int:
    """The clients of the tenant, revoked ones too."""
    settings = settings_of(options)
    with fleet(settings) as database:
        found = list_clients(database, tenant_of(database, settings))
    rows: list[Row] = [
        {
            "client_id": client.client_id,
            "name": client.name,
            "roles": list(client.roles),
            "created": client.created_at.isoformat(timespec="seconds"),
            "revoked": client.revoked_at.isoformat(timespec="seconds") if client.revoked_at else None,
        }
        for client in found
    ]
    print_rows(rows, ["client_id", "name", "roles", "created", "revoked"], options.format)
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Refuse a client from now on."""
    settings = settings_of(options)
    with fleet(settings) as database:
        revoke_client(database, tenant_of(database, settings), options.client, now())
    print(f"client {options.client} gets no more tokens")
    return 0


def roles(options: argparse.Namespace) -> int:
    """Every application role there is."""
    print_rows([{"role": role} for role in ALL_ROLES], ["role"], options.format)
    return 0
