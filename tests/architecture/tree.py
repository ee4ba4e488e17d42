"""The source tree as the architecture tests read it: modules, what they import, how long they are."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: str  # from the root of the repository
    text: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @property
    def imports(self) -> set[str]:
        """Every module that it may import, with each parent: `from http import client` gives http and http.client."""
        dotted: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                dotted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                dotted |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return {".".join(name.split(".")[:depth]) for name in dotted for depth in range(1, name.count(".") + 2)}

    def bodies_longer_than(self, limit: int) -> dict[str, int]:
        """The functions (name and line) whose lines after the docstring are more than that, with their number."""
        lengths: dict[str, int] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = 1 if ast.get_docstring(node, clean=False) is not None else 0
                body = node.body[first:]
                lengths[f"{node.name}:{node.lineno}"] = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
        return {name: length for name, length in lengths.items() if length > limit}


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """The Python files in these folders of the repository, in the order of their paths."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(Module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)
