"""The documentation says what is there: its links, commands, modules, words and numbered rules exist."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from kbgap.cli.arguments import parser
from tests.architecture.tree import ROOT, modules
from tools.reference import leaves

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SIX_FILES = 6

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MODULE = re.compile(r"`((?:\w+/)*\w+\.(?:py|toml|csv|md))`")
_RULE = re.compile(r"semantics,?(?: sections?)? ((?:\d+(?:\.\d+)?[a-e]?(?:, | and | to )?)+)", re.IGNORECASE)
# In one group, so that this file does not hold what it looks for.
_FOLDER = re.compile(r"(?<![\w.*])(?:/(?:tmp|home|root|opt|Users)/|[A-Z]:\\)")
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]|/\d{3})")
_FOR_EXAMPLES = [ip_network(net) for net in ("127.0.0.1/32", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


@cache
def text_of(page: Path) -> str:
    """A page as it is written."""
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    """A page as people call it."""
    return page.relative_to(ROOT).as_posix()


def prose_of(page: Path) -> str:
    """A page without its blocks of code and output."""
    return _FENCE.sub("", text_of(page))


def anchors_of(page: Path) -> set[str]:
    """The anchors that a forge gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_in(text: str) -> Iterator[str]:
    """Every line of a block that calls kbgap, with or without a prompt."""
    for kind, block in _FENCE.findall(text):
        if kind in {"", "console"}:
            lines = block.replace("\\\n", " ").splitlines()
            called = (re.fullmatch(r"(?:\$ )?(?:[^$]* \| )?(kbgap [a-z].*?)(?: +#.*| > \S+)?", line) for line in lines)
            yield from (match[1] for match in called if match)


def page_ids() -> list[str]:
    """The pages as the ids of tests."""
    return [name_of(page) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=page_ids())
def test_links_lead_somewhere(page: Path) -> None:
    """A link within the repository names a file that exists, and a heading that is in it."""
    broken = []
    for target in _LINK.findall(prose_of(page)):
        if target.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.is_file() or (anchor and anchor not in anchors_of(other)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=page_ids())
def test_every_command_shown_can_be_given(page: Path) -> None:
    """A page that shows a command or a flag that is not there sends people into an error."""
    refused = []
    for line in commands_in(text_of(page)):
        try:
            parser().parse_args(shlex.split(line)[1:])
        except SystemExit:
            refused.append(line)

    assert refused == []


