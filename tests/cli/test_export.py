"""``kbgap export`` writes one file, says what is in it, and refuses in one line."""

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from kbgap.cli.arguments import parser
from kbgap.operations.export_to_file import Assessment, Form
from tests.cli.conftest import Outcome, Run, Write
from tools.reference import leaves


@pytest.fixture
def export(run: Run, report: Write, tmp_path: Path) -> Callable[..., Outcome]:
    """Export what two machines have, one of which is patched."""
    imported = run("inventory", "import", str(report()), str(report("ws-18", "10.0.18363.720")))
    assert imported.code == 0

    def call(*words: str | Path) -> Outcome:
        return run("export", *map(str, words))

    return call


def rows_of(file: Path) -> list[tuple[object, ...]]:
    """What another program reads: CVE and machine name."""
    with duckdb.connect() as reader:
        return reader.execute("SELECT CveId, DeviceName FROM read_parquet(?) ORDER BY ALL", [str(file)]).fetchall()


def test_the_words_are_those_of_the_operation() -> None:
    """The command line lists them itself, so that help needs no import of it."""
    (command,) = [found for found, _ in leaves(parser()) if found.prog == "kbgap export"]
    choices = {action.dest: tuple(action.choices) for action in command._actions if action.choices}

    assert choices == {"assessment": tuple(Assessment), "format": tuple(Form)}


def test_parquet_is_the_usual_form(export: Callable[..., Outcome], tmp_path: Path) -> None:
    """In a folder the file has the name of the export."""
    done = export("vulnerabilities", tmp_path)

    file = tmp_path / "vulnerabilities.parquet"
    assert (done.code, done.out, done.err) == (0, f"written: {file}, 3 rows\n", "")
    assert rows_of(file) == [(cve, "ws-17") for cve in ("CVE-2020-0645", "CVE-2020-0768", "CVE-2020-0796")]


@pytest.mark.parametrize(
    ("name", "words", "member"),
    [("out.jsonl.gz", (), "DeviceName"), ("out", ("--format", "jsonl.gz", "--camel-case"), "deviceName")],
)
def test_lines_are_asked_for_by_name_or_by_format(
    export: Callable[..., Outcome], tmp_path: Path, name: str, words: tuple[str, ...], member: str
) -> None:
    """And members as the service's files or its JSON call them."""
    done = export("inventory", tmp_path / name, *words)

    lines = gzip.decompress((tmp_path / name).read_bytes()).decode("ascii").splitlines()
    assert done.code == 0
    assert {json.loads(line)[member] for line in lines} == {"ws-17", "ws-18"}
    assert f"{len(lines)} rows" in done.out


def test_a_file_that_is_there_is_kept(export: Callable[..., Outcome], tmp_path: Path) -> None:
    """Unless it is said that it may go."""
    file = tmp_path / "out.parquet"
    file.write_text("mine")

    refused = export("vulnerabilities", file)

    assert (refused.code, file.read_text()) == (2, "mine")
    assert refused.err == f"kbgap: {file}: the file is there already; give another name, or --replace\n"
    assert export("vulnerabilities", file, "--replace").code == 0
    assert len(rows_of(file)) == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("changes",), 2, "changes need a moment since when"),
        (("changes", "--since", "yesterday"), 2, "'yesterday' is no time"),
        (("changes", "--since", "2020-01-01"), 2, "more than 14 days ago"),
        (("vulnerabilities", "--tenant", "nobody"), 2, "nobody"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_nothing(
    export: Callable[..., Outcome], tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    """Bad input is the caller's to mend."""
    before = sorted(tmp_path.iterdir())

    refused = export(*words, tmp_path / "out.parquet")

    assert refused.code == code
    assert said in refused.err
    assert len(refused.err.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_without_duckdb_it_says_what_to_do(
    export: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is large, and only Parquet needs it: lines are written all the same."""
    monkeypatch.setitem(sys.modules, "duckdb", None)

    refused = export("vulnerabilities", tmp_path / "out.parquet")

    assert refused.code == 3
    assert 'pip install "kbgap[parquet]"' in refused.err
    assert len(refused.err.splitlines()) == 1
    assert export("vulnerabilities", tmp_path / "out.jsonl").code == 0
