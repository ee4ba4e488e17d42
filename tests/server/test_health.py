"""A server is ready when it can answer, and says which part is not there when it cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kbgap.store.database import Database
from tests.builders import a_catalogue
from tests.server.conftest import Server, running


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Server]:
    """A server with a database and a catalogue."""
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}", lambda: catalogue) as server,
    ):
        yield server


def test_a_database_that_was_migrated_by_another_version_is_not_ready(ready: Server) -> None:
    """As when a new version has started elsewhere: this process must not write what it does not know."""
    assert ready.http.get("/readyz").status_code == 200
    with ready.database.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    answer = ready.http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": "unavailable", "catalogue": "ok"}
    assert ready.http.get("/healthz").status_code == 200


def test_a_copy_that_does_not_answer_is_not_ready(ready: Server) -> None:
    """Lists are read there; a process without it would answer them with errors."""
    with Database("postgresql://127.0.0.1:1/none") as copy:
        ready.database._copy = copy

        answer = ready.http.get("/readyz")

    ready.database._copy = None
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": "ok", "copy": "unavailable", "catalogue": "ok"}
