"""The reference pages are the code's, and what the pages show is what the commands print."""

import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import pytest

from kbgap.catalogue.file import write_catalogue
from kbgap.catalogue.shelf import Shelf
from kbgap.cli.arguments import parser
from kbgap.cli.main import main
from kbgap.operations.demo import Plan, set_up_demo
from kbgap.operations.refresh_catalogue import compile_documents
from kbgap.settings import Settings, describe_settings
from kbgap.store.database import open_database
from kbgap.store.migrate import migrate
from tests.cli.conftest import MARCH, Run, Write
from tests.conftest import ROOT
from tools.reference import commands_page, settings_page

DOCS = ROOT / "docs"
JSON_PAGE = DOCS / "reference" / "catalogue-json.md"
TUTORIAL = DOCS / "tutorial.md"
NOW = datetime(2026, 7, 7, 8, tzinfo=UTC)

Shape = dict[str, "Shape"] | None


# --- pages written from the code ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "written"), [("cli.md", commands_page), ("settings.md", settings_page)])
def test_the_page_is_what_the_code_says(page: str, written: object) -> None:
    """Run ``python tools/reference.py`` after changing a command or a setting."""
    assert callable(written)

    assert (DOCS / "reference" / page).read_text(encoding="utf-8") == written()


def test_every_setting_is_in_force() -> None:
    """A setting that nothing reads promises what does not happen."""
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py") if path.name != "declared.py"
    )
    read_by_property = {"database_url", "database_connections"}  # through Settings.database and Settings.pool_size

    unread = {setting.name for setting in describe_settings() if not re.search(rf"\.{setting.name}\b", code)}

    assert unread - read_by_property == set()


# --- the members of JSON ------------------------------------------------------------------------------------------


def documented(heading: str) -> object:
    """The first JSON block under a heading of the page."""
    page = JSON_PAGE.read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    block = re.search(r"^```json\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert block is not None, heading
    return json.loads(block[1])


def shape_of(value: object) -> Shape:
    """The members of a value, and theirs; a list is what its items have together, ids of software are one member."""
    match value:
        case dict():
            return {"*" if "-_-" in name else name: shape_of(inner) for name, inner in value.items()}
        case list():
            return reduce(joined, map(shape_of, value), None)
        case _:
            return None


def joined(one: Shape, other: Shape) -> Shape:
    """What two items of one list have together."""
    if one is None or other is None:
        return one or other
    return {name: joined(one.get(name), other.get(name)) for name in one | other}


def test_audit_prints_the_members_that_are_documented(run: Run, report: Write) -> None:
    """Two machines have all of them together: one misses something, of the other something is unknown."""
    known, floor = report("a"), report("b", build="10.0.18363")

    lines = run("audit", "--format", "json", str(known), str(floor)).out.splitlines()

    assert len(lines) == 2
    assert shape_of([json.loads(line) for line in lines]) == shape_of(documented("kbgap audit"))


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("kbgap catalogue show KB", ["catalogue", "show", "KB4540673"]),
        ("kbgap catalogue show CVE", ["catalogue", "show", "CVE-2020-0796"]),
        ("kbgap catalogue quality", ["catalogue", "quality"]),
        ("kbgap catalogue releases", ["catalogue", "releases"]),
        ("kbgap client create", ["client", "create", "curl"]),
    ],
)
def test_a_command_prints_the_members_that_are_documented(run: Run, heading: str, words: list[str]) -> None:
    """Programs read them: a member that goes or comes changes the page too."""
    shown = json.loads(run(*words, "--format", "json").out)

    assert shape_of(shown) == shape_of(documented(heading))


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("kbgap inventory import", ["inventory", "import", "{report}"]),
        ("kbgap missing", ["missing", "microsoft-_-edge"]),
        ("kbgap missing", ["missing", "--machine", "ws-17"]),
        ("kbgap explain", ["explain", "ws-17", "KB4540673"]),
        ("kbgap explain", ["explain", "{report}", "KB4540673"]),
        ("kbgap machine show", ["machine", "show", "ws-17"]),
        ("kbgap what-if", ["what-if", "KB4540673"]),
        ("kbgap install", ["install"]),
        ("kbgap risk", ["risk", "accept", "KB4540673", "--until", "2999-12-31", "--reason", "no restart"]),
    ],
)
def test_a_command_on_the_fleet_prints_the_members_that_are_documented(
    run: Run, report: Write, heading: str, words: list[str]
) -> None:
    """As above, with a machine that has reported."""
    path = str(report())
    run("inventory", "import", path)

    shown = json.loads(run(*(word.format(report=path) for word in words), "--format", "json").out)

    assert shape_of(shown) == shape_of(documented(heading))


@pytest.mark.parametrize("word", ["status", "show"])
def test_the_status_has_the_members_that_are_documented(run: Run, report: Write, tmp_path: Path, word: str) -> None:
    """Once something was loaded, and there is a fleet."""
    file = str(tmp_path / "moved.kbcat")
    run("inventory", "import", str(report()))
    run("catalogue", "export", file)
    run("catalogue", "import", file)

    shown = json.loads(run("catalogue", word, "--format", "json").out)

    assert shape_of(shown) == shape_of(documented("kbgap catalogue status"))


def test_a_difference_has_the_members_that_are_documented(run: Run, data_dir: Path, tmp_path: Path) -> None:
    """Between two files that are not of the same documents."""
    other = write_catalogue(compile_documents([MARCH]), tmp_path)
    (current,) = (data_dir / "catalogue").glob("*.kbcat")

    shown = json.loads(run("catalogue", "diff", str(other), str(current), "--format", "json").out)

    assert shape_of(shown) == shape_of(documented("kbgap catalogue diff"))


def test_every_member_that_is_explained_is_in_an_example() -> None:
    """The tables explain what the examples show, and nothing else."""
    page = JSON_PAGE.read_text(encoding="utf-8")
    explained = [
        name for cell in re.findall(r"^\| (`[^|]+) \| ", page, re.MULTILINE) for name in re.findall("`(.+?)`", cell)
    ]

    assert explained
    assert [name for name in explained if f'"{name.rpartition(".")[2]}"' not in page] == []


# --- the tutorial -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's data in ``demo``, and the system text of the tutorial."""
    folder = tmp_path_factory.mktemp("tutorial")
    settings = Settings(data_dir=folder / "demo")
    settings.data_dir.mkdir()
    migrate(settings.database)
    with open_database(settings.database) as database:
        usual = parser().parse_args(["demo"])
        plan = Plan(tenant=settings.tenant, tenant_name="demo", seed=usual.seed, machines=usual.machines)
        set_up_demo(database, Shelf(settings.data_dir / "catalogue"), plan, NOW)
    text = re.search(r"^```text\n(.*?)^```$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert text is not None
    (folder / "systeminfo.txt").write_text(text[1], encoding="utf-8")
    return folder


def shown(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command of a page that asks the demo, with the lines that the page shows below it."""
    for block in re.findall(r"^```console\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            if "--data-dir demo" in command:
                yield command, lines


@pytest.mark.parametrize(("command", "lines"), list(shown(TUTORIAL)), ids=[command for command, _ in shown(TUTORIAL)])
def test_the_tutorial_shows_what_the_demo_answers(
    demo_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    lines: list[str],
) -> None:
    """A newcomer sees exactly this."""
    monkeypatch.chdir(demo_folder)

    main(shlex.split(command)[1:])

    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert printed == lines
