"""The gap of one machine: its missing and unknown updates, one row per KB over all its software."""

from collections.abc import Iterable, Mapping

from kbgap.core.model import Evidence, Fixes, ProductFixes, Value
from kbgap.core.verdicts import Doubt, Finding, IsMissing, IsNotEntitled, IsUnknown, Lacking


class MissingUpdate(Value, frozen=True):
    """One missing KB: the software that it fixes on this machine (Windows first), and the distinct CVE ids it closes.

    ``cves`` is a fact of the catalogue: every CVE that the KB closes for the machine's products of that software,
    those already closed another way included (semantics 3.6).
    """

    kb: str
    software: tuple[str, ...]
    cves: tuple[str, ...]
    evidence: Lacking


class UnknownUpdate(Value, frozen=True):
    """One KB of which nothing certain can be said, and why."""

    kb: str
    software: tuple[str, ...]
    reason: Doubt


class WithheldUpdate(Value, frozen=True):
    """One KB that the machine lacks and does not get: everybody got the product's updates until that day (ISO)."""

    kb: str
    software: tuple[str, ...]
    free_until: str


class Gap(Value, frozen=True):
    """Missing, unknown and withheld updates; newest release first, then by falling KB number."""

    missing: tuple[MissingUpdate, ...]
    unknown: tuple[UnknownUpdate, ...]
    withheld: tuple[WithheldUpdate, ...] = ()


def gap_of(findings: Mapping[str, Iterable[Finding]], evidence: Evidence, fixes: Fixes, first: str) -> Gap:
    """Join the findings of a machine's software states; ``first`` is the software named first in a row (Windows)."""
    missing: dict[str, dict[str, Lacking]] = {}
    unknown: dict[str, dict[str, Doubt]] = {}
    withheld: dict[str, dict[str, str]] = {}
    for software in sorted(findings, key=lambda name: (name != first, name)):
        for finding in findings[software]:
            match finding.verdict:
                case IsMissing(evidence=lacking):
                    missing.setdefault(finding.kb, {})[software] = lacking
                case IsUnknown(reason=reason):
                    unknown.setdefault(finding.kb, {})[software] = reason
                case IsNotEntitled(free_until=free_until):
                    withheld.setdefault(finding.kb, {})[software] = free_until
                case _:
                    pass
    days = _days(evidence, fixes)

    def newest_first(item: tuple[str, object]) -> tuple[str, int]:
        return days.get(item[0], ""), int(item[0])

    return Gap(
        missing=tuple(
            MissingUpdate(
                kb=kb,
                software=tuple(found),
                cves=cves_closed(kb, found, evidence, fixes),
                evidence=next(iter(found.values())),
            )
            for kb, found in sorted(missing.items(), key=newest_first, reverse=True)
        ),
        unknown=tuple(
            UnknownUpdate(kb=kb, software=tuple(found), reason=next(iter(found.values())))
            for kb, found in sorted(unknown.items(), key=newest_first, reverse=True)
            if kb not in missing
        ),
        withheld=tuple(
            WithheldUpdate(kb=kb, software=tuple(found), free_until=next(iter(found.values())))
            for kb, found in sorted(withheld.items(), key=newest_first, reverse=True)
            if kb not in missing and kb not in unknown
        ),
    )


def cves_closed(kb: str, software: Iterable[str], evidence: Evidence, fixes: Fixes) -> tuple[str, ...]:
    """The distinct CVE ids that the KB closes for the machine's products of some software."""
    names = set(software)
    mine = [fixes[p.product] for p in evidence.products if p.software in names and p.product in fixes]
    return tuple(sorted({cve for product in mine for cve in cves_of(product, kb)}))


def cves_of(product: ProductFixes, kb: str) -> frozenset[str]:
    """The distinct CVE ids that valid rows of one product name the KB for."""
    index = next((i for i, update in enumerate(product.updates) if update.kb == kb), None)
    if index is None:
        return frozenset()
    closings = [closing for closing in product.closings if index in closing.updates and not closing.advisory]
    return frozenset(product.flaws[flaw].cve for closing in closings for flaw in closing.flaws)


def _days(evidence: Evidence, fixes: Fixes) -> dict[str, str]:
    """When each KB of the machine's products was published."""
    mine = [fixes[product.product] for product in evidence.products if product.product in fixes]
    return {update.kb: update.published for product in mine for update in product.updates}
