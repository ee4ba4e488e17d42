"""Write the demo's catalogue: every row of the KBs in demo_facts.toml, out of Microsoft's real documents.

    python tools/demo_facts.py FOLDER_OF_CVRF_DOCUMENTS > src/kbgap/data/demo/facts.jsonl

Facts only: the sentences and the titles of Microsoft's entries are left out. The same documents give the same bytes.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import zstandard

from kbgap.catalogue.msrc_xml import read_xml
from kbgap.catalogue.records import Document, Entry, Remedy, Score
from kbgap.operations.demo_facts import PackedDocument, PackedEntry, PackedRemedy, Products

T = TypeVar("T")


class Table(Generic[T]):
    """Values in the order in which they first came, each with its place."""

    def __init__(self) -> None:
        self._places: dict[T, int] = {}

    def place(self, value: T) -> int:
        """Where the value stands, from now on if it did not before."""
        return self._places.setdefault(value, len(self._places))

    @property
    def values(self) -> tuple[T, ...]:
        """All values, each at its place."""
        return tuple(self._places)


def chosen_kbs() -> frozenset[str]:
    """The KBs that the demo knows."""
    with Path(__file__).with_suffix(".toml").open("rb") as stream:
        groups: dict[str, list[str]] = tomllib.load(stream)["kbs"]
    return frozenset(kb for group in groups.values() for kb in group)


def read(path: Path) -> Document:
    """One document of the folder; they are kept compressed."""
    with zstandard.open(path, "rb") as stream:
        return read_xml(stream, path.name)


def reduced(document: Document, kbs: frozenset[str]) -> Document:
    """The document without everything that does not belong to one of ``kbs``, and without Microsoft's sentences."""
    entries = tuple(
        reduced_entry(entry, kept)
        for entry in document.entries
        if (kept := tuple(remedy for remedy in entry.remedies if remedy.kb in kbs))
    )
    named = {product for entry in entries for remedy in entry.remedies for product in remedy.products}
    return msgspec.structs.replace(
        document,
        products={product: document.products[product] for product in sorted(named) if product in document.products},
        entries=entries,
        remediations=sum(len(entry.remedies) for entry in entries),
        oddities=(),
    )


def reduced_entry(entry: Entry, remedies: tuple[Remedy, ...]) -> Entry:
    """The entry with these remedies only, and what it says of their products."""
    named = {product for remedy in remedies for product in remedy.products}
    scores = (msgspec.structs.replace(score, products=among(score.products, named)) for score in entry.scores)
    return msgspec.structs.replace(
        entry,
        title="",
        description="",
        affected=among(entry.affected, named),
        severities={product: word for product, word in sorted(entry.severities.items()) if product in named},
        scores=tuple(score for score in scores if score.products),
        remedies=tuple(msgspec.structs.replace(remedy, products=tuple(sorted(remedy.products))) for remedy in remedies),
        version_fixes=(),
        known_issue_kbs=(),
    )


def among(products: Iterable[str], named: set[str]) -> Products:
    """Those of ``products`` that the remedies name, sorted so that equal groups are equal."""
    return tuple(sorted(named.intersection(products)))


def packed(document: Document) -> PackedDocument:
    """What ``kbgap.operations.demo_facts.unpack`` turns back into the reduced document."""
    groups: Table[Products] = Table()
    texts: Table[str] = Table()
    vectors: Table[tuple[float, str]] = Table()
    remedies: Table[PackedRemedy] = Table()
    entries = tuple(
        PackedEntry(
            id=entry.id,
            published=entry.published,
            revised=entry.revised,
            exploit=texts.place(entry.exploit),
            affected=groups.place(entry.affected),
            severities=tuple((texts.place(word), groups.place(group)) for word, group in by_word(entry.severities)),
            scores=tuple(packed_score(score, vectors, groups) for score in entry.scores),
            remedies=tuple(remedies.place(packed_remedy(remedy, groups)) for remedy in entry.remedies),
        )
        for entry in document.entries
    )
    return PackedDocument(
        id=document.id,
        title=document.title,
        initial=document.initial,
        current=document.current,
        products=document.products,
        groups=groups.values,
        texts=texts.values,
        vectors=vectors.values,
        remedies=remedies.values,
        entries=entries,
    )


def by_word(severities: dict[str, str]) -> Iterator[tuple[str, Products]]:
    """Each word of severity with its products."""
    for word in sorted(set(severities.values())):
        yield word, tuple(product for product in sorted(severities) if severities[product] == word)


def packed_score(score: Score, vectors: Table[tuple[float, str]], groups: Table[Products]) -> tuple[int, int]:
    """The score as a pair of places."""
    return vectors.place((score.base, score.vector)), groups.place(score.products)


def packed_remedy(remedy: Remedy, groups: Table[Products]) -> PackedRemedy:
    """The remedy with the place of its products."""
    return PackedRemedy(
        kb=remedy.kb,
        kind=remedy.kind,
        subtype=remedy.subtype,
        url=remedy.url,
        supersedes=remedy.supersedes,
        fixed_build=remedy.fixed_build,
        products=groups.place(remedy.products),
    )


def line_of(path: Path) -> tuple[str, str, bytes]:
    """A document's place in time and its line; empty when it names none of the KBs."""
    document = reduced(read(path), chosen_kbs())
    line = msgspec.json.encode(packed(document)) + b"\n" if document.entries else b""
    return document.initial, document.id, line


def main(folder: Path) -> None:
    """Print the documents that matter, oldest first."""
    with Pool() as pool:
        lines = pool.map(line_of, sorted(folder.glob("*.xml.zst")), chunksize=4)
    for _, _, line in sorted(lines):
        sys.stdout.buffer.write(line)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
