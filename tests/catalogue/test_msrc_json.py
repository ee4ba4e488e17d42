"""A CVRF document in JSON means what the same document means in XML, in both versions."""

import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.msrc_json import decode_json, read_json
from kbgap.catalogue.offers import Offer
from kbgap.catalogue.records import Document
from kbgap.core.errors import Invalid
from kbgap.core.model import Kind
from tests.catalogue.cvrf import cvrf_json, entry_json, fix_json

SMALL = json.dumps(cvrf_json(entry_json(fix_json("4551762"))))


def read(data: object) -> Document:
    """Read a document from what JSON decodes to."""
    return read_json(data, "march.json")


def unpacked(path: Path) -> bytes:
    """The content of a .zst file."""
    return zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()


def outcome(data: bytes) -> str:
    """The id of the document, or the line with which it is refused."""
    try:
        return read(decode_json(data, "march.json")).id
    except Invalid as refusal:
        return str(refusal)


@pytest.mark.parametrize("id", ["2020-Mar", "2025-Oct", "2026-Jun"])
def test_json_and_xml_give_the_same_document(id: str, shared_data: Path, real_offer: Offer) -> None:
    """Three real months in both formats, to the last field."""
    path = shared_data / "msrc-cvrf-json" / "derived-v3" / f"{id}.json.zst"
    (from_xml,) = (document for document in real_offer.documents if document.id == id)

    from_json = read(decode_json(unpacked(path), "json"))

    assert from_json == from_xml


@pytest.mark.parametrize(
    ("name", "id", "entries", "known_issues"), [("2020-dec", "2020-Dec", 59, 29), ("2021-jan", "2021-Jan", 83, 64)]
)
def test_version_2_as_the_service_sent_it(
    name: str, id: str, entries: int, known_issues: int, shared_data: Path
) -> None:
    """Two documents of January 2021: number 5 is a known issue there, and no row is a riddle."""
    document = read(decode_json(unpacked(shared_data / "msrc-cvrf-json" / f"{name}.json.zst"), "json"))

    assert (document.id, len(document.entries), document.oddities) == (id, entries, ())
    assert sum(bool(entry.known_issue_kbs) for entry in document.entries) == known_issues
    assert all(entry.published for entry in document.entries)


@pytest.mark.parametrize(
    ("code", "remedies", "known_issues"), [(0, 0, 0), (1, 0, 0), (2, 1, 0), (3, 0, 0), (5, 0, 1), (6, 0, 1)]
)
def test_numbers_of_both_versions_are_read(code: int, remedies: int, known_issues: int) -> None:
    """0 workaround, 1 mitigation, 2 vendor fix, 3 release notes, 5 and 6 known issue."""
    document = read(cvrf_json(entry_json(fix_json("4540673", kind=code))))

    (entry,) = document.entries
    assert (len(entry.remedies), len(entry.known_issue_kbs)) == (remedies, known_issues)
    assert document.oddities == ()


def test_threats_statuses_notes_and_scores_have_their_numbers() -> None:
    """Threat 1 exploit and 3 severity, status 3 known affected, note 2 description; a CWE list does no harm."""
    entry = entry_json(
        fix_json(SubType="Monthly Rollup", FixedBuild="6.1.7601.24540"),
        CWE=[{"ID": "CWE-787"}],
        Threats=[
            {"Type": 0, "Description": {"Value": "Spoofing"}, "ProductID": ["1"]},
            {"Type": 1, "Description": {"Value": "Exploited:Yes"}},
            {"Type": 3, "Description": {"Value": "Important"}, "ProductID": ["1", "2"]},
        ],
        ProductStatuses=[{"Type": 3, "ProductID": ["1", "2"]}, {"Type": 1, "ProductID": ["9"]}],
        Notes=[{"Type": 7, "Value": "SMB"}, {"Type": 2, "Value": "<p>A flaw.</p>"}],
        CVSSScoreSets=[{"BaseScore": 8, "Vector": "V", "ProductID": ["1"]}],
    )

    (read_entry,) = read(cvrf_json(entry)).entries

    assert (read_entry.exploit, read_entry.severities) == ("Exploited:Yes", {"1": "Important", "2": "Important"})
    assert (read_entry.affected, read_entry.description) == (("1", "2"), "A flaw.")
    assert [(score.base, score.products) for score in read_entry.scores] == [(8.0, ("1",))]
    assert read_entry.remedies[0].kind is Kind.ROLLUP


def test_names_come_from_the_nested_and_the_flat_list() -> None:
    """In this order, as in XML."""
    tree = {
        "Branch": [{"Items": [{"Items": [{"ProductID": "1", "Value": "One"}]}, {"ProductID": "2", "Value": "Two"}]}],
        "FullProductName": [{"ProductID": "1", "Value": "One again"}],
    }

    assert read(cvrf_json(ProductTree=tree)).products == {"1": ("One", "One again"), "2": ("Two",)}


