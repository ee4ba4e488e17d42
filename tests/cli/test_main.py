"""The entry: starts fast, prints safely, and answers errors with one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from kbgap.cli.output import print_json, print_rows

HEAVY = ("sqlalchemy", "starlette", "alembic", "rich", "psycopg", "joserfc")


def modules_after(*words: str, stdin: str = "") -> set[str]:
    """The modules that a command imports, in a process of its own."""
    code = (
        "import sys; from kbgap.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], input=stdin, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_nothing_heavy() -> None:
    """``kbgap --help`` starts in well under 200 ms."""
    assert modules_after("--help").isdisjoint({*HEAVY, "msgspec"} - {"msgspec"})


def test_an_audit_imports_neither_the_store_nor_the_server(data_dir: Path) -> None:
    """Importing SQLAlchemy costs half a second."""
    report = '{"schema": "kbgap.report/1", "os": {"name": "Microsoft Windows 10 Pro", "build": "10.0.18363.657"}}'

    loaded = modules_after("audit", "--format", "json", "--data-dir", str(data_dir), stdin=report)

    assert "kbgap.core.assess" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_json_is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    """Any console carries it, and readers that know only ASCII too."""
    print_json({"name": "Überwachung 😀"})

    assert capsys.readouterr().out == '{"name":"\\u00dcberwachung \\ud83d\\ude00"}\n'


def test_csv_quotes_what_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A list is joined, a comma is quoted."""
    print_rows([{"a": ["x", "y"], "b": None}], ["a", "b"], "csv")

    assert capsys.readouterr().out == 'a,b\n"x, y",\n'


def test_a_reader_that_leaves_is_no_error(data_dir: Path) -> None:
    """``kbgap catalogue releases | head -1`` ends quietly."""
    command = f"{sys.executable} -m kbgap.cli.main catalogue releases --format csv --data-dir {data_dir} | head -1"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("line,build,kb")
    assert "Traceback" not in done.stderr
