"""Which updates supersede which, through any number of steps."""

from collections.abc import Iterable, Mapping

Edge = tuple[str, str]  # (newer KB, older KB)


def newer_by_older(edges: Iterable[Edge]) -> dict[str, frozenset[str]]:
    """Direct supersedence turned round: the KBs that name each KB as superseded; self edges are dropped.

    Two KBs name themselves in Microsoft's data (5002191, 5077469; semantics 2, Supercedence).
    """
    direct: dict[str, set[str]] = {}
    for newer, older in edges:
        if newer != older:
            direct.setdefault(older, set()).add(newer)
    return {older: frozenset(newer) for older, newer in direct.items()}


def superseding(kb: str, newer: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Every KB that supersedes ``kb``, itself excluded; ends also where the edges run in a circle."""
    found: set[str] = set()
    waiting = [kb]
    while waiting:
        for candidate in newer.get(waiting.pop(), frozenset()):
            if candidate not in found:
                found.add(candidate)
                waiting.append(candidate)
    return frozenset(found - {kb})
