"""The inputs of benchmarks: the full catalogue where Microsoft's documents are at hand, else the demo's; and sizes."""

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kbgap.catalogue.file import SUFFIX, CatalogueFile, write_catalogue
from kbgap.catalogue.file import _checksum as checksum_of
from kbgap.catalogue.shelf import Shelf
from kbgap.operations.demo_facts import demo_documents
from kbgap.operations.refresh_catalogue import compile_documents, refresh_catalogue

ROOT = Path(__file__).resolve().parent.parent
_KEPT = ROOT / "build" / "bench"
_COMPILED_BY = ("catalogue", "core", "data")  # the parts of kbgap that a compiled catalogue depends on


@dataclass(frozen=True, slots=True)
class Given:
    """A catalogue to measure with, and the folder of documents that it is from (None: the demo's facts)."""

    data_dir: Path
    documents: Path | None

    @property
    def catalogue(self) -> CatalogueFile:
        """The compiled catalogue."""
        return Shelf(self.data_dir / "catalogue").current()

    @property
    def name(self) -> str:
        """Which catalogue it is, for people."""
        return "the full catalogue" if self.documents else "THE DEMO'S CATALOGUE (the shared data set is not here)"


def documents() -> Path | None:
    """The newest collection of all of Microsoft's documents beside the repository, if it is there."""
    shared = Path(os.environ.get("KBGAP_SHARED_DATA") or ROOT.parent / "shared" / "data")
    found = sorted((shared / "msrc-cvrf").glob("[0-9]*-[0-9]*-[0-9]*"))
    return found[-1] if found else None


def given() -> Given:
    """A compiled catalogue, kept in ``build/bench`` for as long as the code that compiles it stays the same."""
    source = documents()
    data_dir = _KEPT / f"{'full' if source else 'demo'}-{_fingerprint()}"
    found = Given(data_dir=data_dir, documents=source)
    if not (data_dir / "catalogue" / "current").exists():
        print(f"compiling {found.name}; it is kept for the next time", flush=True)
        if source:
            refresh_catalogue(source, data_dir)
        else:
            shelf = Shelf(data_dir / "catalogue")
            shelf.make_current(write_catalogue(compile_documents(demo_documents()), shelf.folder))
    return found


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for part in _COMPILED_BY:
        for path in sorted((ROOT / "src" / "kbgap" / part).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def another_revision(catalogue: CatalogueFile, folder: Path) -> CatalogueFile:
    """A copy of a catalogue that says the same under another revision, as after a refresh that changed little."""
    copy = folder / "copy"
    shutil.copyfile(catalogue.path, copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("DELETE FROM oddity")
        checksum = checksum_of(connection)
        revision = f"{catalogue.newest}-{checksum[:12]}"
        connection.executemany(
            "UPDATE meta SET value = ? WHERE name = ?", [(checksum, "checksum"), (revision, "revision")]
        )
        connection.commit()
    return CatalogueFile(copy.rename(folder / f"{revision}{SUFFIX}"))


def size(name: str, default: int) -> int:
    """A size that the environment may change: ``KBGAP_BENCH_<NAME>``."""
    return int(os.environ.get(f"KBGAP_BENCH_{name.upper()}") or default)
