"""A CVRF document in XML is read whole, and a bad row of it costs that row only."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.msrc_xml import read_xml
from kbgap.catalogue.records import Document, Entry, Remedy, Score, VersionFix
from kbgap.core.errors import Invalid
from kbgap.core.model import Kind
from tests.catalogue.cvrf import HEAD, cvrf_xml, entry_xml, fix_xml

SMALL = cvrf_xml("2020-Mar", entry_xml("CVE-2020-0796", fix_xml("4551762")))


def read(text: str, encoding: str = "utf-8") -> Document:
    """Read a document from text."""
    return read_xml(io.BytesIO(text.encode(encoding)), "march.xml")


def only(text: str) -> Entry:
    """The one entry of a document with this entry."""
    (entry,) = read(cvrf_xml("2020-Mar", text)).entries
    return entry


def kinds(document: Document) -> list[str]:
    """The oddities of a document."""
    return [oddity.kind for oddity in document.oddities]


def outcome(text: str) -> str:
    """The id of the document, or the line with which it is refused."""
    try:
        return read(text).id
    except Invalid as refusal:
        return str(refusal)


def test_a_document_is_read_with_everything_the_catalogue_uses() -> None:
    """Identity, names, dates, severity, score, description, exploit status and the fix."""
    more = (
        '<vuln:Notes><vuln:Note Type="Description">&lt;p&gt;A flaw.&lt;/p&gt;</vuln:Note>'
        '<vuln:Note Type="Tag">SMB</vuln:Note></vuln:Notes>'
        '<vuln:ProductStatuses><vuln:Status Type="Known Affected"><vuln:ProductID>11713</vuln:ProductID></vuln:Status>'
        '<vuln:Status Type="Fixed"><vuln:ProductID>1</vuln:ProductID></vuln:Status></vuln:ProductStatuses>'
        '<vuln:Threats><vuln:Threat Type="Severity"><vuln:Description>Critical</vuln:Description>'
        "<vuln:ProductID>11713</vuln:ProductID></vuln:Threat>"
        '<vuln:Threat Type="Exploit Status"><vuln:Description>Exploited:No</vuln:Description></vuln:Threat>'
        "</vuln:Threats><vuln:CVSSScoreSets><vuln:ScoreSet><vuln:BaseScore>10.0</vuln:BaseScore>"
        "<vuln:Vector>CVSS:3.0/AV:N</vuln:Vector><vuln:ProductID>11713</vuln:ProductID></vuln:ScoreSet>"
        "</vuln:CVSSScoreSets>"
    )
    fix = fix_xml(
        "4551762", SubType="Security Update", Supercedence="4540673", FixedBuild="\t10.0.18363.720 ", URL=" u "
    )
    dates = ("2020-03-23T07:00:00", "2020-03-12T07:00:00", "0001-01-01T00:00:00")

    document = read(cvrf_xml("2020-Mar", entry_xml("CVE-2020-0796", fix, dates=dates, more=more)))

    assert (document.id, document.title) == ("2020-Mar", "March 2020 Security Updates")
    assert (document.initial, document.current) == ("2020-03-10T07:00:00", "2020-03-12T07:00:00")
    assert document.products == {"11713": ("Windows 10 Version 1909 for x64-based Systems",)}
    assert document.remediations == 1
    assert document.entries == (
        Entry(
            id="CVE-2020-0796",
            title="SMB flaw",
            published="2020-03-12",
            revised="2020-03-23",
            description="A flaw.",
            exploit="Exploited:No",
            affected=("11713",),
            severities={"11713": "Critical"},
            scores=(Score(base=10.0, vector="CVSS:3.0/AV:N", products=("11713",)),),
            remedies=(
                Remedy(
                    kb="4551762",
                    kind=Kind.SECURITY,
                    subtype="Security Update",
                    url="u",
                    supersedes=("4540673",),
                    fixed_build="10.0.18363.720",
                    products=("11713",),
                ),
            ),
        ),
    )
    assert document.oddities == ()


def test_a_known_issue_is_never_a_fix() -> None:
    """It names a KB, as fixes do, and carries nothing that fixes."""
    entry = only(entry_xml("CVE-2022-1", fix_xml("5020880", kind="Known Issue")))

    assert (entry.remedies, entry.version_fixes, entry.known_issue_kbs) == ((), (), ("5020880",))


def test_release_notes_with_a_kb_are_no_fix() -> None:
    """Their SubType holds KB digits that belong to a fix row elsewhere."""
    entry = only(entry_xml("CVE-2022-1", fix_xml("4540673", kind="Release Notes", SubType="4540673")))

    assert (entry.remedies, entry.version_fixes) == ((), ())


def test_a_fix_without_a_kb_counts_by_its_version() -> None:
    """Click to Run, Release Notes in any spelling, Linux packages: FixedBuild tells the version, or nothing does."""
    fixes = (
        fix_xml("Releaase Notes", FixedBuild="80.0.361.69"),
        fix_xml("Click to Run", FixedBuild="-"),
        fix_xml("Commit"),
    )

    entry = only(entry_xml("CVE-2020-6418", *fixes))

    assert entry.remedies == ()
    assert entry.version_fixes == (VersionFix(label="Releaase Notes", fixed_build="80.0.361.69", products=("11713",)),)


def test_types_are_compared_without_case_and_blanks() -> None:
    """Known as vendorFix or as Vendor Fix, it is the same."""
    entry = only(entry_xml("CVE-2020-1", fix_xml("4540673", kind="vendorFix"), fix_xml("1", kind="WORKAROUND")))

    assert [remedy.kb for remedy in entry.remedies] == ["4540673"]


def test_self_supersedence_is_kept() -> None:
    """Compiling drops and counts it; reading tells what stands there."""
    entry = only(entry_xml("CVE-2020-1", fix_xml("5002191", Supercedence="5002191")))

    assert entry.remedies[0].supersedes == ("5002191",)


def test_scores_with_one_vector_are_joined() -> None:
    """Microsoft writes one score set for each product."""
    sets = "".join(
        f"<vuln:ScoreSet><vuln:BaseScore>{base}</vuln:BaseScore><vuln:Vector>V</vuln:Vector>"
        f"<vuln:ProductID>{product}</vuln:ProductID></vuln:ScoreSet>"
        for base, product in (("7.8", "1"), ("7.8", "2"), ("5.5", "3"), ("many", "4"), ("11", "5"), ("nan", "6"))
    )

    document = read(cvrf_xml("2020-Mar", entry_xml(more=f"<vuln:CVSSScoreSets>{sets}</vuln:CVSSScoreSets>")))

    scores = document.entries[0].scores
    assert [(score.base, score.products) for score in scores] == [(7.8, ("1", "2")), (5.5, ("3",))]
    assert kinds(document) == ["unreadable score"] * 3


def test_one_product_may_have_two_names() -> None:
    """The nested and the flat list are joined; names that differ by blanks only are one."""
    tree = (
        '<prod:Branch><prod:FullProductName ProductID="1">Windows  Server</prod:FullProductName></prod:Branch>'
        '<prod:FullProductName ProductID="1">Windows Server</prod:FullProductName>'
        '<prod:FullProductName ProductID="1">Windows Server 2019</prod:FullProductName>'
        "<prod:FullProductName>nameless</prod:FullProductName>"
    )
    text = cvrf_xml("2020-Mar", products={}).replace("<prod:ProductTree>", f"<prod:ProductTree>{tree}")

    document = read(text)

    assert document.products == {"1": ("Windows Server", "Windows Server 2019")}
    assert kinds(document) == ["product without id or name"]


def test_bad_rows_become_oddities_and_their_neighbours_stay() -> None:
    """A fix without product, a broken date, an unknown word, an entry without id: skipped and told, not fatal."""
    document = read(
        cvrf_xml(
            "2020-Mar",
            entry_xml("", fix_xml()),
            entry_xml(
                "CVE-2020-1",
                fix_xml("4540670", products=()),
                fix_xml("4540671", SubType="Security Upgrade", Supercedence="5013868, 50185"),
                fix_xml("4540672", kind="Vendor Fox"),
                fix_xml("someone", kind="Known Issue"),
                fix_xml("4540673", Supercedence="MS15-131"),
                dates=("12.03.2020", "2020-03-13T07:00:00"),
            ),
            entry_xml("CVE-2020-2", fix_xml("4540674")),
        )
    )

    assert [[remedy.kb for remedy in entry.remedies] for entry in document.entries] == [
        ["4540671", "4540673"],
        ["4540674"],
    ]
    assert document.entries[0].published == "2020-03-13"
    assert document.remediations == 7
    assert kinds(document) == [
        "entry without id",
        "unreadable date",
        "fix without a product",
        "unknown SubType",
        "unreadable Supercedence",
        "unknown remediation type",
        "Supercedence names bulletins only",
        "known issue without a KB",
    ]


def test_an_entry_that_stands_twice_is_kept_twice_and_told() -> None:
    """Which of the two is right is not for reading to say."""
    document = read(cvrf_xml("2020-Mar", entry_xml("CVE-2025-38501"), entry_xml("CVE-2025-38501")))

    assert len(document.entries) == 2
    assert kinds(document) == ["entry given more than once"]


def test_oddities_without_end_are_counted_not_kept() -> None:
    """A document of nothing but dirt does not fill the memory."""
    document = read(cvrf_xml("2020-Mar", entry_xml("CVE-2020-1", *[fix_xml(kind="?")] * 1_500)))

    assert len(document.oddities) == 1_001
    assert document.oddities[-1].text == "500 more"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_the_encoding_is_told_by_mark_or_declaration(encoding: str) -> None:
    """With a byte-order mark, or with what the XML declaration says."""
    declared = {"latin-1": "iso-8859-1", "utf-16": "utf-16"}.get(encoding, "utf-8")
    text = f'<?xml version="1.0" encoding="{declared}"?>' + SMALL.replace("SMB flaw", "Fenêtre")

    assert read(text, encoding).entries[0].title == "Fenêtre"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "march.xml, line 1, column 1: not complete XML: no element found; fetch the document again"),
        (SMALL[:-200], "march.xml, line 1, column 859: not complete XML: unclosed token"),
        (SMALL.replace("</vuln:CVE>", ""), "not complete XML: mismatched tag"),
        (SMALL.replace("SMB flaw", "SMB \x00 flaw"), "not complete XML: not well-formed"),
        ("<html><body>502</body></html>", "march.xml: the root element is html, not cvrfdoc of CVRF 1.1"),
        ('<cvrfdoc xmlns="http://docs.oasis-open.org/csaf/ns/csaf-cvrf/v1.2/cvrf"/>', "not cvrfdoc of CVRF 1.1"),
        (f"{HEAD}</cvrf:cvrfdoc>", "the document's ID is '', not one like 2020-Mar"),
        (cvrf_xml("../../etc/passwd"), "the document's ID is '../../etc/passwd'"),
        (cvrf_xml(current="soon"), "the document has no readable CurrentReleaseDate"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + SMALL, "march.xml: XML with a DOCTYPE is refused"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + SMALL, "XML with a DOCTYPE is refused"),
        ('<?xml version="1.0" encoding="klingon"?>' + SMALL, "unknown encoding"),
        ('<?xml version="1.0" encoding="utf-7"?>' + SMALL, "march.xml"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(text: str, told: str) -> None:
    """With the place, the reason and the remedy."""
    with pytest.raises(Invalid) as refusal:
        read(text)

    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_text_in_another_encoding_than_declared_is_refused() -> None:
    """Half a name would be worse than none."""
    with pytest.raises(Invalid, match="not well-formed"):
        read(SMALL.replace("SMB flaw", "Fenêtre"), "latin-1")


@given(st.integers(0, len(SMALL) - 1), st.sampled_from(["", "<", "&", "\x00", "</", "é", '"']))
def test_a_damaged_document_is_read_or_refused_but_never_crashes(place: int, put: str) -> None:
    """Cutting it or putting something in gives a document or one clear line."""
    for text in (SMALL[:place] + put, SMALL[:place] + put + SMALL[place:]):
        assert "\n" not in outcome(text)
