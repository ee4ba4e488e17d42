"""Look at a product's fixes as of an earlier day, with today's knowledge of that day."""

import msgspec

from kbgap.core.model import Closing, ProductFixes


def as_of(published: ProductFixes, day: str) -> ProductFixes:
    """Only the rows dated on or before ``day`` (ISO); a row's date is the later of its CVE's and its KB's.

    Documents are revised for years, so this is what today's catalogue says of that day, not what was known then.
    """
    updates = {index for index, update in enumerate(published.updates) if update.published <= day}
    flaws = {index for index, flaw in enumerate(published.flaws) if flaw.published <= day}
    closings = []
    for closing in published.closings:
        left = tuple(index for index in closing.updates if index in updates)
        open_then = tuple(index for index in closing.flaws if index in flaws)
        if left and open_then:
            closings.append(msgspec.structs.replace(closing, updates=left, flaws=open_then))
    return msgspec.structs.replace(published, **_reduced(published, sorted(updates), tuple(closings)))


def _reduced(published: ProductFixes, kept: list[int], closings: tuple[Closing, ...]) -> dict[str, tuple[object, ...]]:
    """Leave out the updates of later days too, so that they are not reported as covered or unknown."""
    place = {old: new for new, old in enumerate(kept)}
    moved = tuple(
        msgspec.structs.replace(closing, updates=tuple(place[index] for index in closing.updates))
        for closing in closings
    )
    return {"updates": tuple(published.updates[index] for index in kept), "closings": moved}
