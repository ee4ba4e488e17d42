"""Export a fleet to a file and stand still at one step: the process that test_kill_export.py kills.

Called with the database's address, the file, its form and the step: reading, writing (some of the file is there) or
written; and "end" to go on to the end.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from kbgap.core.errors import KbgapError
from kbgap.operations.export_to_file import Assessment, Form, Wanted, export_to_file
from kbgap.store.database import open_database
from kbgap.store.parquet import Tables
from tests.builders import TENANT, later
from tests.faults.ingest import FAILED

P = ParamSpec("P")
T = TypeVar("T")


def stand_still(what: Callable[P, T]) -> Callable[P, T]:
    """The same, after which nothing happens until somebody comes."""

    def called(*given: P.args, **named: P.kwargs) -> T:
        answer = what(*given, **named)
        print("here", flush=True)
        sys.stdin.read()
        return answer

    return called


def half_written(_self: Tables, _members: object, _source: object, file: Path, _notes: object) -> int:
    """The beginning of a file, as DuckDB leaves it when it is killed."""
    file.write_bytes(b"PAR1")
    return 1


def main() -> None:
    """Export as ``kbgap export --replace`` does."""
    url, file, form, step = sys.argv[1:]
    if step != "end":
        name = "add" if step == "reading" else "write"
        setattr(Tables, name, stand_still(half_written if step == "writing" else getattr(Tables, name)))
    wanted = Wanted(Assessment.VULNERABILITIES, Form(form))
    with open_database(url) as database:
        export_to_file(database, TENANT, later(days=1), wanted, Path(file), replace=True)


if __name__ == "__main__":
    try:
        main()
    except KbgapError as error:
        print(f"kbgap: {error}", file=sys.stderr)
        sys.exit(FAILED)
