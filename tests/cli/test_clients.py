"""The commands around clients: several secrets, each with its end, and the audit log of all of it."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run


def told(run: Run, *words: str) -> Any:  # noqa: ANN401 - JSON has any shape
    """What a command prints as JSON."""
    outcome = run(*words, "--format", "json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_a_client_changes_its_secret_without_a_break(run: Run) -> None:
    """The new secret is shown once; the old one ends a day later."""
    client = told(run, "client", "create", "power bi", "--expires", "90d")["client_id"]

    rotated = told(run, "client", "rotate", client)
    old, new = told(run, "client", "secret", "list", client)

    assert set(rotated) == {"secret_id", "client_secret", "expires"}
    assert rotated["expires"] is None
    assert (new["secret_id"], new["expires"], new["is_over"]) == (rotated["secret_id"], None, False)
    assert old["expires"] > old["created"]
    assert "client_secret" not in {*old, *new}


def test_secrets_are_added_and_removed_by_their_ids(run: Run) -> None:
    """For a client with two places that sign in."""
    client = told(run, "client", "create", "two")["client_id"]
    (first,) = told(run, "client", "secret", "list", client)

    second = told(run, "client", "secret", "add", client, "--expires", "12h")
    removed = run("client", "secret", "remove", client, first["secret_id"])

    assert removed.code == 0
    assert [row["secret_id"] for row in told(run, "client", "secret", "list", client)] == [second["secret_id"]]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("client", "rotate", "nobody"), "there is no client nobody"),
        (("client", "secret", "list", "nobody"), "there is no client nobody"),
        (("client", "secret", "add", "nobody", "--expires", "soon"), "--expires: 'soon' cannot be used here; write"),
        (("client", "create", "x", "--expires", "0d"), "a secret that ends at once opens nothing"),
        (("log", "--limit", "0"), "0 entries cannot be shown"),
    ],
)
def test_what_cannot_be_is_one_clear_line(run: Run, words: tuple[str, ...], wrong: str) -> None:
    """With exit code 2."""
    run("client", "create", "first")

    outcome = run(*words)

    assert outcome.code == 2
    assert outcome.err.startswith("kbgap: ")
    assert wrong in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_log_tells_who_did_what(run: Run) -> None:
    """Newest first; what concerns no tenant stands above them."""
    client = told(run, "client", "create", "power bi", "--role", "Score.Read.All")["client_id"]
    run("client", "revoke", client)

    revoked, created = told(run, "log")
    (tenant,) = told(run, "log", "--above-tenants")

    assert (created["action"], created["subject"]) == ("client.create", client)
    assert created["details"] == {"name": "power bi", "roles": "Score.Read.All"}
    assert revoked["action"] == "client.revoke"
    assert revoked["actor"].startswith("local")
    assert tenant["action"] == "tenant.create"
    assert "client.create" in run("log").out