def test_members_of_the_wrong_type_become_oddities_with_their_path() -> None:
    """The row without them is read as far as it goes, and its neighbours stay."""
    document = read(
        cvrf_json(
            "not an entry",
            entry_json(
                fix_json("4540670", ProductID="11713"),
                fix_json("4540671", ProductID=[11713, "11712"], Supercedence=4540670),
                fix_json("4540672", kind=99),
                ["not a fix"],
                fix_json("4540673", Type=None),
                Title=[],
                Threats={"Type": 3},
                RevisionHistory=[{"Date": 20200312}],
            ),
            entry_json(fix_json("4540674"), CVE="CVE-2020-2"),
        )
    )

    assert [[remedy.kb for remedy in entry.remedies] for entry in document.entries] == [["4540671"], ["4540674"]]
    assert document.entries[0].remedies[0].products == ("11712",)
    wrong = [oddity.where for oddity in document.oddities if oddity.kind == "wrong type"]
    assert wrong == [
        "Vulnerability[0]",
        "Vulnerability[1].Title",
        "Vulnerability[1].RevisionHistory[0].Date",
        "Vulnerability[1].Threats",
        "Vulnerability[1].Remediations[0].ProductID",
        "Vulnerability[1].Remediations[1].Supercedence",
        "Vulnerability[1].Remediations[1].ProductID",
        "Vulnerability[1].Remediations[3]",
        "Vulnerability[1].Remediations[4].Type",
    ]
    assert "unknown remediation type" in {oddity.kind for oddity in document.oddities}


def test_a_tree_without_end_is_cut() -> None:
    """Branches in branches are followed twenty deep, which is eighteen more than there are."""
    tree: dict[str, Any] = {"ProductID": "1", "Value": "One"}
    for _ in range(100):
        tree = {"Items": [tree]}

    document = read(cvrf_json(ProductTree={"Branch": [tree]}))

    assert document.products == {}
    assert [oddity.kind for oddity in document.oddities] == ["product tree nested too deep"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "march.json, line 1, column 1: not complete JSON"),
        (SMALL.encode()[:-20], "march.json, line 1, column"),
        (b'{"a": 1,\n "b" 2}', "march.json, line 2, column 6: not complete JSON: Expecting ':' delimiter"),
        (b'{"DocumentTracking": NaN}', "march.json: not JSON: NaN is not JSON"),
        (b"1" * 5000, "march.json: not JSON"),
        ('{"a": "é"}'.encode("latin-1"), "march.json: JSON that is not Unicode; save it as UTF-8"),
        (b"[" * 100_000, "march.json: JSON nested too deep"),
        (b"[]", "march.json: no CVRF document"),
        (b'{"openapi": "3.0.1"}', "march.json: no CVRF document"),
        (b'{"DocumentTracking": [], "Vulnerability": []}', "march.json: no CVRF document"),
        (b'{"DocumentTracking": {}, "Vulnerability": []}', "march.json: the document's ID is ''"),
        (b'{"DocumentTracking": {}, "Vulnerability": 5}', "march.json: no CVRF document"),
        (
            b'{"DocumentTracking": {"Identification": [1]}, "Vulnerability": null}',
            "march.json: the document's ID is ''",
        ),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(data: bytes, told: str) -> None:
    """With line and column where there is one, the reason and the remedy."""
    assert told in outcome(data)
    assert "\n" not in outcome(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_any_unicode_encoding_is_read(encoding: str) -> None:
    """JSON has no declaration; the first bytes tell."""
    assert outcome(SMALL.encode(encoding)) == "2020-Mar"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from(["Title", "CVE", "Remediations", "RevisionHistory", "Threats", "CVSSScoreSets", "Notes"]),
    json_values,
)
def test_any_value_in_any_member_is_read_or_told(member: str, value: object) -> None:
    """The entry beside it is read all the same."""
    damaged = {**entry_json(fix_json()), member: value}

    document = read(cvrf_json(damaged, entry_json(fix_json("4540674"), CVE="CVE-2020-2")))

    assert document.entries[-1].remedies[0].kb == "4540674"


@given(
    st.sampled_from(["Type", "Description", "ProductID", "URL", "SubType", "Supercedence", "FixedBuild"]), json_values
)
def test_any_value_in_any_member_of_a_fix_is_read_or_told(member: str, value: object) -> None:
    """The fix beside it is read all the same."""
    damaged = {**fix_json(), member: value}

    (entry,) = read(cvrf_json(entry_json(damaged, fix_json("4540674")))).entries

    assert entry.remedies[-1].kb == "4540674"


@given(st.sampled_from(["DocumentTitle", "DocumentTracking", "ProductTree", "Vulnerability"]), json_values)
def test_any_value_at_the_top_is_read_or_refused(member: str, value: object) -> None:
    """Never a crash."""
    assert "\n" not in outcome(json.dumps({**cvrf_json(entry_json(fix_json())), member: value}).encode())


@given(st.integers(0, len(SMALL) - 1))
def test_a_cut_document_is_refused(place: int) -> None:
    """Wherever it is cut."""
    assert outcome(SMALL.encode()[:place]).startswith("march.json")
