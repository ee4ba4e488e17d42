"""Sign-ins in the audit log: each that gives a token, and refused ones together, without anybody waiting for it."""

import time
from collections.abc import Callable

from kbgap.operations.audit_log import latest_entries
from kbgap.operations.clients import create_client
from kbgap.store.audit import Entry
from tests.builders import TENANT
from tests.server.conftest import Server, running


def written(server: Server, wanted: Callable[[tuple[Entry, ...]], bool]) -> tuple[Entry, ...]:
    """The entries of sign-ins, newest first, once they are as wanted or two seconds have passed."""
    until = time.monotonic() + 3
    while True:
        found = latest_entries(server.database, TENANT, 1_000)
        signed_in = tuple(entry for entry in found if entry.action.startswith("sign_in"))
        if wanted(signed_in) or time.monotonic() > until:
            return signed_in
        time.sleep(0.1)


def test_a_sign_in_is_noted(sqlite_url: str) -> None:
    """Who, for what, in which version of the protocol."""
    with running(sqlite_url) as server:
        server.token()
        entries = written(server, lambda found: len(found) == 1)

    (entry,) = entries
    assert (entry.actor, entry.action, entry.happened_at) == (server.client_id, "sign_in", server.clock())
    assert entry.details == {"version": 2, "audience": "https://api.securitycenter.microsoft.com"}


def test_refusals_are_noted_together(sqlite_url: str) -> None:
    """One entry a minute for each client and reason, with how often; what was sent is nowhere."""
    with running(sqlite_url) as server:
        other, _ = create_client(server.database, TENANT, "other", ["Software.Read.All"], server.clock())
        for number in range(5):
            server.ask_token(client_secret="wrong")
            server.ask_token(client_id=f"33333333-3333-4333-8333-33333333333{number}")
        server.ask_token(client_id=other, client_secret="wrong")
        server.ask_token(tenant="nobody")
        first = written(server, lambda found: len(found) == 3)
        server.clock.move(minutes=1)
        server.ask_token(client_secret="wrong")
        second = written(server, lambda found: len(found) == 4)

    assert {(entry.actor, entry.details["reason"], entry.details["times"]) for entry in first} == {
        (server.client_id, "wrong secret", 1),
        ("", "unknown client", 1),
        (other, "wrong secret", 1),
    }
    assert (second[0].actor, second[0].details["times"]) == (server.client_id, 5)
    assert "33333333" not in str(second)


def test_a_server_that_ends_writes_what_is_left(sqlite_url: str) -> None:
    """A sign-in just before the end is in the log."""
    with running(sqlite_url) as server:
        server.token()
        database = server.database
        found: list[tuple[Entry, ...]] = []
        close = database.close

        def look_first() -> None:
            found.append(latest_entries(database, TENANT, 10))
            close()

        database.close = look_first  # type: ignore[method-assign] # the last moment at which it can be read

    assert any(entry.action == "sign_in" for entry in found[0])
