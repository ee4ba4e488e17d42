"""Compare what Microsoft offers now with the last good documents, because the feed can lie for hours.

Seen in July 2026: the index lacked 2026-Jun for eight hours, and then that document was served with an older date and
74 of its 1,279 entries gone, for two days. So nothing is ever deleted because it is absent, and what fell or went back
in time is refused until it recovers or a person accepts it.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from kbgap.catalogue.published import DocumentFacts
from kbgap.catalogue.records import Document
from kbgap.core.model import Value

# Measured on the revisions at hand (2020-Mar in March and April 2020 and today, 2019-Aug over six years, six days of
# 2026-Jun and 2026-Jul). Entries only ever grew, but single ones may be withdrawn. KBs come and go as Microsoft
# reissues updates: 2019-Aug rose from 37 to 74 and fell to 64. Rows prove nothing: regrouped, they fell from 1,890 to
# 813 with not one fix lost.
_ALLOWED_LOSS = 5
_ALLOWED_SHARE = {"entries": 0.01, "KBs": 0.20}


class Cause(StrEnum):
    """Why a document is not taken as offered."""

    UNREADABLE = "unreadable"  # broken, cut, another format
    UNREACHABLE = "unreachable"  # the service did not give it
    VANISHED = "vanished"  # the index no longer names it
    SHRUNKEN = "shrunken"  # fewer entries or KBs than before
    OLDER = "older"  # dated before the one at hand


class Refusal(Value, frozen=True):
    """One document that is not taken, with the reason in one sentence; ``id`` is empty when it could not be told."""

    id: str
    cause: Cause
    reason: str


class Review(Value, frozen=True):
    """The ids of offered documents that may be taken, and what is refused."""

    accepted: tuple[str, ...]
    refused: tuple[Refusal, ...]


def key(id: str) -> str:
    """The id under which two spellings of one month are the same: Microsoft writes 2018-FEB but 2018-Mar."""
    return id.casefold()


def facts_of(document: Document) -> DocumentFacts:
    """What the next refresh is compared with."""
    return DocumentFacts(
        id=document.id,
        title=document.title,
        initial=document.initial,
        current=document.current,
        entries=len(document.entries),
        kbs=len({remedy.kb for entry in document.entries for remedy in entry.remedies}),
    )


def review(
    known: Mapping[str, DocumentFacts],
    offered: Iterable[DocumentFacts],
    *,
    listed: Collection[str] | None = None,
    accept_shrink: bool = False,
) -> Review:
    """Judge each offered document against the last good one of its id.

    ``known``: the last good documents by id. ``listed``: every id that the index names now; None when there is no
    index, so that absence means nothing. ``accept_shrink`` takes what shrank or went back in time; a document that
    vanished from the index is kept all the same, as it is never offered.
    """
    last_good = {key(id_): facts for id_, facts in known.items()}
    accepted: list[str] = []
    refused: list[Refusal] = []
    for facts in offered:
        before = last_good.get(key(facts.id))
        refusal = None if before is None or accept_shrink else _suspicion(before, facts)
        if refusal is None:
            accepted.append(facts.id)
        else:
            refused.append(refusal)
    if listed is not None:
        names = {key(id_) for id_ in listed}
        refused.extend(_vanished(facts) for id_, facts in last_good.items() if id_ not in names)
    return Review(accepted=tuple(accepted), refused=tuple(refused))


def _suspicion(before: DocumentFacts, now: DocumentFacts) -> Refusal | None:
    losses = [
        f"fell from {old:,} {what} to {new:,}"
        for what, old, new in (("entries", before.entries, now.entries), ("KBs", before.kbs, now.kbs))
        if _fell(old, new, _ALLOWED_SHARE[what])
    ]
    if now.current < before.current:
        told = " and ".join([f"is dated {now.current}, before the {before.current} of the one at hand", *losses])
        return _refusal(now, before, Cause.OLDER, told)
    if losses:
        return _refusal(now, before, Cause.SHRUNKEN, " and ".join(losses))
    return None


def _fell(old: int, new: int, share: float) -> bool:
    """Whether more than five and more than the allowed share are gone, or more than half of few."""
    return old - new > max(_ALLOWED_LOSS, old * share) or new * 2 < old


def _refusal(now: DocumentFacts, before: DocumentFacts, cause: Cause, told: str) -> Refusal:
    reason = (
        f"{now.id} {told}; the document of {before.current} is kept until the feed recovers or the loss is accepted"
    )
    return Refusal(id=now.id, cause=cause, reason=reason)


def _vanished(facts: DocumentFacts) -> Refusal:
    reason = f"{facts.id} is no longer in the index; the document of {facts.current} is kept"
    return Refusal(id=facts.id, cause=Cause.VANISHED, reason=reason)
