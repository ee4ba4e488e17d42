"""The release table says which KB brings which build on which Windows line: known facts, form, order, sources."""

import csv
import re
from collections import Counter, defaultdict
from datetime import date
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from tools.release_sources import Sources, read_sources
from tools.release_table import Row, build_table, list_doubts

ROLLUP_LINES = {"6003": "6.0.6003", "7601": "6.1.7601", "9200": "6.2.9200", "9600": "6.3.9600"}
CUMULATIVE_LINES = (
    *("10240", "10586", "14393", "15063", "16299", "17134", "17763", "18362", "18363", "19041", "19042", "19043"),
    *("19044", "19045", "20348", "22000", "22621", "22631", "25398", "26100", "server 26100", "26200", "28000"),
)
CUMULATIVE_KINDS = {"security", "preview", "out-of-band", "cumulative", "hotpatch"}
ROLLUP_KINDS = {"rollup", "preview-rollup", "security-only"}

FACTS = [
    ("18362", "719", "4540673", "security"),
    ("18363", "719", "4540673", "security"),
    ("18362", "720", "4551762", "out-of-band"),
    ("18363", "720", "4551762", "out-of-band"),
    ("18363", "752", "4541335", "preview"),
    ("18363", "693", "4535996", "preview"),
    ("18363", "778", "4549951", "security"),
    ("18362", "113", "4497936", "security"),
    ("22621", "963", "5021255", "security"),
    ("20348", "768", "5014678", "security"),
    ("20348", "3453", "5055526", "security"),
    ("20348", "3095", "5052819", "out-of-band"),
    ("22000", "1574", "5022836", "security"),
    ("10240", "20979", "5055547", "security"),
    ("19041", "985", "5003173", "security"),
    ("19044", "3570", "5031356", "security"),
    ("19045", "3570", "5031356", "security"),
    ("19041", "1083", "5004945", "out-of-band"),
    ("19042", "1083", "5004945", "out-of-band"),
    ("19043", "2486", "5022282", "security"),
    ("26100", "1742", "5043080", "security"),
    ("26100", "4851", "5064010", "hotpatch"),
    ("26100", "4946", "5063878", "security"),
    ("server 26100", "4851", "5064010", "hotpatch"),
    ("server 26100", "4946", "5063878", "security"),
    ("26100", "7392", "5072014", "hotpatch"),
    ("26100", "7462", "5072033", "security"),
    ("26200", "7462", "5072033", "security"),
    ("server 26100", "7462", "5072033", "security"),
    ("server 26100", "6905", "5070881", "out-of-band"),
    ("20348", "4297", "5070884", "out-of-band"),
    ("26100", "8655", "5094126", "security"),
    ("26200", "8655", "5094126", "security"),
    ("server 26100", "32995", "5094125", "security"),
    ("7601", "", "4012215", "rollup"),
    ("7601", "", "4012218", "preview-rollup"),
    ("9600", "", "4012213", "security-only"),
    ("9600", "", "4012216", "rollup"),
]
# Microsoft's builds that two KBs bring, in the order of release.
SHARED_BUILDS = {
    ("10240", "17113"): ["3185611", "3193821"],
    ("10240", "17741"): ["4075199", "4077735"],
    ("14393", "187"): ["3189866", "3193494"],
    ("15063", "936"): ["4077528", "4092077"],
    ("20348", "1251"): ["5019080", "5021656"],
}
# FixedBuilds of CVRF that other sources contradict; a 13th, 20348.3328 for KB5055526, is of Azure Stack HCI, no line.
WRONG_BUILDS = {
    "10240 KB5003172": "10.0.10240.18931",
    "10240 KB5019970": "10.0.10240.19562",
    "10240 KB5055547": "10.0.10240.20978",
    "14393 KB5003197": "10.0.14393.4401",
    "17134 KB5003174": "10.0.17134.2207",
    "19041 KB5003173": "10.0.19041.982",
    "19042 KB5003173": "10.0.19042.982",
    "20348 KB5008223": "10.0.20348.400",
    "20348 KB5014678": "10.0.20348.770",
    "22000 KB5008215": "10.0.22000.371",
    "22000 KB5022836": "10.0.22621.1574",
    "22621 KB5021255": "10.0.22621.993",
}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The table as it is shipped."""
    head, *body = csv.reader(files("kbgap.data").joinpath("windows_builds.csv").read_text("utf-8").splitlines())
    assert head == list(Row._fields)
    return [
        Row(line, build, revision, kb, kind, day, int(count)) for line, build, revision, kb, kind, day, count in body
    ]


@pytest.fixture(scope="module")
def lines(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each line, in file order."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.line].append(row)
    return dict(found)


@pytest.fixture(scope="module")
def sources(shared_data: Path) -> Sources:
    """The four sources as they are published."""
    return read_sources(shared_data)


# --- facts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "revision", "kb", "kind"), FACTS)
def test_a_known_release_is_there(rows: list[Row], line: str, revision: str, kb: str, kind: str) -> None:
    """Releases that were looked up by hand have exactly this revision and kind on this line."""
    assert [(row.revision, row.kind) for row in rows if (row.line, row.kb) == (line, kb)] == [(revision, kind)]


@pytest.mark.parametrize(
    ("line", "kb"),
    [
        ("server 26100", "5094126"),
        ("26100", "5094125"),
        ("26100", "5055528"),
        ("17763", "5013945"),
        ("19041", "5094127"),
    ],
)
def test_a_kb_is_not_on_a_line_that_it_is_not_for(rows: list[Row], line: str, kb: str) -> None:
    """CVRF lists these for a wrong product in a few CVEs."""
    assert [row for row in rows if (row.line, row.kb) == (line, kb)] == []


@pytest.mark.parametrize(
    "kb",
    [
        *("5012170", "5042320", "5042321", "5042322", "5046398", "5046399", "5046400", "5070892", "5070893", "5074204"),
        *("5074353", "5023787", "5043936", "5043124", "5047621", "4465664", "4519337"),
    ],
)
def test_what_brings_no_build_is_not_a_release(rows: list[Row], kb: str) -> None:
    """Servicing stacks, standalone fixes and recovery images carry a build in CVRF that they do not bring."""
    assert [row for row in rows if row.kb == kb] == []


def test_a_preview_stands_between_the_rollups_around_it(lines: dict[str, list[Row]]) -> None:
    """The place says what a rollup contains, also where no source gives a preview's day."""
    spring = ["4012215", "4012212", "4012218", "4015549", "4015546", "4015552", "4019264", "4019263", "4019265"]

    assert [row.kb for row in lines["7601"] if row.kb in spring] == spring


