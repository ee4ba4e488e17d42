"""Say whether Microsoft still supports a version of a software on a day, in the words of the export assessments.

Support often ends on several days for one version, by edition: Windows 10 1809 had its last day in 2020 as Home, in
2021 as Enterprise, and has it in 2029 as LTSC. Reports do not tell the edition, so that nothing is said while the
editions differ, and a version is over only when it is over for every one of them.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from kbgap.core.versions import Branch, parse_version

SOON = timedelta(days=180)  # how long before its end support is said to end


class Status(StrEnum):
    """The contract's words (7.3); EOS Software: no later version of it is supported either, and none will come."""

    NONE = "None"
    VERSION = "EOS Version"
    UPCOMING_VERSION = "Upcoming EOS Version"
    SOFTWARE = "EOS Software"
    UPCOMING_SOFTWARE = "Upcoming EOS Software"


class Term(NamedTuple):
    """The last days of support of some versions, one for each edition; no ``branch``: of every version."""

    branch: Branch | None
    ends: tuple[date, ...]


class Terms(NamedTuple):
    """What is known of one software; ``is_complete``: it has no versions but these, and gets no others."""

    terms: tuple[Term, ...]
    is_complete: bool


class Support(NamedTuple):
    """How long a version is supported: no ``status`` where that is not known, and ``until`` where it ends or ended."""

    status: Status | None = None
    until: date | None = None


Supported = Callable[[str, str | None], Support]  # of a software by the product part of its id, and a version


class _Phase(StrEnum):
    GOES_ON = "goes on"
    ENDS_SOON = "ends soon"
    IS_OVER = "is over"


def support_of(known: Terms, version: str | None, today: date) -> Support:
    """How long a version is supported; without a version, what is true of all of them."""
    parsed = parse_version(version or "")
    ends = {
        end
        for term in known.terms
        if parsed is None or term.branch is None or term.branch.holds(parsed)
        for end in term.ends
    }
    phases = {_phase(end, today) for end in ends}
    if len(phases) != 1:
        return Support()
    if phases == {_Phase.GOES_ON}:
        return Support(Status.NONE)
    is_over = phases == {_Phase.IS_OVER}
    if _is_all(known, {_Phase.IS_OVER} if is_over else {_Phase.IS_OVER, _Phase.ENDS_SOON}, today):
        return Support(Status.SOFTWARE if is_over else Status.UPCOMING_SOFTWARE, max(ends))
    return Support(Status.VERSION if is_over else Status.UPCOMING_VERSION, max(ends))


def _phase(end: date, today: date) -> _Phase:
    """``end`` is the last day with support; 9999-12-31 is far enough from every day to go on."""
    if today > end:
        return _Phase.IS_OVER
    return _Phase.ENDS_SOON if end - today <= SOON else _Phase.GOES_ON


def _is_all(known: Terms, phases: set[_Phase], today: date) -> bool:
    """Whether the software as a whole is in these phases, and not only the version."""
    ends: Sequence[date] = [end for term in known.terms for end in term.ends]
    return known.is_complete and all(_phase(end, today) in phases for end in ends)
