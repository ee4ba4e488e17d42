"""The demo's parts, made once for all tests of it."""

from functools import cache

from kbgap.catalogue.releases import load_releases, with_releases
from kbgap.catalogue.rules import load_lines
from kbgap.core.model import Line


@cache
def demo_lines() -> dict[str, Line]:
    """The lines with their release tables, as every catalogue has them."""
    return with_releases(load_lines(), load_releases())