# --- form ---------------------------------------------------------------------------------------------------------


def test_every_line_is_there_in_order(lines: dict[str, list[Row]]) -> None:
    """One block for each Windows release; client and server that share builds are one line."""
    assert list(lines) == [*ROLLUP_LINES, *CUMULATIVE_LINES]


def test_a_row_is_about_one_kb_and_revision(rows: list[Row]) -> None:
    """No two rows say the same, or the same with another kind."""
    counts = Counter((row.line, row.kb, row.revision) for row in rows)

    assert [key for key, count in counts.items() if count > 1] == []


def test_every_row_is_well_formed(rows: list[Row]) -> None:
    """Builds belong to their line, KBs and revisions are digits, and days are Microsoft's since 2016."""
    for row in rows:
        assert row.build == ROLLUP_LINES.get(row.line, f"10.0.{row.line.split()[-1]}"), row
        assert re.fullmatch(r"[3-5]\d{6}", row.kb), row
        assert re.fullmatch(r"[1-9]\d*", row.revision) or (row.line in ROLLUP_LINES and not row.revision), row
        assert row.kind in (ROLLUP_KINDS if row.line in ROLLUP_LINES else CUMULATIVE_KINDS), row
        assert not row.date or date(2016, 1, 1) <= date.fromisoformat(row.date) <= date(2026, 7, 31), row
        assert 1 <= row.sources <= 3, row


