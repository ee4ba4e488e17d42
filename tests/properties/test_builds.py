"""Builds are one total order, number by number, and their text says no more and no less than they do."""

from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.builds import Build, parse_os_build, parse_os_prefix

numbers = st.integers(min_value=0, max_value=99_999)
windows_10 = st.builds(Build, st.just(10), st.just(0), st.integers(10_000, 99_999), numbers)
legacy = st.builds(Build, st.just(6), st.integers(0, 3), st.integers(2_000, 9_999), numbers)
builds = st.one_of(windows_10, legacy)
invisible = st.sampled_from(["", " ", "\t", "\u200b", "\ufeff", "\n"])


@given(builds, builds)
def test_exactly_one_of_less_equal_greater_holds(one: Build, other: Build) -> None:
    """Nothing is left undecided between two builds."""
    assert (one < other) + (one == other) + (one > other) == 1


@given(builds, builds, builds)
def test_the_order_is_transitive(one: Build, two: Build, three: Build) -> None:
    """A machine above a build is above all that lie below it."""
    low, middle, high = sorted([one, two, three])

    assert low <= middle <= high
    assert low <= high


@given(windows_10, numbers)
def test_builds_of_one_line_compare_by_revision_as_numbers(build: Build, revision: int) -> None:
    """1913.10 is above 1913.7: the fourth part is a number, not a decimal fraction."""
    assert (build < build._replace(ubr=revision)) == (build.ubr < revision)


@given(builds, invisible, invisible)
def test_reading_gives_back_what_was_written(build: Build, before: str, after: str) -> None:
    """Blanks and zero-width characters around a FixedBuild do not change it."""
    assert parse_os_build(f"{before}{build}{after}") == build
    assert parse_os_prefix(str(build)) == build.prefix


@given(st.text())
def test_any_other_text_is_no_build(text: str) -> None:
    """FixedBuild is free text: whatever is read as a build prints as that text."""
    build = parse_os_build(text)

    assert build is None or int(str(build).rpartition(".")[2]) == build.ubr


@given(st.sampled_from(["10.0.04614.06", "1.000", "-", "V1.003", "16.0.4250.1", "10.0.19045", "10.0.22000.794.9999"]))
def test_versions_of_other_things_are_no_builds(text: str) -> None:
    """.NET, SQL Server and slips of the pen must not be compared with Windows."""
    assert parse_os_build(text) is None
