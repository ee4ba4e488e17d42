"""The facts of CVEs come from the catalogue, each in the form of the API."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from kbgap.catalogue.records import Document, Score
from kbgap.operations.cve_facts import cve_rows
from kbgap.store.cves import CveRow
from tests.builders import WINDOWS_1909, a_catalogue, a_document, an_update


def facts(folder: Path, **members: object) -> CveRow:
    """The facts of the one CVE of a catalogue, whose entry has these members."""
    document = a_document("March 2020", "2020-03-10", an_update("4540673", ["CVE-2020-0701"], WINDOWS_1909))
    entry = msgspec.structs.replace(document.entries[0], **members)
    with a_catalogue(folder, msgspec.structs.replace(document, entries=(entry,))) as catalogue:
        (row,) = cve_rows(catalogue)
        return row


def test_severity_score_and_days(tmp_path: Path) -> None:
    """Microsoft's words become the API's, the highest score counts, and days are moments in UTC."""
    row = facts(
        tmp_path,
        title="A flaw",
        description="Long text.",
        severities={WINDOWS_1909: "Important"},
        scores=(
            Score(base=5.5, vector="low", products=()),
            Score(base=7.8, vector="CVSS:3.1/AV:L", products=()),
        ),
        revised="2020-04-02",
    )

    assert (row.severity, row.cvss, row.vector) == ("High", 7.8, "CVSS:3.1/AV:L")
    assert row.description == "A flaw\n\nLong text."
    assert row.published_at == datetime(2020, 3, 10, tzinfo=UTC)
    assert row.updated_at == datetime(2020, 4, 2, tzinfo=UTC)
    assert row.first_patch_at == datetime(2020, 3, 10, tzinfo=UTC)


def test_without_a_score(tmp_path: Path) -> None:
    """The contract forbids null: Low with 0.0 (semantics 3.10)."""
    row = facts(tmp_path)

    assert (row.severity, row.cvss, row.vector) == ("Low", 0.0, None)


@pytest.mark.parametrize(
    ("text", "exploited", "disclosed"),
    [
        ("Publicly Disclosed:Yes;Exploited:Yes;Latest Software Release:Exploitation Detected", True, True),
        ("Publicly Disclosed:No;Exploited:No;Latest Software Release:Exploitation More Likely", False, False),
        ("Publicly Disclosed: Yes; Exploited: No", False, True),
        ("DOS:N/A", False, False),
        ("", False, False),
    ],
)
def test_what_microsoft_says_of_exploits(tmp_path: Path, text: str, exploited: bool, disclosed: bool) -> None:
    """Only a plain Yes is one: "more likely" is a guess."""
    row = facts(tmp_path, exploit=text)

    assert (row.is_exploited, row.is_disclosed) == (exploited, disclosed)


def test_advisories_and_foreign_software_are_left_out(tmp_path: Path) -> None:
    """They are no CVEs, or on no machine here."""
    document: Document = a_document(
        "March 2020",
        "2020-03-10",
        an_update("4540673", ["CVE-2020-0701", "ADV200001"], WINDOWS_1909),
        an_update("4540674", ["CVE-2020-0702"], "Linux"),
    )

    with a_catalogue(tmp_path, document) as catalogue:
        assert [row.cve for row in cve_rows(catalogue)] == ["CVE-2020-0701"]
