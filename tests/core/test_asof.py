"""A look at an earlier day leaves out later rows, and says so elsewhere."""

import msgspec

from kbgap.core.asof import as_of
from kbgap.core.model import Flaw
from tests.core.given import cumulative, fixes


def test_updates_and_cves_of_later_days_are_left_out() -> None:
    """A row counts from the later of its CVE's and its KB's day."""
    published = fixes([cumulative("4532693", 657, "2020-02-11"), cumulative("4540673", 719, "2020-03-10")])["11713"]

    february = as_of(published, "2020-02-29")

    assert [update.kb for update in february.updates] == ["4532693"]
    assert february.closings == ()
    assert as_of(published, "2020-03-10") == published


def test_closings_point_to_the_updates_that_are_left() -> None:
    """Positions move when an earlier one is left out."""
    published = fixes([cumulative("4540673", 719, "2020-03-10"), cumulative("4532693", 657, "2020-02-11")])["11713"]
    flaws = tuple(Flaw(cve=flaw.cve, published="2020-01-01") for flaw in published.flaws)
    early = as_of(msgspec.structs.replace(published, flaws=flaws), "2020-02-29")

    assert [early.updates[index].kb for closing in early.closings for index in closing.updates] == ["4532693"]
