"""The page that ``kbgap catalogue quality`` prints: Microsoft's data errors, and what deals with each of them."""

from collections.abc import Iterator, Mapping, Sequence

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.records import Oddity
from kbgap.cli.output import Row, print_table

_SHOWN = 120  # characters of what is wrong: a page tells it in a line or two, --kind in full

# What kbgap does about each kind that no override mends; the rules are those of docs/explanation/assessment.md.
_DEALT_WITH = {
    "Supercedence names bulletins only": "rule 3.3e: a bulletin is no KB, so it gives no edge",
    "cumulative update without supersedence": "rule 3.3a: the build decides, not the chain",
    "entry given more than once": "its rows count once",
    "fixed build contradicts the release table": "rule 3.3: the release table goes first",
    "product id with several names": "rule 3.1: each name means the same product",
    "product name with several ids": "rule 3.1: ids with one meaning are one product",
    "security-only update that supersedes another month": "rule 3.3e: the edge is left out",
    "several superseded updates": "rule 3.3e: each of them counts",
    "unreadable Supercedence": "rule 3.3e: what can be read of it counts",
    "update listed for a wrong product": "rule 3.2: the rows are left out",
    "update that supersedes itself": "rule 3.3e: the edge is left out",
    "unknown SubType": "counts as another kind of update",
}
_NOTHING = "nothing: it is left out or read as it is"


def mended_by(oddity: Oddity) -> str:
    """The override that mends an error, as file and key; else the rule that deals with it."""
    return f"override {oddity.override}" if oddity.override else _DEALT_WITH.get(oddity.kind, _NOTHING)


def kind_rows(oddities: Mapping[str, Sequence[Oddity]]) -> Iterator[Row]:
    """One row for each kind: how many, and one of them."""
    for kind, found in oddities.items():
        yield {
            "kind": kind,
            "count": len(found),
            "example": f"{found[0].where}: {found[0].text}",
            "mendedBy": "overrides" if found[0].override else mended_by(found[0]),
        }


def error_rows(found: Sequence[Oddity]) -> Iterator[Row]:
    """One row for each error of a kind."""
    for oddity in found:
        yield {
            "where": oddity.where,
            "text": oddity.text,
            "kb": oddity.kb or None,
            "product": oddity.product or None,
            "mendedBy": mended_by(oddity),
        }


def print_page(catalogue: CatalogueFile) -> None:
    """Every error that an override mends, and of the others their number by kind with one of each."""
    oddities = catalogue.oddities()
    mended = [oddity for found in oddities.values() for oddity in found if oddity.override]
    others = {kind: found for kind, found in oddities.items() if not found[0].override}
    total = len(mended) + sum(map(len, others.values()))
    print(
        f"Microsoft's data errors in catalogue {catalogue.revision}, of {len(catalogue.documents)} documents: {total:,}"
    )
    print(
        f"\n{len(mended)} are mended by reviewed overrides (data/overrides/*.toml: reason, source and date of each):\n"
    )
    print_table(map(_mended_row, mended), ("kb", "product", "what is wrong", "override"))
    print(f"\n{total - len(mended):,} are left as they are, and a rule deals with them (all of a kind: --kind KIND):\n")
    columns = ("kind", "count", "kb", "product", "for example", "dealt with by")
    print_table((_kind_row(kind, found) for kind, found in others.items()), columns)


def _mended_row(oddity: Oddity) -> Row:
    return {
        "kb": oddity.kb,
        "product": oddity.product,
        "what is wrong": _cut(oddity.text),
        "override": oddity.override.partition(":")[0],  # the KB and the value stand beside it
    }


def _kind_row(kind: str, found: Sequence[Oddity]) -> Row:
    first = found[0]
    place = "" if first.kb or first.product else f"{first.where}: "
    return {
        "kind": kind,
        "count": len(found),
        "kb": first.kb,
        "product": first.product,
        "for example": _cut(f"{place}{first.text}"),
        "dealt with by": mended_by(first),
    }


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
