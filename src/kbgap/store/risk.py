"""Tell on which machines the risk of a CVE is accepted: by its own id, or because every KB that closes it there is.

An accepted risk changes no count and hides no row: it is shown beside them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kbgap.store.accepted import AcceptedRisk
from kbgap.store.counts import WHOLE_TENANT
from kbgap.store.cves import Addressed
from kbgap.store.effect import Effect
from kbgap.store.exposed import Exposed


@dataclass(frozen=True, slots=True)
class Accepted:
    """The CVEs and KBs whose risk is accepted for some machines."""

    cves: frozenset[str] = frozenset()
    kbs: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.cves or self.kbs)

    def __or__(self, other: "Accepted") -> "Accepted":
        return Accepted(self.cves | other.cves, self.kbs | other.kbs)

    def covers(self, effect: Effect, cve: str, addressed: Addressed) -> bool:
        """Whether an open CVE of this gap is accepted."""
        if cve in self.cves:
            return True
        closing = {kb for kb in effect.missing & self.kbs if cve in addressed.get((effect.software, kb), ())}
        if not closing:
            return False
        return all(kb in closing or cve not in addressed.get((effect.software, kb), ()) for kb in effect.missing)

    def concerns(self, effect: Effect, addressed: Addressed) -> frozenset[str]:
        """The open CVEs of this gap of which ``covers`` may be true."""
        by_kb = {cve for kb in effect.missing & self.kbs for cve in addressed.get((effect.software, kb), ())}
        return effect.open_cves & (self.cves | by_kb)

    def has_kb(self, effects: Iterable[Effect], kb: str, addressed: Addressed) -> bool:
        """Whether a KB that is missing in these gaps is accepted, by its number or all that it would close."""
        if kb in self.kbs:
            return True
        closing = [effect.open_cves.intersection(addressed.get((effect.software, kb), ())) for effect in effects]
        cves = frozenset().union(*closing)
        return bool(cves) and cves <= self.cves


def by_group(risks: Iterable[AcceptedRisk]) -> dict[int, Accepted]:
    """What is accepted, by machine group; 0 is everybody."""
    found: dict[int, Accepted] = {}
    for risk in risks:
        one = frozenset({risk.subject})
        accepted = Accepted(cves=one) if risk.is_cve else Accepted(kbs=one)
        found[risk.group_id] = found.get(risk.group_id, Accepted()) | accepted
    return found


def accepted_on(
    exposed: Exposed, accepted: Accepted, effects: Mapping[bytes, Effect], addressed: Addressed
) -> Counter[str]:
    """On how many of these machines each CVE is open and accepted."""
    found: Counter[str] = Counter()
    for key, machines in exposed.exposures.items():
        mine = [effects[gap] for gap in exposed.gaps[key]]
        for cve in frozenset().union(*(accepted.concerns(effect, addressed) for effect in mine)):
            if all(accepted.covers(effect, cve, addressed) for effect in mine if cve in effect.open_cves):
                found[cve] += machines
    return found


def software_accepted_on(
    exposed: Exposed, accepted: Accepted, effects: Mapping[bytes, Effect], addressed: Addressed
) -> Counter[str]:
    """On how many of these machines all that is open in a software is accepted, by software."""
    found: Counter[str] = Counter()
    for gap, machines in exposed.by_gap.items():
        effect = effects[gap]
        if effect.open_cves and all(accepted.covers(effect, cve, addressed) for cve in effect.open_cves):
            found[effect.software] += machines
    return found


def kbs_accepted_on(
    exposed: Exposed, accepted: Accepted, effects: Mapping[bytes, Effect], addressed: Addressed
) -> Counter[str]:
    """On how many of these machines each KB is missing whose risk is accepted, by its number or all its open CVEs."""
    found: Counter[str] = Counter()
    for key, machines in exposed.exposures.items():
        mine = [effects[gap] for gap in exposed.gaps[key]]
        for kb in frozenset().union(*(effect.missing for effect in mine)):
            found[kb] += machines if accepted.has_kb(mine, kb, addressed) else 0
    return found


def groups_with(accepted: Mapping[int, Accepted], scopes: Collection[int]) -> list[int]:
    """The machine groups, among those that a caller sees, for which something is accepted that is not for everybody."""
    return sorted(
        group
        for group in accepted
        if group != WHOLE_TENANT and (WHOLE_TENANT in scopes or group in scopes) and accepted[group]
    )
