"""Builds are ordered number by number, and only operating-system builds are read as such."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.builds import Build, parse_os_build, parse_os_prefix

NUMBERS = st.integers(min_value=0, max_value=99_999)
OS_BUILDS = st.builds(Build, st.just(10), st.just(0), st.integers(10_000, 99_999), NUMBERS)


@given(OS_BUILDS)
def test_printing_a_build_and_reading_it_gives_the_same_build(build: Build) -> None:
    """Parse and print are inverse."""
    assert parse_os_build(str(build)) == build


@given(OS_BUILDS, OS_BUILDS, OS_BUILDS)
def test_builds_are_a_total_order(one: Build, two: Build, three: Build) -> None:
    """Any two builds compare, both ways round, and in chains."""
    assert (one <= two) or (two <= one)
    assert not (one < two < one)
    assert not (one <= two <= three) or one <= three


def test_a_build_is_compared_by_numbers_not_by_text() -> None:
    """1913.10 was read as 1913.1 elsewhere (Exchange HealthChecker 302)."""
    assert Build(10, 0, 18363, 1000) > Build(10, 0, 18363, 719)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.04614.06",
        "4.8.04798.04",
        "0.0.26200.4652",
        "10.0.18363",
        "1.002",
        "",
        "-",
        "10.0.22000.794.9999",
        "V1.003",
    ],
)
def test_what_is_no_operating_system_build_is_not_read_as_one(text: str) -> None:
    """FixedBuild is free text: .NET versions, typing slips and links are not builds (semantics 2, FixedBuild)."""
    assert parse_os_build(text) is None


def test_invisible_characters_do_not_hide_a_build() -> None:
    """Microsoft's field carries tabs and zero-width blanks (KB5046398)."""
    assert parse_os_build("\t10.0.22000.3250\u200b\u200b ") == Build(10, 0, 22000, 3250)


def test_the_first_three_parts_are_read_alone() -> None:
    """Plain systeminfo never carries the fourth part."""
    assert parse_os_prefix("10.0.17763") == "10.0.17763"
    assert parse_os_prefix("6.1.7601.24545") == "6.1.7601"
    assert parse_os_prefix("5.1.2600") is None


def test_a_build_is_quoted_short() -> None:
    """People say 18363.719."""
    assert Build(10, 0, 18363, 719).short == "18363.719"
