"""The catalogue file: one immutable, checksummed SQLite file per revision, written once and read in small pieces."""

import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from kbgap.catalogue.published import DocumentFacts, PublishedCve, PublishedUpdate
from kbgap.catalogue.records import Oddity
from kbgap.core.errors import Invalid, NotFound, Unavailable
from kbgap.core.model import Fixes, Line, Product, ProductFixes
from kbgap.core.products import ProductIndex

if TYPE_CHECKING:
    from kbgap.catalogue.compile import Compiled  # audit reads catalogues and should not wait for what makes them

FORMAT = "kbgap.catalogue/1"
SUFFIX = ".kbcat"
_TABLES = ("line", "product", "fixes", "kb", "cve", "document", "oddity")
_PACKED = frozenset({"kb", "cve", "oddity"})  # read one at a time and full of repeated words: compressed to a tenth
_encoder = msgspec.msgpack.Encoder(order="deterministic")
T = TypeVar("T")


def write_catalogue(compiled: "Compiled", folder: Path) -> Path:
    """Write ``compiled`` into ``folder`` under its revision, whole or not at all; the same content gives the same file.

    The revision is the newest document's id and the first 12 hex digits of the checksum over all rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".writing-{os.getpid()}{SUFFIX}"
    partial.unlink(missing_ok=True)
    try:
        with sqlite3.connect(partial) as connection:
            revision = _fill(connection, compiled)
        connection.close()
        target = folder / f"{revision}{SUFFIX}"
        _sync(partial)
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"the catalogue file could not be written ({error})", where=str(folder)) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _fill(connection: sqlite3.Connection, compiled: "Compiled") -> str:
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    for table in _TABLES:
        connection.execute(f"CREATE TABLE {table} (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
        pack = zlib.compress if table in _PACKED else bytes
        rows = ((key, pack(body)) for key, body in sorted(_rows(table, compiled)))
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608 - our names
    checksum = _checksum(connection)
    revision = f"{compiled.newest or 'empty'}-{checksum[:12]}"
    meta = {"format": FORMAT, "revision": revision, "newest": compiled.newest, "checksum": checksum}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    return revision


def _rows(table: str, compiled: "Compiled") -> Iterator[tuple[str, bytes]]:
    match table:
        case "product":
            yield "all", _encoder.encode(compiled.products)
        case "line":
            yield from ((line.id, _encoder.encode(line)) for line in compiled.lines.values())
        case "fixes":
            yield from ((key, _encoder.encode(value)) for key, value in compiled.fixes.items())
        case "kb":
            yield from ((key, _encoder.encode(value)) for key, value in compiled.updates.items())
        case "cve":
            yield from ((key, _encoder.encode(value)) for key, value in compiled.cves.items())
        case "document":
            yield from ((value.id, _encoder.encode(value)) for value in compiled.documents)
        case _:
            yield from ((key, _encoder.encode(value)) for key, value in compiled.oddities.items())


def _checksum(connection: sqlite3.Connection) -> str:
    """SHA-256 over every row of every table but ``meta``, in order."""
    digest = hashlib.sha256(FORMAT.encode())
    for table in _TABLES:
        digest.update(table.encode())
        for key, body in connection.execute(f"SELECT id, body FROM {table} ORDER BY id"):  # noqa: S608 - our names
            digest.update(key.encode() + b"\0" + len(body).to_bytes(8) + body)
    return digest.hexdigest()


class CatalogueFile:
    """A catalogue opened for reading; safe to share between threads, since each piece is read under SQLite's own lock.

    ``fixes`` decodes one product at a time and keeps it, so that an audit of one machine reads a few pieces only.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path``; Unavailable when it is not there, Invalid when it is not a catalogue of this format."""
        if not path.is_file():
            raise Unavailable("there is no catalogue file", where=str(path), mend="run: kbgap catalogue refresh")
        self.path = path
        self._fixes: dict[str, ProductFixes | None] = {}
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False
            )
            self._meta: dict[str, str] = dict(self._connection.execute("SELECT name, value FROM meta"))
        except sqlite3.Error as error:
            raise Invalid("this is not a kbgap catalogue file", where=str(path)) from error
        if self._meta.get("format") != FORMAT:
            mend = "make it anew: kbgap catalogue refresh"
            raise Invalid(f"the catalogue file is not of format {FORMAT}", where=str(path), mend=mend)

    def __enter__(self) -> Self:
        """Use as a context manager: closes at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; what was read stays usable."""
        self._connection.close()

    @property
    def revision(self) -> str:
        """The identity of this catalogue: newest document and the head of the checksum."""
        return self._meta["revision"]

    @property
    def newest(self) -> str:
        """The id of the newest document that fixes something by KB."""
        return self._meta["newest"]

    @property
    def checksum(self) -> str:
        """SHA-256 over all rows, in hex digits."""
        return self._meta["checksum"]

    def verify(self) -> None:
        """Recompute the checksum over all rows; Invalid when the file was cut or changed."""
        try:
            actual = _checksum(self._connection)
        except sqlite3.Error as error:
            raise Invalid("the catalogue file is damaged", where=str(self.path), mend="copy it again") from error
        if actual != self.checksum:
            raise Invalid("the catalogue file's checksum is wrong", where=str(self.path), mend="copy it again")

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """Every product that our rules know, by id."""
        return self._need("product", "all", tuple[Product, ...])

    @cached_property
    def lines(self) -> Mapping[str, Line]:
        """Every line with its release table, by line id."""
        return {line.id: line for line in self._all("line", Line)}

    @cached_property
    def index(self) -> ProductIndex:
        """The products by what machines report."""
        return ProductIndex(self.products, self.lines)

    def fixes(self, product: str) -> ProductFixes | None:
        """The compiled fix rows of one product; None when no valid row names it."""
        if product not in self._fixes:
            self._fixes[product] = self._find("fixes", product, ProductFixes)
        return self._fixes[product]

    def fixes_of(self, products: Iterable[str]) -> Fixes:
        """The compiled fix rows of several products, those without any left out."""
        found = {product: self.fixes(product) for product in products}
        return {product: fixes for product, fixes in found.items() if fixes is not None}

    def all_fixes(self) -> Iterator[ProductFixes]:
        """The compiled fix rows of every product, one after another."""
        return self._all("fixes", ProductFixes)

    def update(self, kb: str) -> PublishedUpdate:
        """One KB; NotFound when no Vendor Fix row of this catalogue names it."""
        found = self._find("kb", kb, PublishedUpdate)
        if found is None:
            raise NotFound(f"KB{kb} fixes nothing in catalogue {self.revision}")
        return found

    def updates(self) -> Iterator[PublishedUpdate]:
        """Every KB."""
        return self._all("kb", PublishedUpdate)

    def cve(self, identifier: str) -> PublishedCve:
        """One CVE or advisory; NotFound when this catalogue has no fix for it."""
        found = self._find("cve", identifier.upper(), PublishedCve)
        if found is None:
            raise NotFound(f"{identifier} is not in catalogue {self.revision}")
        return found

    def cves(self) -> Iterator[PublishedCve]:
        """Every CVE and advisory that has a fix."""
        return self._all("cve", PublishedCve)

    @cached_property
    def documents(self) -> tuple[DocumentFacts, ...]:
        """What was compiled, oldest first."""
        return tuple(sorted(self._all("document", DocumentFacts), key=lambda facts: (facts.initial, facts.id)))

    def oddities(self) -> dict[str, tuple[Oddity, ...]]:
        """What is dirty in Microsoft's data, by kind."""
        rows = self._connection.execute("SELECT id, body FROM oddity ORDER BY id").fetchall()
        decoder = msgspec.msgpack.Decoder(tuple[Oddity, ...])
        return {kind: decoder.decode(_unpack("oddity", body)) for kind, body in rows}

    def _find(self, table: str, key: str, shape: type[T]) -> T | None:
        query = f"SELECT body FROM {table} WHERE id = ?"  # noqa: S608 - our names
        row = self._connection.execute(query, (key,)).fetchone()
        return None if row is None else msgspec.msgpack.decode(_unpack(table, row[0]), type=shape)

    def _need(self, table: str, key: str, shape: type[T]) -> T:
        found = self._find(table, key, shape)
        if found is None:
            raise Invalid("the catalogue file is damaged", where=str(self.path), mend="copy it again")
        return found

    def _all(self, table: str, shape: type[T]) -> Iterator[T]:
        decoder = msgspec.msgpack.Decoder(shape)
        for (body,) in self._connection.execute(f"SELECT body FROM {table} ORDER BY id"):  # noqa: S608 - our names
            yield decoder.decode(_unpack(table, body))


def _unpack(table: str, body: bytes) -> bytes:
    return zlib.decompress(body) if table in _PACKED else body
