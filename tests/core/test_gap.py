"""The gap of a machine: one row per KB over all its software."""

from kbgap.core.assess import assess
from kbgap.core.gap import cves_of, gap_of
from kbgap.core.model import Evidence, Installed, ProductFixes, Track, UpdateList
from kbgap.core.project import project
from tests.core.given import cumulative, fixes, listed, reported

EDGE = ProductFixes(
    product="10724-11713",
    software="edge",
    line="18363",
    updates=fixes([cumulative("4540673", 719)])["11713"].updates,
    flaws=fixes([], [("CVE-2020-0768", [])])["11713"].flaws,
    closings=fixes([cumulative("4540673", 719)])["11713"].closings,
)
PUBLISHED = {**fixes([cumulative("4540673", 719), listed("5012170", history_only=True)]), "10724-11713": EDGE}
MACHINE = Evidence(
    products=(Installed(product="11713", software="windows_10"), Installed(product="10724-11713", software="edge")),
    updates=UpdateList(complete=True),
    track=Track.ROLLUP,
    level=reported(657),
)


def test_software_of_one_kb_share_a_row_with_windows_first() -> None:
    """Machine scope of getmissingkbs: [windows_10, edge] (contract 1.2)."""
    findings = {state.software: assess(state, PUBLISHED) for state in project(MACHINE, PUBLISHED)}

    gap = gap_of(findings, MACHINE, PUBLISHED, "windows_10")

    (row,) = gap.missing
    assert (row.kb, row.software) == ("4540673", ("windows_10", "edge"))
    assert row.cves == ("CVE-2020-0673", "CVE-2020-0768")
    assert [unknown.kb for unknown in gap.unknown] == ["5012170"]


def test_the_count_of_cves_does_not_depend_on_what_is_open() -> None:
    """CveAddressed is a fact of the catalogue (semantics 3.6)."""
    assert cves_of(EDGE, "4540673") == {"CVE-2020-0768"}
    assert cves_of(EDGE, "1") == frozenset()
