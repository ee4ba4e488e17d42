"""The table of versions that KBs bring is whole, agrees with Microsoft's documents, and is refused by line."""

import pytest

from kbgap.catalogue.application_builds import load_application_builds, parse_application_builds
from kbgap.core.errors import Invalid
from kbgap.core.proof import Tabled

HEAD = "software,kb,build,how,source\n"


def test_a_kb_that_is_made_for_several_levels_has_several_builds() -> None:
    """5007409 repairs nine cumulative updates of Exchange; Microsoft gives CU 10 the build of CU 8."""
    builds = load_application_builds()["exchange_server_2019", "5007409"]

    assert Tabled(version=(15, 2, 922, 19), brings=True) in builds
    assert all(row.brings for row in builds)


def test_gdr_and_cu_of_one_month_are_two_kbs() -> None:
    """2019 in February 2026: GDR 5077470 = 15.0.2160.4, CU 5077469 = 15.0.4460.4."""
    table = load_application_builds()

    assert table["sql_server_2019", "5077470"] == (Tabled(version=(15, 0, 2160, 4), brings=True),)
    assert table["sql_server_2019", "5077469"] == (Tabled(version=(15, 0, 4460, 4), brings=True),)


@pytest.mark.parametrize(
    "row",
    [
        "sql_server_2019,5077470,fifteen,brings,x",
        "sql_server_2019,KB1,15.0.1,brings,x",
        "sql_server_2019,5077470,1.2,has,x",
        "a,b",
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_line(row: str) -> None:
    """A table that is wrong must not be used in part."""
    with pytest.raises(Invalid, match=r"builds\.csv: line 3: the row cannot be read"):
        parse_application_builds(HEAD + "x,5077470,1.2,brings,y\n" + row + "\n", where="builds.csv")


def test_an_empty_table_is_a_table() -> None:
    """Nothing is known then, and nothing is wrong."""
    assert parse_application_builds(HEAD, where="builds.csv") == {}
