"""Collect the documents that a catalogue is compiled from: what is new, guarded, and the last good one of the rest.

1. Take what a source offers (``offers``): files, or what Microsoft's service has that this machine lacks.
2. Compare each document with the last good one (``guard``); refuse what the feed is likely to have lost.
3. Keep what is accepted in the cache, in one step.
4. Give all documents: the accepted ones, and from the cache the last good one of everything else.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.cache import Addition, Cache, Kept, Validators
from kbgap.catalogue.guard import Cause, Refusal, facts_of, key, review
from kbgap.catalogue.offers import Offer, Progress, by_date, fetch, read_all, read_path, silent
from kbgap.catalogue.published import DocumentFacts
from kbgap.catalogue.reading import ReadDocument, Unreadable
from kbgap.catalogue.records import Document, Oddity
from kbgap.catalogue.source import Service
from kbgap.core.errors import Invalid
from kbgap.core.model import Value


class Collected(Value, frozen=True):
    """Every document there is to compile, by date and id, and what became of the rest.

    ``fresh``: ids taken in now. ``unchanged``: ids offered again as they were. ``refused``: what was not taken, each
    with its reason. ``lost``: ids that were known and of which no document is at hand any more: a catalogue without
    them would forget them. ``lacking``: further ids that the index names and of which no document is at hand.
    ``older``, ``ignored`` and ``oddities`` as in ``Offer``; documents carry their own oddities.
    """

    documents: tuple[Document, ...]
    fresh: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    lost: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    ignored: int = 0
    oddities: tuple[Oddity, ...] = ()


def collect(
    source: Service | Path | None,
    cache: Cache,
    *,
    known: Mapping[str, DocumentFacts] | None = None,
    accept_shrink: bool = False,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> Collected:
    """Take what ``source`` offers, keep what is good, and give all documents there are; without one, those at hand.

    ``known``: the documents of the catalogue in use, by id, for the guard where the cache has none. ``accept_shrink``
    takes documents that shrank or went back in time. One call at a time for one cache.

    Raises ``Unavailable`` when the service or the cache cannot be used, ``NotFound`` and ``Invalid`` as ``read_path``,
    and ``Invalid`` with the first reason when no document is left at all.
    """
    limits = limits or Limits()
    with cache.incoming() as folder:
        match source:
            case Service():
                offer = fetch(source, cache, folder, limits, progress)
                listed = offer.listed
            case Path():
                offer = read_path(source, limits, progress)
                listed = None  # an index beside files says what to expect, not what Microsoft withdrew
            case None:
                offer, listed = Offer(), None
            case _:
                assert_never(source)
        kept = cache.documents()
        last_good = _last_good(known or {}, kept)
        offered = [facts_of(result.document) for result in offer.found]
        verdict = review(last_good, offered, listed=listed, accept_shrink=accept_shrink)
        accepted = [result for result in offer.found if result.document.id in verdict.accepted]
        fresh = [result for result in accepted if not _is_kept(result, kept)]
        cache.add([_addition(result, offer.validators) for result in fresh], limits)
    taken = {key(result.document.id): result.document for result in accepted}
    rest, damaged = _read_kept(cache, [one for id, one in kept.items() if id not in taken], limits, progress)
    documents = by_date([*taken.values(), *rest])
    refused = (*offer.refused, *verdict.refused, *damaged)
    if not documents:
        mend = "" if refused else "run: kbgap catalogue refresh"
        raise Invalid(refused[0].reason if refused else "there is no document at all", mend=mend)
    lost, lacking = _absent(documents, last_good, offer.listed or ())
    return Collected(
        documents=documents,
        fresh=tuple(result.document.id for result in fresh),
        unchanged=(*offer.unchanged, *(result.document.id for result in accepted if _is_kept(result, kept))),
        refused=refused,
        lost=lost,
        lacking=lacking,
        older=offer.older,
        ignored=offer.ignored,
        oddities=offer.oddities,
    )


def _last_good(known: Mapping[str, DocumentFacts], kept: Mapping[str, Kept]) -> dict[str, DocumentFacts]:
    """The documents to compare with: those in the cache, else those of the catalogue in use."""
    return {key(id): facts for id, facts in known.items()} | {id: one.facts for id, one in kept.items()}


def _absent(
    documents: Iterable[Document], last_good: Mapping[str, DocumentFacts], listed: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids without a document: those that were known before, and those that only an index names."""
    have = {key(document.id) for document in documents}
    lost = tuple(facts.id for id, facts in last_good.items() if id not in have)
    return lost, tuple(id for id in listed if key(id) not in have and key(id) not in last_good)


def _is_kept(result: ReadDocument, kept: Mapping[str, Kept]) -> bool:
    at_hand = kept.get(key(result.document.id))
    return at_hand is not None and at_hand.sha256 == result.sha256


def _addition(result: ReadDocument, validators: Mapping[str, Validators]) -> Addition:
    return Addition(
        item=result.item,
        facts=facts_of(result.document),
        format=result.format,
        sha256=result.sha256,
        validators=validators.get(key(result.document.id), Validators()),
    )


def _read_kept(
    cache: Cache, kept: Sequence[Kept], limits: Limits, progress: Progress
) -> tuple[list[Document], list[Refusal]]:
    """Read documents from the cache; one that is not what was kept is forgotten, so that it is fetched again."""
    documents: list[Document] = []
    damaged: list[Refusal] = []
    results = read_all([cache.item(one) for one in kept], limits, progress)
    for one, result in zip(kept, results, strict=True):
        if isinstance(result, ReadDocument) and result.sha256 == one.sha256:
            documents.append(result.document)
        else:
            reason = result.reason if isinstance(result, Unreadable) else f"{result.item.where}: not the document kept"
            damaged.append(Refusal(id=one.facts.id, cause=Cause.UNREADABLE, reason=f"{reason}; refresh again"))
    cache.forget(refusal.id for refusal in damaged)
    return documents, damaged
