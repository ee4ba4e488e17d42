"""The page of all paths is the table's."""

from tools.routes import PAGE, routes_page


def test_the_page_of_paths_is_what_the_table_says() -> None:
    """Run ``python tools/routes.py`` after changing a path, its permission or a type."""
    assert PAGE.read_text(encoding="utf-8") == routes_page()
