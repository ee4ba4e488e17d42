"""Every slip that Microsoft's free text is known to hold is read as what it means."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.msrc_text import fold, kb_number, kind_of, moment, plain_text, superseded, tidy
from kbgap.core.model import Kind


@pytest.mark.parametrize(
    ("text", "kb"),
    [
        ("4540673", "4540673"),
        (" 4540673\n", "4540673"),
        ("\u200b4540673\t", "4540673"),
        ("891716", "891716"),
        ("KB29166583", "29166583"),
        ("kb 4540673", "4540673"),
        ("50185", None),
        ("123456789", None),
        ("4540673 4541335", None),
        ("Release Notes", None),
        ("Rekease Notes", None),
        ("Click to Run", None),
        ("CBL-Mariner Releases", None),
        ("٤٥٤٠٦٧٣", None),  # digits, but not those of a KB
        ("", None),
    ],
)
def test_a_description_names_a_kb_or_nothing(text: str, kb: str | None) -> None:
    """Six to eight digits, KB before them allowed; every other text is no KB."""
    assert kb_number(text) == kb


@pytest.mark.parametrize(
    ("text", "kbs"),
    [
        ("4535996", ("4535996",)),
        ("4049017, 4041085", ("4049017", "4041085")),
        ("4489488; 4495165", ("4489488", "4495165")),
        ("4471987, 3142037\n", ("4471987", "3142037")),
        ("4535996\n4532693", ("4535996", "4532693")),
        ("4535996 KB4532693", ("4535996", "4532693")),
        ("3118389<br><br>4022173", ("3118389", "4022173")),
        ("4535996; 4535996", ("4535996",)),
        ("MS16-097, 3178034", ("3178034",)),
        ("MS16-016, 3124280; MS16-097, 3178034", ("3124280", "3178034")),
        ("982666", ("982666",)),
        ("MS15-131", ()),
        ("None", ()),
        ("", ()),
    ],
)
def test_supercedence_is_split_and_bulletins_are_no_kbs(text: str, kbs: tuple[str, ...]) -> None:
    """Comma, semicolon, blank, line break and tag separate; the digits of MS16-097 are not a KB."""
    assert superseded(text).kbs == kbs
    assert superseded(text).unreadable == ()


@pytest.mark.parametrize(("text", "word"), [("5013868, 50185", "50185"), ("2.41.0", "2.41.0"), ("see notes", "see")])
def test_a_truncated_or_foreign_value_is_handed_back(text: str, word: str) -> None:
    """It names no KB, and it is not lost silently."""
    assert word in superseded(text).unreadable


@given(st.text(alphabet="0123456789MSKB-,; \n<br>", max_size=60))
def test_whatever_supercedence_says_only_kbs_come_out(text: str) -> None:
    """Six to eight digits each, none twice."""
    kbs = superseded(text).kbs

    assert all(re.fullmatch(r"[0-9]{6,8}", kb) for kb in kbs)
    assert len(set(kbs)) == len(kbs)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-02-18T03:08:15", "2026-02-18T03:08:15"),
        ("2026-02-18T03:08:15Z", "2026-02-18T03:08:15"),
        ("2026-02-18T03:08:15.1234567Z", "2026-02-18T03:08:15"),
        ("2026-02-18T03:08:15+02:00", "2026-02-18T01:08:15"),
        ("2020-03-10", "2020-03-10T00:00:00"),
        ("0001-01-01T00:00:00", ""),
        ("0001-01-01T00:00:00Z", ""),
        ("", ""),
        ("2020-13-40T00:00:00", None),
        ("10.03.2020", None),
        ("9999-12-31T23:59:59-23:00", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_utc_or_unset_or_unreadable(text: str, value: str | None) -> None:
    """Year 1 is how version 3.0 writes an unset date; what is no date is told apart from none."""
    assert moment(text) == value


@given(st.datetimes(), st.datetimes())
def test_later_is_greater(one: object, other: object) -> None:
    """Dates compare as text, to the second."""
    first, second = (str(value).replace(" ", "T")[:19] for value in (one, other))

    assert (
        first.startswith("0001-01-01")
        or second.startswith("0001-01-01")
        or ((moment(first) or "") < (moment(second) or "")) == (first < second)
    )


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [
        ("Security Update", Kind.SECURITY),
        ("security update", Kind.SECURITY),
        ("SecurityUpdate ", Kind.SECURITY),
        ("Monthly Rollup", Kind.ROLLUP),
        ("Security Only", Kind.SECURITY_ONLY),
        ("IE Cumulative", Kind.IE_CUMULATIVE),
        ("Security Hotpatch Update", Kind.HOTPATCH),
        ("SecurityHotpatchUpdate", Kind.HOTPATCH),
        ("Security HotPatch Update", Kind.HOTPATCH),
        ("AzureHotpatch", Kind.HOTPATCH),
        ("Alternate Cumulative", Kind.OTHER),
        ("Standalone", Kind.STANDALONE),
        ("Standalone Security Update", Kind.STANDALONE),
        ("Preview Rollup", Kind.PREVIEW_ROLLUP),
        ("ServicingStackUpdate", Kind.SERVICING_STACK),
        ("Servicing Stack Update", Kind.SERVICING_STACK),
        ("Setup DU", Kind.SETUP),
        ("Cumulative Update", Kind.OTHER),
        ("VIA Processors Monthly Rollup", Kind.ROLLUP),
        ("VIA Processors Security Only", Kind.SECURITY_ONLY),
        ("VIA Processors Security Update", Kind.SECURITY),
        ("Update", Kind.OTHER),
        ("Other", Kind.OTHER),
        ("N/A", Kind.OTHER),
        ("", Kind.OTHER),
        ("Security Upgrade", None),
    ],
)
def test_every_spelling_of_subtype_has_its_kind(subtype: str, kind: Kind | None) -> None:
    """Compared case-blind and without blanks; a spelling never seen is told apart from one that says nothing."""
    assert kind_of(subtype) == kind


def test_words_are_compared_without_case_and_blanks() -> None:
    """Vendor Fix, vendorfix and VENDOR FIX are one word."""
    assert fold("Vendor Fix") == fold("VENDOR  fix") == "vendorfix"


def test_a_fixed_build_loses_tabs_and_zero_width_blanks() -> None:
    """They are invisible, and make equal builds differ."""
    assert tidy("\t\n16.0.4200.1\u200b ") == "16.0.4200.1"


def test_a_description_loses_its_tags() -> None:
    """Entities become characters, paragraphs become blanks, and a lone less-than sign stays."""
    assert plain_text("<p>A &amp; B</p>\n<p>1 < 2 &lt; 3</p>") == "A & B 1 < 2 < 3"


def test_a_million_unclosed_tags_take_no_time() -> None:
    """Cleaning is one pass, whatever the text: nobody can stall a refresh with it."""
    assert len(plain_text("<a " * 300_000)) == 900_000 - 1
