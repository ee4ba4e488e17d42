"""Read the demo's catalogue: facts of Microsoft's documents for a few dozen KBs, packed so that they stay small.

``data/demo/facts.jsonl`` holds one document a line (see ``PackedDocument``); ``tools/demo_facts.py`` writes it. The
facts are KBs, CVE ids, products, builds, dates and scores: none of Microsoft's sentences, no titles of CVEs.
"""

from collections.abc import Iterator
from importlib.resources import files

import msgspec

from kbgap.catalogue.records import Document, Entry, Remedy, Score
from kbgap.core.model import Kind, Value

Products = tuple[str, ...]


class PackedRemedy(Value, frozen=True, omit_defaults=True):
    """One fix row as many entries share it; ``products`` is a place in the document's ``groups``."""

    kb: str
    kind: Kind
    products: int
    subtype: str = ""
    url: str = ""
    supersedes: tuple[str, ...] = ()
    fixed_build: str = ""


class PackedEntry(Value, frozen=True, array_like=True):
    """One CVE: every number is a place in a table of its document.

    ``severities`` are pairs of word and group, ``scores`` pairs of vector and group.
    """

    id: str
    published: str
    revised: str
    exploit: int
    affected: int
    severities: tuple[tuple[int, int], ...]
    scores: tuple[tuple[int, int], ...]
    remedies: tuple[int, ...]


class PackedDocument(Value, frozen=True):
    """One document; what repeats stands once, in its tables."""

    id: str
    title: str
    initial: str
    current: str
    products: dict[str, Products]
    groups: tuple[Products, ...]
    texts: tuple[str, ...]
    vectors: tuple[tuple[float, str], ...]
    remedies: tuple[PackedRemedy, ...]
    entries: tuple[PackedEntry, ...]


def demo_documents() -> Iterator[Document]:
    """The documents of the demo's catalogue, as if they had been read from Microsoft's."""
    packed = files("kbgap.data").joinpath("demo", "facts.jsonl").read_bytes()
    decoder = msgspec.json.Decoder(PackedDocument)
    yield from (unpack(decoder.decode(line)) for line in packed.splitlines())


def unpack(packed: PackedDocument) -> Document:
    """The document that was packed."""
    entries = tuple(_entry(entry, packed) for entry in packed.entries)
    return Document(
        id=packed.id,
        title=packed.title,
        initial=packed.initial,
        current=packed.current,
        products=packed.products,
        entries=entries,
        remediations=sum(len(entry.remedies) for entry in entries),
    )


def _entry(entry: PackedEntry, packed: PackedDocument) -> Entry:
    return Entry(
        id=entry.id,
        title="",
        published=entry.published,
        revised=entry.revised,
        exploit=packed.texts[entry.exploit],
        affected=packed.groups[entry.affected],
        severities={
            product: packed.texts[word] for word, group in entry.severities for product in packed.groups[group]
        },
        scores=tuple(_score(packed.vectors[vector], packed.groups[group]) for vector, group in entry.scores),
        remedies=tuple(_remedy(packed.remedies[place], packed.groups) for place in entry.remedies),
    )


def _score(vector: tuple[float, str], products: Products) -> Score:
    base, text = vector
    return Score(base=base, vector=text, products=products)


def _remedy(remedy: PackedRemedy, groups: tuple[Products, ...]) -> Remedy:
    return Remedy(
        kb=remedy.kb,
        kind=remedy.kind,
        subtype=remedy.subtype,
        url=remedy.url,
        supersedes=remedy.supersedes,
        fixed_build=remedy.fixed_build,
        products=groups[remedy.products],
    )
