"""Every module says its one job, in its name and in its first line."""

import ast
from pathlib import PurePath

from tests.architecture.tree import Module, modules

SAYS_NOTHING = {"common", "helper", "helpers", "misc", "util", "utilities", "utils"}
EVERYWHERE = ("src", "tests", "bench", "tools")


def first_line(module: Module) -> str:
    """What the module says about itself before anything else."""
    return (ast.get_docstring(module.tree) or "").partition("\n")[0]


def test_no_module_is_named_after_nothing() -> None:
    """What fits nowhere else has a meaning that is not found yet."""
    names = {module.path: PurePath(module.path).with_suffix("").parts for module in modules(*EVERYWHERE)}

    assert [path for path, parts in names.items() if not SAYS_NOTHING.isdisjoint(parts)] == []


def test_the_first_line_of_a_module_is_a_sentence() -> None:
    """It says the module's one job, and ends in a full stop."""
    lines = {module.path: first_line(module) for module in modules(*EVERYWHERE)}

    assert {path: line for path, line in lines.items() if " " not in line or not line.endswith(".")} == {}
