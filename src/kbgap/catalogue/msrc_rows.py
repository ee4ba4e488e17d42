"""Turn the rows of one document, as XML or JSON spells them, into a ``Document``; a bad row becomes an oddity.

Both formats are read into the raw shapes here, all text, so that they cannot come to mean different things.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kbgap.catalogue.msrc_text import kb_number, kind_of, moment, plain_text, superseded, tidy
from kbgap.catalogue.records import Document, Entry, Oddity, Remedy, Score, VersionFix
from kbgap.core.errors import Invalid
from kbgap.core.model import Kind

Products = tuple[str, ...]

VENDOR_FIX, KNOWN_ISSUE, RELEASE_NOTES = "vendorfix", "knownissue", "releasenotes"
IMPACT, EXPLOIT, SEVERITY = "impact", "exploitstatus", "severity"
KNOWN_AFFECTED = "knownaffected"
_NO_FIX = {"workaround", "mitigation", "noneavailable", "willnotfix"}

# Ids become file names and parts of an address: 2020-Mar, 2018-FEB, 2017-May-B.
_DOCUMENT_ID = re.compile(r"[0-9]{4}-[A-Za-z]{3,9}(?:-[A-Za-z0-9]{1,8})?")
_MOST_ODDITIES = 1_000
_MOST_TEXT = 200


class RawRemedy(NamedTuple):
    """One Remediation row; ``type`` is folded (``vendorfix``)."""

    type: str
    description: str
    url: str
    supercedence: str
    subtype: str
    fixed_build: str
    products: Products


class RawThreat(NamedTuple):
    """One Threat row; ``type`` is folded (``severity``)."""

    type: str
    description: str
    products: Products


class RawScore(NamedTuple):
    """One CVSS score set."""

    base: str
    vector: str
    products: Products


class RawEntry(NamedTuple):
    """One Vulnerability; ``dates`` are those of its revision history, in any order."""

    id: str
    title: str
    description: str
    dates: tuple[str, ...]
    affected: Products
    threats: tuple[RawThreat, ...]
    scores: tuple[RawScore, ...]
    remedies: tuple[RawRemedy, ...]


def is_document_id(text: str) -> bool:
    """Whether this can be the id of a document: 2020-Mar, 2018-FEB, 2017-May-B."""
    return _DOCUMENT_ID.fullmatch(text) is not None


class DocumentBuilder:
    """Collects the rows of one document, in the order in which they come, and gives the ``Document`` at the end."""

    def __init__(self, where: str) -> None:
        """Start a document that comes from ``where`` (a file or an address, for errors)."""
        self._where = where
        self._id = self._title = self._initial = self._current = ""
        self._products: dict[str, dict[str, None]] = {}
        self._entries: list[Entry] = []
        self._remediations = 0
        self._oddities: list[Oddity] = []
        self._left_out = 0
        self._shared: dict[Products, Products] = {}

    def head(self, *, id: str, title: str, initial: str, current: str) -> None:
        """Take the identity of the document."""
        self._id, self._title = id.strip(), tidy(title)
        self._initial = self._moment(initial, "InitialReleaseDate")
        self._current = self._moment(current, "CurrentReleaseDate")

    def name(self, product: str, name: str) -> None:
        """Take one product name; an id may have several."""
        product, name = product.strip(), tidy(name)
        if product and name:
            self._products.setdefault(product, {})[name] = None
        else:
            self.note("product without id or name", "ProductTree", f"{product} {name}")

    def note(self, kind: str, where: str, text: str) -> None:
        """Keep one oddity; beyond a thousand of one document only their number."""
        if len(self._oddities) < _MOST_ODDITIES:
            self._oddities.append(Oddity(kind=kind, where=where, text=text[:_MOST_TEXT]))
        else:
            self._left_out += 1

    def entry(self, raw: RawEntry) -> None:
        """Take one entry; without an id it is an oddity, and its remediations still count."""
        self._remediations += len(raw.remedies)
        id_ = tidy(raw.id)
        if not id_:
            self.note("entry without id", f"entry {len(self._entries) + 1}", raw.title)
            return
        days = self._days(raw.dates, id_)
        remedies, version_fixes = self._fixes(raw, id_)
        self._entries.append(
            Entry(
                id=id_,
                title=tidy(raw.title),
                published=min(days, default=""),
                revised=max(days, default=""),
                description=plain_text(raw.description),
                exploit=next((tidy(item.description) for item in raw.threats if item.type == EXPLOIT), ""),
                affected=self._listed(raw.affected),
                severities=self._severities(raw.threats),
                scores=self._scores(raw.scores, id_),
                remedies=remedies,
                version_fixes=version_fixes,
                known_issue_kbs=self._known_issues(raw.remedies, id_),
            )
        )

    def finish(self) -> Document:
        """The document; refuses one without id or current date, since nothing could tell its revisions apart."""
        if not is_document_id(self._id):
            raise Invalid(
                f"the document's ID is {self._id[:40]!r}, not one like 2020-Mar",
                where=self._where,
                mend="fetch the document again",
            )
        if not self._current:
            raise Invalid(
                "the document has no readable CurrentReleaseDate", where=self._where, mend="fetch the document again"
            )
        self._note_repeated()
        if self._left_out:
            more = Oddity(kind="more oddities than are kept", where=self._id, text=f"{self._left_out} more")
            self._oddities.append(more)
        return Document(
            id=self._id,
            title=self._title,
            initial=self._initial,
            current=self._current,
            products={product: tuple(names) for product, names in self._products.items()},
            entries=tuple(self._entries),
            remediations=self._remediations,
            oddities=tuple(self._oddities),
        )

    # --- parts of an entry ------------------------------------------------------------------------------------------

    def _moment(self, text: str, where: str) -> str:
        value = moment(text)
        if value is None:
            self.note("unreadable date", where, text)
        return value or ""

    def _days(self, dates: Iterable[str], where: str) -> list[str]:
        moments = [self._moment(text, where) for text in dates]
        return [value[:10] for value in moments if value]

    def _listed(self, products: Iterable[str]) -> Products:
        """Product ids without blanks and repetitions; equal lists of one document are one object."""
        listed = tuple(dict.fromkeys(id_ for item in products if (id_ := item.strip())))
        return self._shared.setdefault(listed, listed)

    def _severities(self, threats: Iterable[RawThreat]) -> dict[str, str]:
        found: dict[str, str] = {}
        for threat in threats:
            if threat.type == SEVERITY and (word := tidy(threat.description)):
                for product in self._listed(threat.products):
                    found[product] = word
        return found

    def _scores(self, scores: Iterable[RawScore], where: str) -> tuple[Score, ...]:
        by_vector: dict[tuple[float, str], list[str]] = {}
        for score in scores:
            base = _base_score(score.base)
            if base is None:
                self.note("unreadable score", where, score.base)
            else:
                by_vector.setdefault((base, tidy(score.vector)), []).extend(score.products)
        return tuple(
            Score(base=base, vector=vector, products=self._listed(products))
            for (base, vector), products in by_vector.items()
        )

    def _fixes(self, raw: RawEntry, where: str) -> tuple[tuple[Remedy, ...], tuple[VersionFix, ...]]:
        remedies: list[Remedy] = []
        versions: list[VersionFix] = []
        for row in raw.remedies:
            if row.type in (VENDOR_FIX, RELEASE_NOTES):
                self._fix(row, where, remedies, versions)
            elif row.type != KNOWN_ISSUE and row.type not in _NO_FIX:
                self.note("unknown remediation type", where, row.type)
        return tuple(remedies), tuple(versions)

    def _fix(self, row: RawRemedy, where: str, remedies: list[Remedy], versions: list[VersionFix]) -> None:
        kb = kb_number(row.description) if row.type == VENDOR_FIX else None
        fixed_build = tidy(row.fixed_build)
        if kb is None and fixed_build in ("", "-"):
            return  # a text such as "Click to Run" without a version: it names no fix that could be compared
        products = self._listed(row.products)
        if not products:
            self.note("fix without a product", where, tidy(row.description))
        elif kb is None:
            versions.append(
                VersionFix(label=tidy(row.description or row.subtype), fixed_build=fixed_build, products=products)
            )
        else:
            remedies.append(
                Remedy(
                    kb=kb,
                    kind=self._kind(row.subtype, where),
                    subtype=tidy(row.subtype),
                    url=row.url.strip(),
                    supersedes=self._superseded(row.supercedence, where),
                    fixed_build=fixed_build,
                    products=products,
                )
            )

    def _kind(self, subtype: str, where: str) -> Kind:
        kind = kind_of(subtype)
        if kind is None:
            self.note("unknown SubType", where, subtype)
        return kind or Kind.OTHER

    def _superseded(self, text: str, where: str) -> tuple[str, ...]:
        found = superseded(text)
        for word in found.unreadable:
            self.note("unreadable Supercedence", where, f"{word} in {tidy(text)}")
        if found.bulletins and not found.kbs:
            self.note("Supercedence names bulletins only", where, tidy(text))
        return found.kbs

    def _known_issues(self, rows: Iterable[RawRemedy], where: str) -> tuple[str, ...]:
        kbs: dict[str, None] = {}
        for row in rows:
            if row.type == KNOWN_ISSUE:
                kb = kb_number(row.description)
                if kb is None:
                    self.note("known issue without a KB", where, row.description)
                else:
                    kbs[kb] = None
        return tuple(kbs)

    def _note_repeated(self) -> None:
        for id_, times in Counter(entry.id for entry in self._entries).items():
            if times > 1:
                self.note("entry given more than once", id_, f"{times} times")


def _base_score(text: str) -> float | None:
    """A CVSS base score, 0 to 10; None for what is not one."""
    try:
        base = float(text)
    except ValueError:
        return None
    return base if 0 <= base <= 10 else None