# --- order --------------------------------------------------------------------------------------------------------


def test_revisions_rise_within_a_cumulative_line(lines: dict[str, list[Row]]) -> None:
    """File order is the order of builds; equal revisions are builds that two KBs bring."""
    shared: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for line in CUMULATIVE_LINES:
        for earlier, later in pairwise(lines[line]):
            assert int(earlier.revision) <= int(later.revision), later
            if earlier.revision == later.revision:
                shared[line, later.revision] += [earlier.kb, later.kb]

    assert shared == SHARED_BUILDS


def test_days_never_fall_within_a_line(lines: dict[str, list[Row]]) -> None:
    """File order is the order of release too, but for hotpatches, whose builds stay behind."""
    for releases in lines.values():
        days = [row.date for row in releases if row.date and row.kind != "hotpatch"]
        assert days == sorted(days)


def test_revisions_rise_within_a_series_of_a_rollup_line(lines: dict[str, list[Row]]) -> None:
    """A later rollup has a higher build, and so has a later security-only update."""
    for line in ROLLUP_LINES:
        for kind in ROLLUP_KINDS:
            revisions = [int(row.revision) for row in lines[line] if row.kind == kind and row.revision]
            assert revisions == sorted(set(revisions)), (line, kind)


# --- sources ------------------------------------------------------------------------------------------------------


def test_rows_of_a_single_source_can_be_listed(rows: list[Row]) -> None:
    """The column tells them: an update that only one dated list has, and hotpatches, which only CVRF has."""
    single = {(row.line, row.kb) for row in rows if row.sources == 1}

    assert ("20348", "5052819") in single
    assert {(row.line, row.kb) for row in rows if row.kind == "hotpatch"} <= single
    assert ("18363", "4540673") in single
    assert ("20348", "5055526") not in single


def test_the_table_is_what_the_sources_give(rows: list[Row], sources: Sources) -> None:
    """The shipped table is the one that the tool builds, and no row was edited by hand."""
    assert build_table(sources) == rows


def test_the_dated_lists_agree_with_the_table(rows: list[Row], sources: Sources) -> None:
    """All 450 dated builds are in the table with their day; the public table alone had 449."""
    brought = {(row.line, row.kb, row.revision): row.date for row in rows}
    dated = {(key.name.line, key.name.kb, key.revision): day for key, (day, _) in sources.dated.items()}

    assert len(dated) == 450
    assert dated.items() <= brought.items()
    assert len(sources.dated.keys() & sources.table.keys()) == 449


def test_wrong_builds_of_cvrf_are_named_and_kept_out(rows: list[Row], sources: Sources) -> None:
    """The tool says each FixedBuild that the other sources contradict, and the table has the other build."""
    doubts = dict(doubt.split(": ", 1) for doubt in list_doubts(rows, sources))
    builds = {(f"{row.line} KB{row.kb}", f"{row.build}.{row.revision}") for row in rows}

    for name, build in WRONG_BUILDS.items():
        assert f"'{build}'" in doubts[name].partition(", the table")[0]
        assert (name, build) not in builds


# --- documentation ------------------------------------------------------------------------------------------------


def test_the_documentation_counts_right(rows: list[Row]) -> None:
    """The reference page gives the counts of the table that is shipped."""
    page = Path(__file__).parents[2].joinpath("docs", "reference", "release-table.md").read_text("utf-8")
    counts = {kind: int(count) for kind, count in re.findall(r"^\| ([a-z-]+) \| (\d+) \|$", page, re.MULTILINE)}
    dated, single = sum(bool(row.date) for row in rows), sum(row.sources == 1 for row in rows)

    assert counts == Counter(row.kind for row in rows)
    assert f"{len(rows):,} rows on 27 lines, {dated:,} with a date. {single:,} rows have one source" in page
