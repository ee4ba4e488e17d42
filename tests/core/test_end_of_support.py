"""A version is said to be over when it is over for every edition, and a software when no version of it is left."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.end_of_support import SOON, Status, Support, Term, Terms, support_of
from kbgap.core.versions import Branch, parse_branch

PRO, ENTERPRISE, LTSC = date(2020, 11, 10), date(2021, 5, 11), date(2029, 1, 9)
NEVER = date(9999, 12, 31)
DAY = timedelta(days=1)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2050, 1, 1))


def branch(beginning: str) -> Branch:
    """The versions that begin so."""
    found = parse_branch(beginning)
    assert found is not None
    return found


def windows(*ends: date, is_complete: bool = True) -> Terms:
    """Two versions, of which the second has no end."""
    terms = (Term(branch("10.0.17763"), ends), Term(branch("10.0.26200"), (NEVER,)))
    return Terms(terms, is_complete)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (ENTERPRISE - SOON - DAY, Support(Status.NONE)),
        (ENTERPRISE - SOON, Support(Status.UPCOMING_VERSION, ENTERPRISE)),
        (ENTERPRISE, Support(Status.UPCOMING_VERSION, ENTERPRISE)),
        (ENTERPRISE + DAY, Support(Status.VERSION, ENTERPRISE)),
    ],
)
def test_the_last_day_is_one_with_support(today: date, expected: Support) -> None:
    """Half a year before it the end is said to come, and the day after it to be there."""
    assert support_of(windows(ENTERPRISE), "10.0.17763.1637", today) == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (PRO - SOON - DAY, Support(Status.NONE)),
        (PRO, Support()),
        (ENTERPRISE + DAY, Support()),
        (LTSC, Support()),
        (LTSC + DAY, Support(Status.VERSION, LTSC)),
    ],
)
def test_nothing_is_said_while_editions_differ(today: date, expected: Support) -> None:
    """Reports do not tell the edition; a supported LTSC is never called over."""
    assert support_of(windows(PRO, ENTERPRISE, LTSC), "10.0.17763.1637", today) == expected


def test_what_is_not_in_the_table_is_not_known() -> None:
    """A version between the entries, and a software without any."""
    assert support_of(windows(PRO), "10.0.18363.1", LTSC) == Support()
    assert support_of(Terms((), is_complete=False), "1.0", LTSC) == Support()


@pytest.mark.parametrize("version", [None, "", "none", "1.x"])
def test_without_a_version_all_must_agree(version: str | None) -> None:
    """Also when its text is no version."""
    both = Terms((Term(branch("1"), (PRO,)), Term(branch("2"), (ENTERPRISE,))), is_complete=True)

    assert support_of(both, version, ENTERPRISE) == Support()
    assert support_of(both, version, LTSC) == Support(Status.SOFTWARE, ENTERPRISE)


def test_a_software_is_over_when_no_version_is_left() -> None:
    """The day is that of the version; where later versions may come, only the version is over."""
    terms = (Term(branch("1"), (PRO,)), Term(branch("2"), (ENTERPRISE,)))
    complete, growing = Terms(terms, is_complete=True), Terms(terms, is_complete=False)

    assert support_of(complete, "1.5", ENTERPRISE + DAY) == Support(Status.SOFTWARE, PRO)
    assert support_of(complete, "1.5", ENTERPRISE) == Support(Status.VERSION, PRO)
    assert support_of(complete, "2.5", ENTERPRISE) == Support(Status.UPCOMING_SOFTWARE, ENTERPRISE)
    assert support_of(growing, "2.5", ENTERPRISE) == Support(Status.UPCOMING_VERSION, ENTERPRISE)
    assert support_of(growing, "1.5", LTSC) == Support(Status.VERSION, PRO)


@given(st.lists(days, min_size=1, max_size=4), days)
def test_an_answer_is_true_of_every_edition(ends: list[date], today: date) -> None:
    """What is said to be over has no edition with support, and what is said to go on none without."""
    found = support_of(windows(*ends), "10.0.17763.1", today)

    if found.status in (Status.VERSION, Status.SOFTWARE):
        assert all(end < today for end in ends)
    elif found.status is Status.NONE:
        assert all(end > today + SOON for end in ends)
    assert (found.until is None) == (found.status in (None, Status.NONE))
    assert found.until in {None, *ends}
