"""Modules and functions stay small enough to read in one sitting."""

from tests.architecture.tree import Module, modules

LONGEST_MODULE = 300
LONGEST_BODY = 40


def test_a_module_has_at_most_300_lines() -> None:
    """A longer one does more than one job: split it by meaning."""
    lengths = {module.path: len(module.text.splitlines()) for module in modules("src")}

    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_a_function_body_has_at_most_40_lines() -> None:
    """A longer one tells a story and its details at once: name the details. Docstrings do not count."""
    long = {module.path: module.bodies_longer_than(LONGEST_BODY) for module in modules("src")}

    assert {path: bodies for path, bodies in long.items() if bodies} == {}


def test_the_docstring_does_not_count_as_body() -> None:
    """A long explanation is no reason to split a function."""
    module = Module("m.py", 'def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n\n    return a\n')

    assert module.bodies_longer_than(2) == {"f:1": 3}
    assert module.bodies_longer_than(3) == {}


def test_methods_and_inner_functions_are_measured_too() -> None:
    """Nothing hides in a class or in another function."""
    module = Module(
        "m.py", "class C:\n    async def f(self):\n        def g():\n            return 1\n        return g\n"
    )

    assert module.bodies_longer_than(0) == {"f:2": 3, "g:3": 1}
