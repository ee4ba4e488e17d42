"""The table of last days is complete in itself, and names nothing that kbgap does not know."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from itertools import combinations
from typing import Any

import pytest

from kbgap.core.gap import Gap
from kbgap.core.versions import Branch, parse_branch
from kbgap.inventory.normalise import MachineFacts
from kbgap.operations.audit import Judged, support_note
from kbgap.operations.end_of_support import Entry, read_table, supported

ENTRIES = read_table().entry


def data(name: str) -> dict[str, Any]:
    """One file of data."""
    return tomllib.loads((files("kbgap.data") / name).read_text("utf-8"))


def rules_for_software() -> Iterator[str]:
    """What the product part of the software of each rule looks like, as a regular expression."""
    for name in ("products.toml", "products_applications.toml"):
        for table in data(name).values():
            for rule in table if isinstance(table, list) else ():
                if isinstance(rule, dict) and "software" in rule:
                    yield spelled_out(rule["software"], rule.get("pattern", ""))


def spelled_out(software: str, pattern: str) -> str:
    """A software with each of its groups as the choices that the pattern gives: {year} is what the year can be."""
    parts = re.split(r"\{(\w+)\}", software)
    for place in range(1, len(parts), 2):
        group = re.search(rf"\(\?P<{parts[place]}>([^()]*)\)", pattern)
        parts[place] = f"(?:{group[1].lower().replace(' ', '_')})" if group else "(?!)"
    return "".join(part if place % 2 else re.escape(part) for place, part in enumerate(parts))


def branch(entry: Entry) -> Branch:
    """The versions of an entry."""
    found = parse_branch(*entry.versions)
    assert found is not None, entry
    return found


def test_every_software_is_one_that_a_rule_knows() -> None:
    """Otherwise an entry would never be asked for."""
    named = {software for entry in ENTRIES for software in entry.software}

    known = re.compile("|".join(set(rules_for_software()) - {""}))
    assert {software for software in named if not known.fullmatch(software)} == set()
    assert set(read_table().complete) - named == set()


def test_every_windows_of_many_versions_has_them_all() -> None:
    """An entry names a line of the table of lines, and no release of these is left out."""
    lines = {line["id"]: line["prefix"] for line in data("lines.toml")["line"]}
    several = {"windows_10", "windows_11", "windows_server"}
    releases = {
        (release["software"], lines[release["line"]])
        for release in data("products.toml")["release"]
        if release["software"] in several
    }
    entries = {(s, entry.versions[0]) for entry in ENTRIES for s in entry.software if s in several}

    assert entries == releases


def test_every_release_of_windows_has_an_end() -> None:
    """Support of each is limited; one that is new must be looked up."""
    released = {release["software"] for release in data("products.toml")["release"]}

    assert released - {software for entry in ENTRIES for software in entry.software} == set()


def test_entries_of_one_software_do_not_overlap() -> None:
    """A version has one entry; one without versions stands alone."""
    for software in {software for entry in ENTRIES for software in entry.software}:
        mine = [entry for entry in ENTRIES if software in entry.software]
        for one, other in combinations(mine, 2):
            first, second = sorted((branch(one), branch(other)))
            assert first.below <= second.first, (one, other)


def test_every_entry_has_days_and_a_source() -> None:
    """In order, each once."""
    for entry in ENTRIES:
        assert entry.ends
        assert list(entry.ends) == sorted(set(entry.ends))
        assert len(entry.source) > len("lifecycle tables")


@pytest.mark.parametrize(
    ("software", "version", "status", "until"),
    [
        ("windows_10", "10.0.18363.657", "EOS Version", date(2022, 5, 10)),
        ("windows_10", "10.0.17763.1637", None, None),
        ("windows_11", "10.0.26200.6584", "None", None),
        ("windows_server_2016", "10.0.14393.9000", "Upcoming EOS Software", date(2027, 1, 12)),
        ("sql_server_2016", "13.0.5026.0", "EOS Software", date(2022, 10, 11)),
        ("excel", "16.0.5483.1000", "EOS Version", date(2025, 10, 14)),
        ("excel", "16.0.18025.20000", None, None),
        ("powershell", "7.4.6.0", "EOS Version", date(2026, 11, 10)),
        ("internet_explorer", None, None, None),
    ],
)
def test_how_long_versions_are_supported(
    software: str, version: str | None, status: str | None, until: date | None
) -> None:
    """As of a day in 2026, for one of each kind."""
    assert supported(software, version, date(2026, 11, 24)) == (status, until)


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2025, 1, 1), ""),
        (date(2025, 10, 14), "Microsoft's support of this Windows ends on 2025-10-14"),
        (date(2025, 10, 15), "Microsoft's support of this Windows ended on 2025-10-14"),
    ],
)
def test_an_audit_tells_when_support_ends(today: date, told: str) -> None:
    """Half a year before, and from then on."""
    facts = MachineFacts("Windows10", "22H2", 19045, "10.0.19045.5000", "x64")
    judged = Judged(machine=facts, gap=Gap((), ()), install=(), notes=(), windows="windows_10")

    assert support_note(judged, today) == told
