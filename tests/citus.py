"""Listens to every statement of a test, and fails the test whose code sends one that Citus would refuse."""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Insert
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

from tests.citus_rules import TENANT, TENANT_NAMES, Faults, faults_of_text, is_distributed

_SOURCE = str(Path(__file__).resolve().parent.parent / "src" / "kbgap")
_LIBRARIES = ("site-packages", "contextlib")
# They change or look through whole tables, and say in their own words why they may.
_WHOLE_TABLES = ("/store/migrations/", "/store/distribution.py", "/store/copying.py")


class RefusedByCitusError(AssertionError):
    """Code of ours sent a statement that a distributed database would refuse."""


class Recorder:
    """Looks at statements; ``seen`` counts those of our own code that touch tenant data."""

    def __init__(self) -> None:
        self.seen = 0
        self._known: WeakKeyDictionary[SQLCompiler, tuple[list[str], list[str]]] = WeakKeyDictionary()

    def look(
        self,
        _connection: Connection,
        _cursor: object,
        text: str,
        _parameters: object,
        context: Any,  # noqa: ANN401 - SQLAlchemy's execution context has no public type that holds all of this
        _many: bool,
    ) -> None:
        """Refuse what Citus refuses, when it is code of ours that sends it."""
        compiled = None if context is None else context.compiled
        faults: list[str] = []
        if isinstance(compiled, SQLCompiler):
            lines, names = self._look_at(compiled)
            faults = [*lines, *_of_values(compiled, context.compiled_parameters, names)]
        elif compiled is None:
            faults = faults_of_text(text)
        self.seen += bool(TENANT_NAMES.search(text))
        if faults and _is_ours():
            raise RefusedByCitusError(f"{'; '.join(faults)}: {text}")

    def _look_at(self, compiled: SQLCompiler) -> tuple[list[str], list[str]]:
        """The faults of a statement, and the names of the parameters that are its tenant."""
        known = self._known.get(compiled)
        if known is None:
            found, statement = Faults(compiled), cast("object", compiled.statement)
            if isinstance(statement, Executable):
                found.of_statement(statement)
            names = [compiled.bind_names[bind] for bind in found.tenants if bind in compiled.bind_names]
            known = self._known[compiled] = (found.lines, names)
        return known


def _of_values(compiled: SQLCompiler, parameters: Iterable[dict[str, Any]], names: list[str]) -> list[str]:
    statement, faults = compiled.statement, []
    for row in parameters:
        tenants = {row[name] for name in names if row.get(name) is not None}
        if len(tenants) > 1:
            faults.append("two tenants in one statement")
        if isinstance(statement, Insert) and is_distributed(statement.table) and statement.select is None:
            given = [value for name, value in row.items() if name == TENANT or name.startswith(f"{TENANT}_m")]
            if not given or None in given:
                faults.append(f"a row of {statement.table.name} without its tenant")
    return faults[:1]


def _is_ours() -> bool:
    """Whether the innermost frame outside of the libraries is kbgap's, and none of whole tables."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and any(library in frame.f_code.co_filename for library in _LIBRARIES):
        frame = frame.f_back
    file = Path(frame.f_code.co_filename).as_posix() if frame is not None else ""
    return file.startswith(_SOURCE) and not any(part in file for part in _WHOLE_TABLES)
