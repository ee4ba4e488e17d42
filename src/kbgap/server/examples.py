"""Give an example of each type of row, for the description of the API (``data/examples.toml``)."""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files

from kbgap.odata.entity import StructuredType

_FILE = "examples.toml"


def example_of(of: StructuredType) -> dict[str, object] | None:
    """A whole row with every member in its order, null where the example has none; None without an example."""
    own = _examples().get(of.name, {})
    known = own if of.base is None else {**_examples().get(of.base.name, {}), **own}
    if not known:
        return None
    return {member.name: known.get(member.name, [] if member.of.is_collection else None) for member in of.properties}


@functools.cache
def _examples() -> Mapping[str, dict[str, object]]:
    return tomllib.loads(files("kbgap.data").joinpath(_FILE).read_text("utf-8"))
