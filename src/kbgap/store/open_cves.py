"""Load which CVEs are open in a state, with the KB that closes each, and keep it in memory in a small form."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from kbgap.core.verdicts import Finding, IsMissing, IsNotEntitled
from kbgap.store import schema
from kbgap.store.packing import in_pieces, unpack
from kbgap.store.recent import Recent
from kbgap.store.tenants import TenantKey

_KEPT = 4_000_000  # open CVEs of states, 8 bytes each; the largest states have thousands
_STATE = 50  # what a state weighs beside them
_SHARED = 131_072  # different open CVEs, which those states share: without that they would take some hundred MB


class OpenCve(NamedTuple):
    """One CVE that is open in a software, and one KB that closes it there; ordered by their texts."""

    software: str
    cve: str
    kb: str


class StateCves(NamedTuple):
    """What is open in a state: ``version`` is that of the software, where the state knows it."""

    key: bytes
    software: str
    version: str | None
    open_cves: tuple[OpenCve, ...]


class OpenCves:
    """What is open in states, read once and then kept: facts about digests, true for every tenant and for ever."""

    def __init__(self, *, limit: int = _KEPT) -> None:
        self._states: Recent[tuple[str, bytes], StateCves] = Recent(limit, _weight_of)

    def of(
        self, connection: Connection, tenant: TenantKey, revision: str, states: Collection[bytes]
    ) -> dict[bytes, StateCves]:
        """What is open in each of these states at a revision."""
        found = {key: known for key in states if (known := self._states.get((revision, key))) is not None}
        for key, loaded in _load(connection, tenant, revision, [k for k in states if k not in found]):
            self._states.put((revision, key), loaded)
            found[key] = loaded
        return found


def _weight_of(state: StateCves) -> int:
    return len(state.open_cves) + _STATE


def _load(
    connection: Connection, tenant: TenantKey, revision: str, states: Collection[bytes]
) -> Iterable[tuple[bytes, StateCves]]:
    state, judged = schema.software_state, schema.judgement
    joined = state.join(judged, and_(judged.c.tenant_id == state.c.tenant_id, judged.c.state == state.c.state))
    columns = (state.c.state, state.c.software, state.c.version, judged.c.body)
    for piece in in_pieces(states):
        mine = and_(state.c.tenant_id == tenant, state.c.state.in_(piece), judged.c.revision == revision)
        for key, software, version, body in connection.execute(select(*columns).select_from(joined).where(mine)):
            name = intern(software)
            findings = unpack(body, tuple[Finding, ...])
            yield key, StateCves(key, name, version, tuple(sorted(_open(name, findings))))


def _open(software: str, findings: Iterable[Finding]) -> Iterable[OpenCve]:
    for finding in findings:
        if isinstance(finding.verdict, IsMissing | IsNotEntitled):
            kb = intern(finding.kb)
            for cve in finding.open_cves:
                yield _open_cve(software, intern(cve), kb)


@lru_cache(maxsize=_SHARED)
def _open_cve(software: str, cve: str, kb: str) -> OpenCve:
    return OpenCve(software, cve, kb)