@pytest.mark.parametrize("page", PAGES, ids=page_ids())
def test_make_has_every_target_that_is_named(page: Path) -> None:
    """``make demo`` in a page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text_of(page), re.MULTILINE))

    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=page_ids())
def test_no_page_names_a_machine(page: Path) -> None:
    """Examples hold anywhere: relative paths, example.org, and addresses that are set apart for documentation."""
    addresses = {ip_address(found) for found in _ADDRESS.findall(text_of(page))}

    assert _FOLDER.findall(text_of(page)) == []
    assert {str(one) for one in addresses if not any(one in net for net in _FOR_EXAMPLES)} == set()


@pytest.mark.parametrize("page", PAGES, ids=page_ids())
def test_every_module_that_is_named_exists(page: Path) -> None:
    """A name in code letters that looks like a file is one, from the root or from the package."""
    named = {name for name in _MODULE.findall(prose_of(page)) if "/" in name}

    assert {name for name in named if not any((ROOT / base / name).is_file() for base in ("", "src/kbgap"))} == set()


def test_every_command_is_documented() -> None:
    """Whoever adds a command runs tools/reference.py."""
    page = text_of(ROOT / "docs" / "reference" / "cli.md")

    assert [command.prog for command, _ in leaves(parser()) if f"## {command.prog}\n" not in page] == []


def test_the_main_job_is_told_in_six_files() -> None:
    """The first section of the architecture page names the way of a report, and all of it is there."""
    section = text_of(ROOT / "docs/explanation/architecture.md").split("\n## ")[1]
    rows = re.findall(r"^\| (\d) \| `([^`]+)` \|", section, re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, SIX_FILES + 1))
    assert [name for _, name in rows if not (ROOT / "src/kbgap" / name).is_file()] == []


def test_every_room_is_on_the_architecture_page() -> None:
    """A new room gets its place there, and its floor."""
    page = text_of(ROOT / "docs/explanation/architecture.md")
    rooms = {path.parent.name for path in (ROOT / "src/kbgap").glob("*/__init__.py")}

    assert {room for room in rooms if not re.search(rf"\b{room}\b", page)} == set()


def test_every_rule_that_the_code_names_is_on_the_assessment_page() -> None:
    """A comment that says ``semantics 3.3e`` can be looked up."""
    page = text_of(ROOT / "docs/explanation/assessment.md")
    told = set(re.findall(r"^#+ (\d+(?:\.\d+)?)\b", page, re.MULTILINE))
    told |= {f"3.3{letter}" for letter in re.findall(r"^\*\*([a-e])\.", page, re.MULTILINE)}
    code = " ".join(module.text for module in modules("src", "tests", "tools"))
    named = {number for found in _RULE.findall(code) for number in re.findall(r"\d+(?:\.\d+)?[a-e]?", found)}

    assert named
    assert named - told == set()


def test_the_steps_of_proving_are_those_of_the_code() -> None:
    """The ladder in the docstring of ``prove_by`` has as many steps as the page."""
    code = text_of(ROOT / "src/kbgap/core/proof.py")
    ladder = code.split('"""Choose the proof', 1)[1].split('"""', 1)[0]
    page = text_of(ROOT / "docs/explanation/assessment.md").split("### 3.3", 1)[1].split("Then, for each state", 1)[0]

    assert re.findall(r"^\s*(\d)\. ", page, re.MULTILINE) == re.findall(r"^\s*(\d)\. ", ladder, re.MULTILINE)


def test_the_glossary_has_only_words_that_are_used() -> None:
    """A word that no code and no page uses defines nothing."""
    rows = re.findall(r"^\| ([^|]+?) \|", text_of(ROOT / "docs/glossary.md"), re.MULTILINE)[2:]
    used = " ".join([module.text for module in modules("src")]).casefold()

    assert rows == sorted(rows, key=str.casefold)
    assert [
        word for word in rows if word.casefold() not in used and word.casefold().replace(" ", "_") not in used
    ] == []


def test_every_decision_is_in_the_index_once() -> None:
    """Numbers are given once, every page has the same parts, and the index has its title and status."""
    folder = ROOT / "docs" / "adr"
    pages = sorted(page for page in folder.glob("*.md") if page.name != "README.md")
    index = text_of(folder / "README.md")

    assert [number for number, count in Counter(page.name[:4] for page in pages).items() if count > 1] == []
    for page in pages:
        title = re.match(r"# (\d+)\. (.+)\n\nStatus: (\w+)", text_of(page))
        assert title is not None, page.name
        assert int(title[1]) == int(page.name[:4])
        assert f"| {title[1]} | [{title[2]}]({page.name}) | {title[3]} |" in index
        assert re.findall(r"^## (Context|Decision|Consequences)$", text_of(page), re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]


def test_decisions_that_the_code_names_are_there() -> None:
    """``docs/adr/0003`` in a comment is a page."""
    named = {number for module in modules("src", "tests") for number in re.findall(r"docs/adr/(\d{4})", module.text)}

    assert {number for number in named if not list((ROOT / "docs" / "adr").glob(f"{number}-*.md"))} == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("$ kbgap audit report.txt", ["kbgap audit report.txt"]),
        ("kbgap audit --format json report.txt > gap.json", ["kbgap audit --format json report.txt"]),
        ("systeminfo | kbgap audit -", ["kbgap audit -"]),
        ("kbgap audit report.txt  # the gap", ["kbgap audit report.txt"]),
        ("kbgap: catalogue 2026-Jun is old", []),
        ("$ ls", []),
    ],
)
def test_commands_are_found_however_they_are_shown(line: str, found: list[str]) -> None:
    """With a prompt or without, behind a pipe, with a comment, or with its output sent to a file; messages are none."""
    assert list(commands_in(f"```console\n{line}\n```\n")) == found
