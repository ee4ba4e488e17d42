"""Versions compare number by number, inside their branch only, whatever Microsoft writes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.versions import (
    Branch,
    fixed_version_text,
    parse_branch,
    parse_fixed_version,
    parse_version,
    version_text,
)

parts = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("15.02.0792.019", (15, 2, 792, 19)),
        ("1.6.00.18681", (1, 6, 0, 18681)),
        ("v136.0.3240.64", (136, 0, 3240, 64)),
        (" 16.0.5161.1000\u200b\t", (16, 0, 5161, 1000)),
        ("1.56", (1, 56)),
        ("1.56.0", (1, 56)),
        ("0", (0,)),
    ],
)
def test_a_version_is_its_numbers(text: str, version: tuple[int, ...]) -> None:
    """Leading zeros, blanks that nobody sees and zeros at the end mean nothing."""
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "-", "15.0.abc.48", "https://aka.ms/OfficeSecurityReleases", "1..2", "1." * 40])
def test_what_is_no_version_is_refused(text: str) -> None:
    """FixedBuild is free text; half of a version would compare wrongly."""
    assert parse_version(text) is None


def test_numbers_are_no_decimals() -> None:
    """1913.10 is above 1913.7, which a public script read as 1913.1."""
    assert (parse_version("15.1.1913.10") or ()) > (parse_version("15.1.1913.7") or ())


@given(parts, parts)
def test_the_order_of_texts_is_the_order_of_their_numbers(one: list[int], other: list[int]) -> None:
    """Padding with zeros changes nothing, so the shorter text of two can be the newer version."""
    length = max(len(one), len(other))
    padded = [numbers + [0] * (length - len(numbers)) for numbers in (one, other)]

    first, second = (parse_version(".".join(str(number) for number in numbers)) for numbers in (one, other))

    assert first is not None
    assert second is not None
    assert (first < second, first == second) == (padded[0] < padded[1], padded[0] == padded[1])


@given(parts)
def test_a_version_is_read_back_from_its_text(numbers: list[int]) -> None:
    """What is shown to people means what was compared."""
    version = parse_version(".".join(str(number) for number in numbers))

    assert version is not None
    assert parse_version(version_text(version)) == version


def test_versions_compare_as_peers_say(shared_data: Path) -> None:
    """36 pairs of ten families, invalid ones among them; the Windows ones have their own order (core.builds)."""
    cases = json.loads((shared_data / "peer_cases.json").read_text("utf-8"))["cases"]
    compared = [case for case in cases if case["kind"] == "version_compare"]

    for case in compared:
        one, other = parse_version(case["input"]["a"]), parse_version(case["input"]["b"])
        if case["expected"].get("error"):
            assert None in {one, other}, case["id"]
        else:
            assert one is not None, case["id"]
            assert other is not None, case["id"]
            assert (one > other) - (one < other) == case["expected"]["order"], case["id"]
    assert len(compared) >= 36


# --- branches ---------------------------------------------------------------------------------------------------------


def test_a_branch_holds_what_begins_like_it() -> None:
    """Exchange 2019 CU 9 is 15.2.858 and nothing else."""
    branch = parse_branch("15.2.858")

    assert branch is not None
    assert branch.holds((15, 2, 858, 5))
    assert not branch.holds((15, 2, 922, 7))
    assert not branch.holds((15, 2))


def test_a_branch_ends_before_the_next_begins() -> None:
    """SQL Server 2019: 15.0.2xxx is GDR, 15.0.4003 the first cumulative update."""
    gdr, cu = parse_branch("15.0.2000", "15.0.4003"), parse_branch("15.0.4003", "15.1")

    assert gdr is not None
    assert cu is not None
    assert gdr.holds((15, 0, 2160, 4)) != cu.holds((15, 0, 2160, 4))
    assert cu.holds((15, 0, 4003, 23))
    assert not gdr.holds((15, 0, 4003, 23))


def test_a_branch_of_whole_numbers_holds_its_first_version() -> None:
    """17.0.0.0 is the first version of 17, though its zeros say nothing."""
    branch = parse_branch("17.0", "18.0")

    assert branch is not None
    assert branch.holds(parse_version("17.0.0.0") or ())
    assert not branch.holds(parse_version("18.0") or ())


@pytest.mark.parametrize(("first", "below"), [("x", ""), ("1.0", "1.0"), ("2.0", "1.0"), ("1.0", "y"), ("", "")])
def test_what_is_no_branch_is_refused(first: str, below: str) -> None:
    """A table with such ends would judge nothing, or everything."""
    assert parse_branch(first, below) is None


# --- FixedBuild -------------------------------------------------------------------------------------------------------

OFFICE_2016 = Branch((16, 0, 4266), (16, 0, 6000))


@pytest.mark.parametrize(
    ("text", "branch", "shown"),
    [
        ("5215.1000", OFFICE_2016, "16.0.5215.1000"),
        ("16.0.5161.1000", OFFICE_2016, "16.0.5161.1000"),
        ("16.0.14931.20612", OFFICE_2016, ""),
        ("9215.1000", OFFICE_2016, ""),
        ("5.0.6-servicing.21220.11", None, "5.0.6"),
        ("1416/1.0.0.2025102802", None, "1.0.0.2025102802"),
        ("1.56", None, "1.56"),
        ("14.0.27560.00", None, "14.0.27560.0"),
        ("https://aka.ms/OfficeSecurityReleases", None, ""),
        ("-", OFFICE_2016, ""),
    ],
)
def test_fixed_build_is_cleaned_and_kept_on_its_branch(text: str, branch: Branch | None, shown: str) -> None:
    """5002232 gives Excel 2016 a Click-to-Run version; eight rows of September 2021 lost their head."""
    assert fixed_version_text(text, branch) == shown
    assert parse_fixed_version(text, branch) == parse_version(shown)
