"""The ``kbgap client`` commands: programs that may use the API."""

import argparse
from datetime import timedelta

from kbgap.cli.context import actor, now, settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.cli.output import Row, print_json, print_rows
from kbgap.operations.clients import (
    ALL_ROLES,
    IssuedSecret,
    add_secret,
    client_secrets,
    create_client,
    is_over,
    list_clients,
    remove_secret,
    revoke_client,
    rotate_secret,
)
from kbgap.settings import read_duration


def create(options: argparse.Namespace) -> int:
    """Make a client; its secret is shown here and kept nowhere."""
    settings, lifetime = settings_of(options), _lifetime(options)
    with fleet(settings, create=True) as database:
        tenant = tenant_of(database, settings)
        roles = options.roles or ["Software.Read.All"]
        client_id, secret = create_client(database, tenant, options.name, roles, now(), lifetime, actor=actor())
    _show({"tenant_id": tenant, "client_id": client_id, "client_secret": secret}, options)
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
        revoke_client(database, tenant_of(database, settings), options.client, now(), actor=actor())
    print(f"client {options.client} gets no more tokens")
    return 0


def rotate(options: argparse.Namespace) -> int:
    """Give a client a new secret, which is shown here, and let those that it has end."""
    settings, lifetime = settings_of(options), _lifetime(options)
    overlap = read_duration(options.overlap, "--overlap")
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        issued = rotate_secret(
            database, tenant, options.client, now(), overlap=overlap, lifetime=lifetime, actor=actor()
        )
    return _show_secret(issued, options)


def add_secret_(options: argparse.Namespace) -> int:
    """Give a client one more secret, which is shown here and kept nowhere."""
    settings, lifetime = settings_of(options), _lifetime(options)
    with fleet(settings) as database:
        issued = add_secret(database, tenant_of(database, settings), options.client, now(), lifetime, actor=actor())
    return _show_secret(issued, options)


def list_secrets(options: argparse.Namespace) -> int:
    """The secrets of a client, by their ids."""
    settings, moment = settings_of(options), now()
    with fleet(settings) as database:
        found = client_secrets(database, tenant_of(database, settings), options.client)
    rows: list[Row] = [
        {
            "secret_id": secret.secret_id,
            "created": secret.created_at.isoformat(timespec="seconds"),
            "expires": secret.expires_at.isoformat(timespec="seconds") if secret.expires_at else None,
            "is_over": is_over(secret, moment),
        }
        for secret in found
    ]
    print_rows(rows, ["secret_id", "created", "expires", "is_over"], options.format)
    return 0


def remove_secret_(options: argparse.Namespace) -> int:
    """End one secret at once."""
    settings = settings_of(options)
    with fleet(settings) as database:
        remove_secret(database, tenant_of(database, settings), options.client, options.secret, now(), actor=actor())
    print(f"secret {options.secret} gives no more tokens")
    return 0


def roles(options: argparse.Namespace) -> int:
    """Every application role there is."""
    print_rows([{"role": role} for role in ALL_ROLES], ["role"], options.format)
    return 0


def _lifetime(options: argparse.Namespace) -> timedelta | None:
    return None if options.expires is None else read_duration(options.expires, "--expires")


def _show_secret(issued: IssuedSecret, options: argparse.Namespace) -> int:
    expires = issued.expires_at.isoformat(timespec="seconds") if issued.expires_at else None
    _show({"secret_id": issued.secret_id, "client_secret": issued.text, "expires": expires}, options)
    return 0


def _show(shown: Row, options: argparse.Namespace) -> None:
    """One object as JSON, or its members one below the other."""
    if options.format == "json":
        print_json(shown)
    else:
        rows: list[Row] = [{"field": name, "value": value} for name, value in shown.items()]
        print_rows(rows, ["field", "value"], options.format)
