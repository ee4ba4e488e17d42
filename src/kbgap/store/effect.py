"""What one machine in a software state adds to the counts."""

from collections.abc import Iterable

from kbgap.core.model import Value
from kbgap.core.verdicts import Finding, IsMissing


class Effect(Value, frozen=True):
    """The software that a machine has, the KBs that it misses there and the CVEs that are open there."""

    software: str
    missing: frozenset[str]
    open_cves: frozenset[str]


def effect_of(software: str, findings: Iterable[Finding]) -> Effect:
    """What a machine adds whose state has these findings; unknown updates add nothing.

    It has the software, also where a doubt remains which of its products: without the architecture, for example, it is
    certain that it is Windows 10.
    """
    missing = [finding for finding in findings if isinstance(finding.verdict, IsMissing)]
    return Effect(
        software=software,
        missing=frozenset(finding.kb for finding in missing),
        open_cves=frozenset(cve for finding in missing for cve in finding.open_cves),
    )
