"""The table that we ship says of the real documents what Microsoft's scan file says, and nothing becomes too easy."""

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from kbgap.catalogue.compile import Compiled
from kbgap.catalogue.edges import join_scans, load_scan_products
from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.records import Document
from kbgap.core.model import ByBuild, ByList, ByMark, ByVersion, Update
from tests.golden.scan_truth import DAY
from tools.supersedence_table import Row, build_table, judged_by, read_lines

Everything = dict[str, tuple[Update, ...]]


@pytest.fixture(scope="module")
def shipped(real_catalogue: CatalogueFile) -> Everything:
    """What a plain refresh makes of each product."""
    return {fixes.product: fixes.updates for fixes in real_catalogue.all_fixes()}


def covered_by(update: Update) -> frozenset[str]:
    """What contains an update, where the list of updates can tell."""
    match update.proof:
        case ByList(covered_by=covered) | ByVersion(listing=ByList(covered_by=covered)):
            return covered
        case ByBuild() | ByMark() | ByVersion():
            return frozenset()


def test_the_table_is_what_its_tool_makes(real_documents: tuple[Document, ...], shared_data: Path) -> None:
    """Nothing in it was written by hand: the scan file of February 2025 and the documents give each row."""
    scan = read_lines(shared_data / "wsusscn2" / f"updates-{DAY}.jsonl.zst")

    rows = build_table(judged_by(real_documents), join_scans([scan], load_scan_products()))

    head, *body = csv.reader(files("kbgap.data").joinpath("supersedence.csv").read_text("utf-8").splitlines())
    assert head == list(Row._fields)
    assert [Row(*row) for row in body] == rows


def test_a_plain_refresh_judges_as_one_with_the_scan_file(scanned: Compiled, shipped: Everything) -> None:
    """The table is 2,400 rows of the file's 154,547 edges, and loses none that judging reads."""
    assert shipped == {product: fixes.updates for product, fixes in scanned.fixes.items()}


def test_where_the_build_decides_nothing_changes(alone: Compiled, shipped: Everything) -> None:
    """Semantics 3.3a: on Windows 10 and later only what has a list of its own, .NET and Flash, reads the table."""
    changed = {product for product, fixes in alone.fixes.items() if fixes.updates != shipped[product]}

    known = {product.id: product for product in alone.products}
    cumulative = {id_ for id_ in changed if known[id_].line and alone.lines[known[id_].line].cumulative}
    assert changed
    assert {known[id_].component for id_ in cumulative} <= {".net", "flash"}
    for id_ in changed:
        assert [type(update.proof) for update in shipped[id_]] == [type(u.proof) for u in alone.fixes[id_].updates]


def test_the_table_only_adds(alone: Compiled, shipped: Everything) -> None:
    """Whatever contained an update before still does."""
    for product, fixes in alone.fixes.items():
        for before, after in zip(fixes.updates, shipped[product], strict=True):
            assert covered_by(before) <= covered_by(after)


def test_parts_of_one_fix_stay_apart(alone: Compiled, shipped: Everything) -> None:
    """SharePoint and Office need every part (semantics 3.4): no newer KB of one part is taken for another's."""
    pairs = 0
    for product, fixes in alone.fixes.items():
        for closing in (closing for closing in fixes.closings if closing.needs_all):
            before = [covered_by(fixes.updates[index]) | {fixes.updates[index].kb} for index in closing.updates]
            after = [covered_by(shipped[product][index]) | {fixes.updates[index].kb} for index in closing.updates]
            assert frozenset.intersection(*after) == frozenset.intersection(*before)
            pairs += 1
    assert pairs > 200


def test_no_rollup_is_in_a_security_only_update(alone: Compiled, shipped: Everything) -> None:
    """The tracks stand beside each other: a rollup has all that came before, a security-only update its own month."""
    kinds = {(line.id, release.kb): release.kind for line in alone.lines.values() for release in line.releases}
    known = {product.id: product for product in alone.products}
    rollups = 0
    for id_, updates in shipped.items():
        line = known[id_].line
        for update in updates:
            if kinds.get((line, update.kb)) == "rollup" and not alone.lines[line].cumulative:
                rollups += 1
                assert "security-only" not in {kinds.get((line, newer)) for newer in covered_by(update)}
    assert rollups > 500
