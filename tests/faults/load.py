"""Load a catalogue into a database and say after each step how far it is: the process that test_kill_load.py kills.

Called with the database's address and the catalogue file.
"""

import sys
from pathlib import Path

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import KbgapError
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.store.database import open_database
from tests.builders import later
from tests.faults.ingest import FAILED


def show(_stage: str, done: int, _total: int) -> None:
    """One line for each step that is durable."""
    print(done, flush=True)


def main() -> None:
    """Load, as ``kbgap catalogue refresh`` does at its end."""
    with open_database(sys.argv[1]) as database, CatalogueFile(Path(sys.argv[2])) as catalogue:
        load_catalogue(database, catalogue, later(days=30), show)


if __name__ == "__main__":
    try:
        main()
    except KbgapError as error:
        print(f"kbgap: {error}", file=sys.stderr)
        sys.exit(FAILED)
