"""Tell what changed from one catalogue to another: documents, KBs with their CVEs and builds, and CVEs."""

from collections.abc import Iterator, Mapping

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.published import PublishedUpdate
from kbgap.core.model import Value


class Change(Value, frozen=True):
    """One difference: ``subject`` is document, kb or cve, ``change`` added, removed or changed; ``text`` says how."""

    subject: str
    id: str
    change: str
    text: str = ""


def compare(old: CatalogueFile, new: CatalogueFile) -> Iterator[Change]:
    """Every difference between two catalogues, documents first, then KBs, then CVEs, by id."""
    yield from _documents(old, new)
    yield from _updates(old, new)
    before, after = {cve.id: cve for cve in old.cves()}, {cve.id: cve for cve in new.cves()}
    yield from _members("cve", before, after)
    for identifier in sorted(before.keys() & after.keys()):
        one, other = before[identifier], after[identifier]
        if one.products != other.products:
            kbs = [sorted({kb for product in cve.products for kb in product.kbs}, key=int) for cve in (one, other)]
            text = "products or fixed builds" if kbs[0] == kbs[1] else _moved("KB", set(kbs[0]), set(kbs[1]))
            yield Change(subject="cve", id=identifier, change="changed", text=text)


def _members(subject: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    yield from (Change(subject=subject, id=name, change="removed") for name in sorted(old.keys() - new.keys()))
    yield from (Change(subject=subject, id=name, change="added") for name in sorted(new.keys() - old.keys()))


def _documents(old: CatalogueFile, new: CatalogueFile) -> Iterator[Change]:
    before, after = ({facts.id: facts for facts in file.documents} for file in (old, new))
    yield from _members("document", before, after)
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            one, other = before[name], after[name]
            text = f"{one.current} to {other.current}, {one.entries} to {other.entries} entries"
            yield Change(subject="document", id=name, change="changed", text=text)


def _updates(old: CatalogueFile, new: CatalogueFile) -> Iterator[Change]:
    before, after = ({update.kb: update for update in file.updates()} for file in (old, new))
    yield from _members("kb", before, after)
    for kb in sorted(before.keys() & after.keys(), key=int):
        text = "; ".join(_differences(before[kb], after[kb]))
        if text:
            yield Change(subject="kb", id=kb, change="changed", text=text)


def _differences(one: PublishedUpdate, other: PublishedUpdate) -> Iterator[str]:
    for software in sorted(one.software.keys() | other.software.keys()):
        gone, come = set(one.software.get(software, ())), set(other.software.get(software, ()))
        if gone != come:
            yield f"{software}: {_moved('', gone, come)}"
    if one.builds != other.builds:
        yield "builds"
    if one.supersedes != other.supersedes:
        yield _moved("supersedes KB", set(one.supersedes), set(other.supersedes))
    if one.name != other.name:
        yield f"now named {other.name}"


def _moved(head: str, old: set[str], new: set[str]) -> str:
    """``+`` before what came, ``-`` before what went."""
    return " ".join(
        [*(f"-{head}{name}" for name in sorted(old - new)), *(f"+{head}{name}" for name in sorted(new - old))]
    )
