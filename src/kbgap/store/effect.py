"""What one machine in a software state adds to the counts."""

from collections.abc import Iterable

from kbgap.core.model import Value
from kbgap.core.verdicts import Finding, IsMissing, IsNotEntitled


class Effect(Value, frozen=True):
    """The software that a machine has, the KBs that it misses there and the CVEs that are open there."""

    software: str
    missing: frozenset[str]
    open_cves: frozenset[str]


def effect_of(software: str, findings: Iterable[Finding]) -> Effect:
    """What a machine adds whose state has these findings; unknown updates add nothing.

    What it is not entitled to adds no missing KB, but its CVEs are open all the same.

    It has the software, also where a doubt remains which of its products: without the architecture, for example, it is
    certain that it is Windows 10.
    """
    lacking = [finding for finding in findings if isinstance(finding.verdict, (IsMissing, IsNotEntitled))]
    return Effect(
        software=software,
        missing=frozenset([finding.kb for finding in lacking if isinstance(finding.verdict, IsMissing)]),
        open_cves=frozenset().union(*[finding.open_cves for finding in lacking]),
    )
