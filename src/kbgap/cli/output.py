"""Print rows as a table for people, or as JSON and CSV for programs."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

import msgspec

Row = Mapping[str, object]
_PIPED_WIDTH = 160


def print_rows(rows: Iterable[Row], columns: Sequence[str], form: str, *, title: str = "") -> None:
    """Print ``rows`` in ``form``: json (one array of objects), csv, or a table of ``columns``."""
    match form:
        case "json":
            print_json(list(rows))
        case "csv":
            _print_csv(rows, columns, sys.stdout)
        case _:
            print_table(rows, columns, title=title)


def print_json(value: object) -> None:
    """One line of JSON, with everything outside ASCII escaped, so that any console carries it."""
    text = msgspec.json.encode(value).decode()
    print("".join(c if c < "\x7f" else _escape(c) for c in text) if not text.isascii() else text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _print_csv(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)


def print_table(rows: Iterable[Row], columns: Sequence[str], *, title: str = "") -> None:
    """A table for people: never parsed, so its layout may change."""
    from rich.console import Console  # slow to import, and only tables need it
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title) if title else None, title_justify="left", box=None, pad_edge=False, header_style="bold"
    )
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in _NUMBERS else "left")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)
    if sys.stdout.isatty():
        console.print(table)
        return
    with console.capture() as printed:
        console.print(table)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()))


_NUMBERS = frozenset(
    {
        *("machineMissedOn", "cveAddressed", "osBuild", "count", "entries", "rows", "machines", "weaknesses"),
        *("installedMachines", "exposedMachines", "exposedMachinesAfter"),
    }
)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case list() | tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)


def say(text: str) -> None:
    """A remark for people, kept apart from the rows."""
    print(text, file=sys.stderr)
