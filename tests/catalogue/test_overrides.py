"""Corrections change exactly what they name, count it, and leave everything else the object that it was."""

from dataclasses import dataclass

import msgspec
import pytest

from kbgap.catalogue.override_files import parse_overrides
from kbgap.catalogue.overrides import Overrides, apply, load_overrides
from kbgap.catalogue.records import Document, Entry, Remedy, Score, VersionFix
from kbgap.core.errors import Invalid
from kbgap.core.model import Kind

SUPPORT = 'reason = "why"\nsource = "who says so"\ndate = 2026-07-06\n'
TYPO = f'[[override]]\nkb = "5055526"\nwas = "10.0.20348.3328"\nnow = "10.0.20348.3453"\n{SUPPORT}'
VERSION = f'[[override]]\ncve = "CVE-2025-0001"\nwas = "109.0.15.18.78"\nnow = "109.0.1518.78"\n{SUPPORT}'
SISTERS = f"""[[override]]
product = "11800"
name = "Windows 10 Version 20H2 for x64-based Systems"
sisters = ["11801", "11802"]
{SUPPORT}"""
X86 = "Windows 10 Version 20H2 for 32-bit Systems"


@dataclass(frozen=True, slots=True)
class Given:
    """A document with one entry, as most tests want it."""

    document: Document

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The rows of its entry."""
        return self.document.entries[0].remedies


def a_remedy(
    kb: str = "5055526", *products: str, fixed_build: str = "", url: str = "", kind: Kind = Kind.SECURITY
) -> Remedy:
    """One Vendor Fix row."""
    return Remedy(kb=kb, kind=kind, subtype="", url=url, supersedes=(), fixed_build=fixed_build, products=products)


def a_document(*remedies: Remedy, **names: str) -> Document:
    """A document with one entry; ``names`` are p11801=..., of products in its tree."""
    products: dict[str, tuple[str, ...]] = {
        key.removeprefix("p").replace("_", "-"): (name,) for key, name in names.items()
    }
    entry = Entry(id="CVE-2025-0001", title="", published="2025-04-08", revised="", remedies=remedies)
    return Document(id="2025-Apr", title="", initial="", current="", products=products, entries=(entry,))


def overridden(document: Document, **files: str) -> tuple[Given, dict[str, int]]:
    """The document after these override files, and the rows that each entry changed."""
    (corrected,), use = apply([document], parse_overrides({f"{name}.toml": text for name, text in files.items()}))
    return Given(corrected), use.rows


# --- rows -----------------------------------------------------------------------------------------------------------


def test_a_mistyped_build_is_replaced_where_it_stands() -> None:
    """The same KB with the right build, and another KB with the wrong one, stay as they are."""
    wrong = a_remedy("5055526", "11923", fixed_build="10.0.20348.3328")
    right = a_remedy("5055526", "11924", fixed_build="10.0.20348.3453")
    other = a_remedy("5055527", "11923", fixed_build="10.0.20348.3328")

    corrected, rows = overridden(a_document(wrong, right, other), fixed_builds=TYPO)

    builds = [remedy.fixed_build for remedy in corrected.remedies]
    assert builds == ["10.0.20348.3453", "10.0.20348.3453", "10.0.20348.3328"]
    assert rows == {"fixed_builds: KB5055526 10.0.20348.3328": 1}


def test_a_mistyped_version_is_replaced_in_the_row_without_a_kb() -> None:
    """Only in the CVE that the entry names, and only where the row says exactly that."""
    wrong, right = (VersionFix(label="", fixed_build=text, products=("11655",)) for text in ("109.0.15.18.78", "109.1"))
    document = a_document(a_remedy("1", "2"))
    entry = msgspec.structs.replace(document.entries[0], version_fixes=(wrong, right))
    other = msgspec.structs.replace(entry, id="CVE-2025-0002")
    given = msgspec.structs.replace(document, entries=(entry, other))

    (corrected,), use = apply([given], parse_overrides({"version_fixes.toml": VERSION}))

    mended, same = corrected.entries
    assert [fix.fixed_build for fix in mended.version_fixes] == ["109.0.1518.78", "109.1"]
    assert mended.remedies == entry.remedies
    assert same is other
    assert use.rows == {"version_fixes: CVE-2025-0001 109.0.15.18.78": 1}
    assert use.products == {"version_fixes: CVE-2025-0001 109.0.15.18.78": {"11655"}}


def test_a_wrong_product_is_taken_off_and_an_empty_row_with_it() -> None:
    """A row without products fixes nothing; one that had none before is none of our business."""
    shared = a_remedy("5094126", "12436", "12390")
    alone = a_remedy("5094126", "12436")
    nothing = a_remedy("5094126")
    text = f'[[override]]\nkb = "5094126"\nproducts = ["12436", "12437"]\n{SUPPORT}'

    corrected, rows = overridden(a_document(shared, alone, nothing), wrong_products=text)

    assert [remedy.products for remedy in corrected.remedies] == [("12390",), ()]
    assert list(rows.values()) == [2]


def test_a_wrong_product_can_be_replaced_by_the_right_one() -> None:
    """Microsoft once took the id without a service pack; the right one is not doubled where it stands beside it."""
    text = f'[[override]]\nkb = "3141083"\nproducts = ["10285"]\ninstead = "10287"\n{SUPPORT}'
    document = a_document(a_remedy("3141083", "10285"), a_remedy("3141083", "10285", "10287"))

    corrected, _ = overridden(document, wrong_products=text)

    assert [remedy.products for remedy in corrected.remedies] == [("10287",), ("10287",)]


def test_a_wrong_child_link_is_replaced_in_the_link() -> None:
    """Only the KB in the link changes, so that the rest of it still tells where it leads."""
    text = f'[[override]]\nkb = "5066742"\nwas = "5040673"\nnow = "5066149"\n{SUPPORT}'
    document = a_document(a_remedy("5066742", "2472-9312", url="https://example.org/Search.aspx?q=KB5040673"))

    corrected, rows = overridden(document, child_links=text)

    assert corrected.remedies[0].url == "https://example.org/Search.aspx?q=KB5066149"
    assert list(rows.values()) == [1]


# --- sister products ------------------------------------------------------------------------------------------------


def test_a_product_that_lost_its_rows_gets_those_of_all_its_sisters() -> None:
    """Only what names every sister holds for it, and a row that names it already is left alone."""
    both = a_remedy("1", "11801", "11802")
    one = a_remedy("2", "11801")
    has = a_remedy("3", "11801", "11802", "11800")

    corrected, rows = overridden(a_document(both, one, has), sister_products=SISTERS)

    assert [remedy.products for remedy in corrected.remedies] == [
        ("11801", "11802", "11800"),
        ("11801",),
        ("11801", "11802", "11800"),
    ]
    assert rows == {"sister_products: 11800": 1}
    assert corrected.document.products["11800"] == ("Windows 10 Version 20H2 for x64-based Systems",)


def test_components_on_the_sisters_are_mended_too_and_named_by_theirs() -> None:
    """IE on the sisters is IE on the product; a different component on each sister is not."""
    document = a_document(
        a_remedy("1", "10486-11801", "10486-11802"),
        a_remedy("2", "10486-11801", "10724-11802"),
        a_remedy("3", "110486-11801", "10486-11802"),
        p10486_11801=f"Internet Explorer 11 on {X86}",
    )

    corrected, rows = overridden(document, sister_products=SISTERS)

    assert corrected.remedies[0].products == ("10486-11801", "10486-11802", "10486-11800")
    assert list(rows.values()) == [1]
    assert corrected.document.products["10486-11800"] == (
        "Internet Explorer 11 on Windows 10 Version 20H2 for x64-based Systems",
    )


def test_what_an_entry_says_of_all_sisters_holds_for_the_product() -> None:
    """Severity, score and status come along; where the sisters differ nothing is made up."""
    entry = Entry(
        id="CVE-2021-0001",
        title="",
        published="",
        revised="",
        affected=("11801", "11802"),
        severities={"11801": "Critical", "11802": "Critical"},
        scores=(
            Score(base=7.8, vector="", products=("11801", "11802")),
            Score(base=5.0, vector="", products=("11801",)),
        ),
        remedies=(a_remedy("1", "11801", "11802"),),
    )
    document = Document(id="2021-Jan", title="", initial="", current="", products={}, entries=(entry,))

    corrected, _ = overridden(document, sister_products=SISTERS)

    mended = corrected.document.entries[0]
    assert mended.affected == ("11801", "11802", "11800")
    assert mended.severities["11800"] == "Critical"
    assert [score.products for score in mended.scores] == [("11801", "11802", "11800"), ("11801",)]


def test_sisters_that_differ_in_severity_give_none() -> None:
    """Microsoft has not said how severe it is there."""
    entry = Entry(
        id="CVE-2021-0001",
        title="",
        published="",
        revised="",
        severities={"11801": "Critical", "11802": "Low"},
        remedies=(a_remedy("1", "11801", "11802"),),
    )
    document = Document(id="2021-Jan", title="", initial="", current="", products={}, entries=(entry,))

    corrected, _ = overridden(document, sister_products=SISTERS)

    assert "11800" not in corrected.document.entries[0].severities


def test_a_sister_entry_can_be_for_one_kb_only() -> None:
    """A single hole is mended without touching other months."""
    text = SISTERS + 'kb = "1"\n'

    corrected, rows = overridden(
        a_document(a_remedy("1", "11801", "11802"), a_remedy("2", "11801", "11802")), sister_products=text
    )

    assert [len(remedy.products) for remedy in corrected.remedies] == [3, 2]
    assert rows == {"sister_products: 11800 KB1": 1}


# --- sets, use, and what stays ------------------------------------------------------------------------------------


def test_sets_of_kbs_count_the_rows_they_will_be_read_for() -> None:
    """A KB that Microsoft itself calls standalone needs no entry: such rows do not count."""
    text = f'[[override]]\nkb = "5074204"\n{SUPPORT}'
    document = a_document(a_remedy("5074204", "1"), a_remedy("5074204", "1", kind=Kind.STANDALONE))

    _, standalone = overridden(document, standalone=text)
    _, traceless = overridden(document, traceless=text)

    assert standalone == {"standalone: KB5074204": 1}
    assert traceless == {"traceless: KB5074204": 2}


def test_an_entry_that_changes_nothing_is_told() -> None:
    """It would otherwise stay for ever after Microsoft mended the data."""
    _, use = apply([a_document(a_remedy("1", "11923"))], parse_overrides({"fixed_builds.toml": TYPO}))

    assert use.unused == ("fixed_builds: KB5055526 10.0.20348.3328",)


def test_an_uncorrected_document_stays_the_same_object() -> None:
    """Most documents have no known error; they are not copied."""
    document = a_document(a_remedy("1", "11923"))

    (same,), use = apply([document], load_overrides())

    assert same is document
    assert set(use.rows.values()) == {0}


def test_applying_twice_changes_nothing_more() -> None:
    """Corrected documents have no known error left."""
    document = a_document(a_remedy("5055526", "11923", fixed_build="10.0.20348.3328"), a_remedy("1", "11801", "11802"))
    overrides = load_overrides()

    once, _ = apply([document], overrides)
    twice, use = apply(once, overrides)

    assert twice == once
    assert set(use.rows.values()) == {0}


# --- the files ------------------------------------------------------------------------------------------------------


def test_the_packages_sets_are_plain_values() -> None:
    """Compiling asks for a KB by its number."""
    overrides = load_overrides()

    assert "5012170" in overrides.traceless
    assert overrides.standalone == {"5074204", "5074353"}


def test_without_files_nothing_is_corrected() -> None:
    """An empty folder is allowed."""
    assert parse_overrides({}) == Overrides()


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("fixed_builds.toml", "[[override", r"overrides/fixed_builds\.toml: this is not TOML"),
        ("fixed_builds.toml", TYPO.replace('kb = "5055526"\n', ""), r"missing required field `kb`.*\$\.override\[0\]"),
        ("fixed_builds.toml", TYPO + "extra = 1\n", r"unknown field `extra`"),
        ("fixed_builds.toml", TYPO + TYPO, r"fixed_builds: KB5055526 10\.0\.20348\.3328: two entries"),
        ("fixed_builds.toml", TYPO.replace('"why"', '" "'), r"no reason or no source"),
        ("fixed_builds.toml", TYPO.replace("2026-07-06", '"soon"'), r"\$\.override\[0\]\.date"),
        ("fixed_builds.toml", "", r"missing required field `override`"),
        ("version_fixes.toml", VERSION + VERSION, r"version_fixes: CVE-2025-0001 109\.0\.15\.18\.78: two entries"),
        ("sister_products.toml", SISTERS.replace('["11801", "11802"]', "[]"), r"not its own sister, and needs one"),
        ("sister_products.toml", SISTERS.replace('"11802"', '"11800"'), r"not its own sister"),
        ("colours.toml", TYPO, r"overrides/colours\.toml: no rule reads this file"),
    ],
)
def test_a_bad_override_file_is_refused_in_one_line(name: str, text: str, what: str) -> None:
    """The error names the file, the entry and the mistake."""
    with pytest.raises(Invalid, match=what) as error:
        parse_overrides({name: text})

    assert "\n" not in str(error.value).strip()
