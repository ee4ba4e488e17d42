"""What a source offers: every document of a folder or archive, or what Microsoft's service has that is new."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.cache import Cache, Kept, Validators
from kbgap.catalogue.files import Item, find
from kbgap.catalogue.guard import Cause, Refusal, key
from kbgap.catalogue.reading import ReadDocument, ReadIndex, Result, Unreadable, read_items
from kbgap.catalogue.records import Document, Oddity
from kbgap.catalogue.source import Answer, Failed, Fetched, NotModified, Service
from kbgap.core.model import Value

Progress = Callable[[str, int, int], object]
"""Called with the stage (``fetch`` or ``read``), how many files are done, and of how many."""


class Offer(Value, frozen=True):
    """What was found, one ``ReadDocument`` for each id, and what became of the rest.

    ``listed``: ids that an index names, with their dates; None without an index. ``unchanged``: ids that the service
    still has as they are in the cache. ``validators``: to ask the service again by, by ``guard.key`` of the id.
    ``refused``: what cannot be used, with reasons. ``older``: one line for each file that gave way to a later revision
    of its document. ``ignored``: how many files are neither XML nor JSON.
    """

    found: tuple[ReadDocument, ...] = ()
    listed: dict[str, str] | None = None
    unchanged: tuple[str, ...] = ()
    validators: dict[str, Validators] = msgspec.field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    older: tuple[str, ...] = ()
    ignored: int = 0
    oddities: tuple[Oddity, ...] = ()

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents themselves, by date and id."""
        return by_date(result.document for result in self.found)


def silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def by_date(documents: Iterable[Document]) -> tuple[Document, ...]:
    """The order in which documents are compiled, whatever order they came in."""
    return tuple(sorted(documents, key=lambda document: (document.initial, document.id)))


def read_path(path: Path, limits: Limits | None = None, progress: Progress = silent) -> Offer:
    """Read every document of a file, a folder or a zip archive; of several revisions of one, the latest.

    A bad file is refused with its reason and its neighbours are kept. Raises ``NotFound`` when there is nothing at
    ``path``, ``Invalid`` when it holds no file that could be a document, or more than the limits allow.
    """
    limits = limits or Limits()
    listing = find(path, limits)
    results = read_all(listing.items, limits, progress)
    unopened = [Refusal(id="", cause=Cause.UNREADABLE, reason=str(error)) for error in listing.refused]
    unreadable = [_unreadable(result) for result in results if isinstance(result, Unreadable)]
    indexes = [result.index for result in results if isinstance(result, ReadIndex)]
    found, older = _latest([result for result in results if isinstance(result, ReadDocument)])
    listed: dict[str, str] = {}
    for index in indexes:
        listed.update({id: max(current, listed.get(id, "")) for id, current in index.documents.items()})
    return Offer(
        found=found,
        listed=listed if indexes else None,
        refused=(*unopened, *unreadable),
        older=older,
        ignored=listing.ignored,
        oddities=tuple(oddity for index in indexes for oddity in index.oddities),
    )


def fetch(service: Service, cache: Cache, folder: Path, limits: Limits, progress: Progress = silent) -> Offer:
    """Ask the service for its index, and for each document whose date there is not that of the one in the cache.

    Files go to ``folder`` and must stay until they are kept. A document that cannot be had or read is refused; raises
    ``Unavailable`` or ``Invalid`` when the index cannot.
    """
    index = service.index()
    kept = {id: one for id, one in cache.documents().items() if cache.has(one)}
    wanted = {id: _ask_by(kept.get(key(id))) for id, current in index.documents.items() if _differs(id, current, kept)}
    answers: list[Answer] = []
    for answer in service.documents(wanted, folder):
        answers.append(answer)
        progress("fetch", len(answers), len(wanted))
    fetched = [answer for answer in answers if isinstance(answer, Fetched)]
    results = read_all([answer.item for answer in fetched], limits, progress)
    checked = [_check(answer, result) for answer, result in zip(fetched, results, strict=True)]
    failed = [
        Refusal(id=answer.id, cause=Cause.UNREACHABLE, reason=answer.reason)
        for answer in answers
        if isinstance(answer, Failed)
    ]
    same = [id for id in index.documents if id not in wanted]
    return Offer(
        found=tuple(result for result in checked if isinstance(result, ReadDocument)),
        listed=index.documents,
        unchanged=(*same, *(answer.id for answer in answers if isinstance(answer, NotModified))),
        validators={key(answer.id): answer.validators for answer in fetched},
        refused=(*failed, *(result for result in checked if isinstance(result, Refusal))),
        oddities=index.oddities,
    )


def read_all(items: Sequence[Item], limits: Limits, progress: Progress) -> list[Result]:
    """Read files in their order, and say so."""
    results: list[Result] = []
    for result in read_items(items, limits):
        results.append(result)
        progress("read", len(results), len(items))
    return results


def _differs(id: str, current: str, kept: Mapping[str, Kept]) -> bool:
    at_hand = kept.get(key(id))
    return at_hand is None or not current or at_hand.facts.current != current


def _ask_by(at_hand: Kept | None) -> Validators:
    return at_hand.validators if at_hand else Validators()


def _check(answer: Fetched, result: Result) -> ReadDocument | Refusal:
    """What came must be the document that was asked for: a proxy's error page and a mix-up are not."""
    if isinstance(result, Unreadable):
        reason = result.reason.replace(result.item.where, answer.id)  # the file is ours and soon gone
        return Refusal(id=answer.id, cause=Cause.UNREADABLE, reason=reason)
    if isinstance(result, ReadIndex) or key(result.document.id) != key(answer.id):
        came = "an index" if isinstance(result, ReadIndex) else result.document.id
        reason = f"{answer.id}: the service answered with {came}; try again later"
        return Refusal(id=answer.id, cause=Cause.UNREADABLE, reason=reason)
    return result


def _unreadable(result: Unreadable) -> Refusal:
    return Refusal(id="", cause=Cause.UNREADABLE, reason=result.reason)


def _latest(found: Sequence[ReadDocument]) -> tuple[tuple[ReadDocument, ...], tuple[str, ...]]:
    """Of each document the revision with the latest date; of equal dates the one with more entries, then the first."""
    best: dict[str, ReadDocument] = {}
    older: list[str] = []
    for result in found:
        id_ = key(result.document.id)
        rival = best.get(id_)
        winner = result if rival is None or _rank(result) > _rank(rival) else rival
        best[id_] = winner
        if rival is not None:
            older.append(_gave_way(rival if winner is result else result, winner))
    return tuple(best.values()), tuple(older)


def _rank(result: ReadDocument) -> tuple[str, int]:
    return result.document.current, len(result.document.entries)


def _gave_way(loser: ReadDocument, winner: ReadDocument) -> str:
    document = loser.document
    later = f"{winner.item.where} of {winner.document.current}"
    return f"{loser.item.where}: {document.id} of {document.current} gave way to {later}"
