"""The boundaries that import contracts cannot see: parts of the standard library, and questions about the database.

Who may import whom otherwise is in .importlinter, which `make check` runs.
"""

import ast

import pytest

from tests.architecture.tree import Module, modules

OPENS_CONNECTIONS = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "httpx2",
    "requests",
    "socket",
    "urllib.request",
    "urllib3",
}
MAY_OPEN_CONNECTIONS = {"src/kbgap/auth/jwks.py", "src/kbgap/catalogue/source.py"}
LISTENS = "src/kbgap/server/run.py"  # it has a socket because it answers; it reaches out to nobody

DATABASES = {"citus", "postgresql", "sqlite"}
ASKS_WHICH_DATABASE = "src/kbgap/store/dialect.py"


def asks_which_database(module: Module) -> bool:
    """Whether it reads a dialect's name, or compares or matches something with the name of a database."""
    nodes = list(ast.walk(module.tree))
    compared = [side for node in nodes if isinstance(node, ast.Compare) for side in (node.left, *node.comparators)]
    matched = [node.value for node in nodes if isinstance(node, ast.MatchValue)]
    return any(isinstance(node, ast.Constant) and node.value in DATABASES for node in compared + matched) or any(
        isinstance(node, ast.Attribute) and ast.unparse(node).endswith("dialect.name") for node in nodes
    )


def test_only_the_two_fetchers_open_connections() -> None:
    """Microsoft's documents and a provider's signing keys are all that kbgap ever fetches."""
    opening = {module.path for module in modules("src") if module.imports & OPENS_CONNECTIONS}

    assert opening - MAY_OPEN_CONNECTIONS - {LISTENS} == set()


def test_only_the_dialect_module_asks_which_database_it_is() -> None:
    """Everything else says what it wants, and the dialect module says it to each database."""
    asking = {module.path for module in modules("src") if asks_which_database(module)}

    assert asking - {ASKS_WHICH_DATABASE} == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import urllib.parse", set()),
        ("import urllib.request", {"urllib.request"}),
        ("from urllib import request", {"urllib.request"}),
        ("from http.client import HTTPSConnection", {"http.client"}),
        ("from http import HTTPStatus", set()),
        ("def f():\n    import socket", {"socket"}),
    ],
)
def test_imports_are_seen_however_they_are_written(code: str, found: set[str]) -> None:
    """A part of a package is told from the package."""
    assert Module("m.py", code).imports & OPENS_CONNECTIONS == found


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ("if engine.dialect.name == wanted: ...", True),
        ("if url.get_backend_name() == 'postgresql': ...", True),
        ("match kind:\n    case 'sqlite': ...", True),
        ("url = 'sqlite'", False),
        ("if name == 'windows_10': ...", False),
    ],
)
def test_asking_is_seen_however_it_is_written(code: str, asks: bool) -> None:
    """Comparing and matching are asking; naming is not."""
    assert asks_which_database(Module("m.py", code)) is asks
