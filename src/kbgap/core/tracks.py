"""Which of several updates that close the same CVE a machine is offered (semantics 3.5)."""

from collections.abc import Sequence
from functools import cache

from kbgap.core.model import Kind, Track

_PREFERENCE: dict[Track, dict[Kind, int]] = {
    # Lower is preferred; a kind that is absent is never offered on that track.
    Track.ROLLUP: {
        Kind.SECURITY: 0,
        Kind.ROLLUP: 0,
        Kind.SERVICING_STACK: 0,
        Kind.SETUP: 0,
        Kind.OTHER: 0,
        Kind.STANDALONE: 1,
        Kind.IE_CUMULATIVE: 2,
        Kind.SECURITY_ONLY: 2,
        Kind.PREVIEW_ROLLUP: 3,
    },
    Track.SECURITY_ONLY: {
        Kind.SECURITY: 0,
        Kind.SECURITY_ONLY: 0,
        Kind.IE_CUMULATIVE: 0,
        Kind.STANDALONE: 0,
        Kind.SERVICING_STACK: 0,
        Kind.SETUP: 0,
        Kind.OTHER: 0,
        Kind.ROLLUP: 1,
        Kind.PREVIEW_ROLLUP: 2,
    },
    Track.HOTPATCH: {
        Kind.HOTPATCH: 0,
        Kind.STANDALONE: 0,
        Kind.SECURITY_ONLY: 0,
        Kind.SECURITY: 1,
        Kind.SERVICING_STACK: 1,
        Kind.SETUP: 1,
        Kind.OTHER: 1,
        Kind.ROLLUP: 1,  # what Microsoft calls .NET's updates, also where Windows itself is hotpatched
        Kind.IE_CUMULATIVE: 2,
        Kind.PREVIEW_ROLLUP: 3,
    },
}


def offered(kinds: Sequence[Kind], track: Track) -> tuple[int, ...]:
    """The positions in ``kinds`` of the alternatives that the track prefers; all others are left out."""
    return _offered(tuple(kinds), track)


@cache  # few combinations of kinds ever close the same CVE
def _offered(kinds: tuple[Kind, ...], track: Track) -> tuple[int, ...]:
    preference = _PREFERENCE[track]
    ranks = [preference.get(kind) for kind in kinds]
    best = min((rank for rank in ranks if rank is not None), default=None)
    return tuple(position for position, rank in enumerate(ranks) if rank is not None and rank == best)
