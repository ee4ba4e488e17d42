"""A connection that is lost in the midst of an operation leaves all of it or nothing, and the next try goes through."""

import contextlib
from typing import Any, Self

import psycopg
import pytest
from sqlalchemy import Connection, event

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Unavailable
from kbgap.operations.check_database import check
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import APRIL, FEBRUARY, MARCH, NOW, TENANT, a_catalogue, a_report, later
from tests.databases import catalogue, postgres_tables
from tests.faults.test_statement_failures import OPERATIONS, contents

__all__ = ["catalogue", "postgres_tables"]


class LostConnection:
    """While it is entered, the server ends the connection just before the statement with this number."""

    def __init__(self, database: Database, admin: str, number: int) -> None:
        self._database = database
        self._admin = admin
        self._left = number
        self.came = False

    def __enter__(self) -> Self:
        event.listen(self._database.engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._database.engine, "before_cursor_execute", self._count)

    def _count(self, connection: Connection, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            self.came = True
            driver: Any = connection.connection.driver_connection
            with psycopg.connect(self._admin, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("operation", ["report", "exclude", "sweep"])
def test_an_operation_happens_whole_or_not_at_all(
    fleet: Database, catalogue: CatalogueFile, postgres: str, operation: str
) -> None:
    """Whoever asked is told in one line to try again; a new connection is made by itself."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2")], NOW)
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-4", ubr=418)], later(days=40))
    before = contents(fleet)
    told: set[str] = set()

    for number in range(1, 200):
        with LostConnection(fleet, postgres, number) as lost:
            try:
                OPERATIONS[operation](fleet, catalogue)
            except Unavailable as error:
                told.add(error.what)
        if not lost.came:
            break
        assert contents(fleet) == before

    assert number > 3
    assert told <= {"the connection to the database was lost", "the database is shutting down or starting"}
    assert contents(fleet) != before
    assert check(fleet) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_load_goes_on_after_it(
    fleet: Database, catalogue: CatalogueFile, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every try comes as far as the connection lets it, and no answer is ever of both revisions."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2", ubr=719)], NOW)

    with a_catalogue(tmp_path_factory.mktemp("april"), FEBRUARY, MARCH, APRIL) as april:
        for number in range(5, 400, 5):
            with LostConnection(fleet, postgres, number) as lost, contextlib.suppress(Unavailable):
                load_catalogue(fleet, april, later(days=30))
            assert check(fleet) == []
            if not lost.came:
                break

    assert 10 < number < 395
