"""Write docs/reference/routes.md: every path of the server, as the table of operations and the declared types say.

    $ python tools/routes.py

A test writes it anew and compares.
"""

import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import assert_never

from kbgap.auth.permissions import ApplicationPermission, DelegatedPermission
from kbgap.odata.entity import StructuredType
from kbgap.odata.model import defender_model
from kbgap.server.operation import ForPeople, Guarded, Operation
from kbgap.server.results import OneEntity, Plain, Raw, Result, RowCount, RowList, Value
from kbgap.server.routes import OPERATIONS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "routes.md"
WRITTEN = "<!-- Written by tools/routes.py. Change the code, then run it again. -->"
HEAD = """\
# Paths

Every path of the server, what opens it and what it answers.
How to ask, and what comes back in general, stands in [the HTTP API](api.md).
Filters and other options stand in [query options](odata.md).

* One of the permissions named is enough.
* Pages for people want the same permissions, in a session that the form at `/signin` begins.
* Behind every list, `/$count` gives the number of its rows as a bare number.
  It takes `$filter` and the path's own parameters.
* *Context* is what `@odata.context` says behind `$metadata#`, without the namespace.
* `tests/server/test_contract_routes.py` drives every `GET` under `/api/` over real HTTP.
  It compares each answer with the members below in name, order, type and nulls.
  It looks each context up in the served `$metadata`.
* `tests/server/contract.py` holds the permissions and contexts of Defender's documentation, apart from the code.
"""
TABLE = "| path | application permission | delegated permission | answer | context |\n|---|---|---|---|---|\n"


def routes_page() -> str:
    """The whole page."""
    shown = [operation for operation in OPERATIONS if not isinstance(operation.result, RowCount)]
    guarded = [operation for operation in shown if isinstance(operation.access, Guarded)]
    pages = [operation for operation in shown if isinstance(operation.access, ForPeople)]
    parts = [
        ("Defender's", [operation for operation in guarded if not operation.is_ours]),
        ("kbgap's own", [operation for operation in guarded if operation.is_ours]),
        ("Pages for people", pages),
        ("Open to all", [operation for operation in shown if operation not in guarded + pages]),
    ]
    tables = [f"## {title}\n\n{TABLE}" + "\n".join(map(_row, operations)) + "\n" for title, operations in parts]
    return "\n".join([WRITTEN, "", HEAD, *tables, "## Types\n", *_types(shown)])


def _row(operation: Operation) -> str:
    access = operation.access
    application, delegated = ("open", "open")
    if isinstance(access, Guarded | ForPeople):
        application = _named(access.application, list(ApplicationPermission))
        delegated = _named(access.delegated, list(DelegatedPermission))
    parameters = ", ".join(f"`{each.name}`{'' if each.is_required else '?'}" for each in operation.parameters)
    about = operation.about + (f" Takes {parameters}." if parameters else "")
    cells = (f"`{operation.method} {operation.path}`", application, delegated, f"{about} {_answer(operation.result)}")
    return "| " + " | ".join((*cells, _context(operation.result))) + " |"


def _named(permissions: Sequence[str], known: Collection[str]) -> str:
    return "any" if set(permissions) == set(known) else ", ".join(f"`{name}`" for name in permissions) or "none"


def _answer(result: Result) -> str:
    match result:
        case RowList(listing=listing):
            return f"List of [{listing.rows.name}](#{listing.rows.name.lower()})."
        case OneEntity(of=of) | Value(of=of):
            return f"One [{of.name}](#{of.name.lower()})."
        case Plain() | Raw() | RowCount():
            return ""
        case _:
            assert_never(result)


def _context(result: Result) -> str:
    match result:
        case RowList() | OneEntity():
            return f"`{_short(result.context('', ()))}`"
        case Value(of=of):
            return f"`{of.name}`"
        case Plain() | Raw() | RowCount():
            return ""
        case _:
            assert_never(result)


def _short(context: str) -> str:
    return context.partition("#")[2].replace(f"{defender_model().namespace}.", "")


def _types(operations: list[Operation]) -> Iterator[str]:
    """The types of rows that some path answers, with all that they hold."""
    wanted: dict[str, StructuredType] = {}
    for operation in operations:
        match operation.result:
            case RowList(listing=listing):
                _add(wanted, listing.rows)
            case OneEntity(of=of) | Value(of=of):
                _add(wanted, of)
            case _:
                pass
    for name in sorted(wanted):
        yield f"### {name}\n\n| member | type | null |\n|---|---|---|"
        for member in wanted[name].properties:
            null = "may be" if member.of.nullable and not member.of.is_collection else "never"
            yield f"| `{member.name}` | {member.of.short_name} | {null} |"
        yield ""


def _add(wanted: dict[str, StructuredType], of: StructuredType) -> None:
    wanted[of.name] = of
    for member in of.properties:
        if isinstance(member.of.type, StructuredType):
            _add(wanted, member.of.type)


if __name__ == "__main__":
    PAGE.write_text(routes_page(), encoding="utf-8")
    print(f"{PAGE.name} written", file=sys.stderr)
