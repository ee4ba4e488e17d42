"""An export as a file has the rows of the API, each of them once, in whatever form, and all of one moment."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import msgspec
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.inventory.report import Machine as Reported
from kbgap.inventory.report import Report
from kbgap.inventory.report import Software as Program
from kbgap.odata.options import Query
from kbgap.operations import export_to_file as exporting
from kbgap.operations.export_assessments import (
    plain_inventory,
    software_inventory,
    software_vulnerabilities,
    vulnerability_changes,
)
from kbgap.operations.export_to_file import Assessment, Form, Wanted, export_to_file
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_machines import exclude_machine, sweep_machines
from kbgap.operations.read_missing import missing_for_machine
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import parquet_cves, parquet_items, walking
from kbgap.store.database import Database
from kbgap.store.export_rows import spelling
from kbgap.store.timelines import Timelines
from kbgap.store.walking import Walked
from tests.builders import APRIL, BY, FEBRUARY, MARCH, NOW, OTHER_TENANT, TENANT, a_catalogue, a_report, later

MACHINES, ROUNDS = 40, 8
BUILDS = (418, 500, 657, 719, 778)
NAMES = ("brücke.example", 'quote"d.example', "it's.example", None)
PROGRAMS = (
    Program(vendor="Mozilla", name="Mozilla Firefox", version="115.3"),
    Program(vendor="Пример", name="Программа\t1", version="1"),
    Program(name="Nameless", version=None),
)
IN_PARQUET: dict[Any, str] = {
    bool: "BOOLEAN",
    float: "DOUBLE",
    int: "BIGINT",
    int | None: "BIGINT",
    str: "VARCHAR",
    str | None: "VARCHAR",
    tuple[str, ...]: "VARCHAR[]",
    datetime: "TIMESTAMP WITH TIME ZONE",
}
SOFTWARE = Assessment.INVENTORY
ISO = "%Y-%m-%dT%H:%M:%SZ"
SINCE, NOWADAYS = later(days=20), later(days=30)


def a_machine(number: int, random: Random) -> Report:
    """Any build, name and list of programs; a machine stays in its group, and on its Windows."""
    name, group = NAMES[number % len(NAMES)], ("ours", "theirs", None)[number % 3]
    is_old = number % 5 == 4  # what is open there shows in the list of updates, not in the build
    return a_report(
        ubr=random.choice((None, *BUILDS) if is_old else BUILDS),
        number=9600 if is_old else 18363,
        kbs=random.sample(["4541509"], random.randrange(2)) if is_old else [],
        machine=Reported(id=f"{number:040x}", computer_dns_name=name and f"{number}.{name}", rbac_group_name=group),
        software=tuple(random.sample(PROGRAMS, random.randrange(4))),
    )


@pytest.fixture
def with_april(tmp_path: Path) -> Iterator[CatalogueFile]:
    """The catalogue a month later."""
    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as opened:
        yield opened


@pytest.fixture
def lived(fleet: Database, catalogue: CatalogueFile, with_april: CatalogueFile) -> Database:
    """Machines that were patched, set back and renewed for a month, with a new catalogue within it."""
    random = Random(11)
    current = catalogue
    for turn in range(ROUNDS):
        if turn == ROUNDS // 2:
            current = with_april
            load_catalogue(fleet, current, later(days=3 * turn, hours=-1))
        chosen = range(MACHINES) if turn == 0 else random.sample(range(MACHINES), MACHINES // 2)
        reports = [a_machine(number, random) for number in chosen]
        report_inventory(fleet, current, TENANT, reports, later(days=3 * turn, seconds=turn))
    exclude_machine(fleet, TENANT, f"{3:040x}", "Other", BY)
    sweep_machines(fleet, TENANT, NOWADAYS, timedelta(days=20), timedelta(days=180))
    return fleet


Rows = list[dict[str, Any]]


def told_by_api(database: Database, assessment: Assessment) -> Rows:
    """The rows that pages of the API have, as they are in JSON."""
    whole = Query(limit=1_000_000)
    lists: dict[Assessment, Callable[[], Any]] = {
        Assessment.INVENTORY: lambda: software_inventory(database, TENANT, NOWADAYS, whole),
        Assessment.PLAIN_INVENTORY: lambda: plain_inventory(database, TENANT, NOWADAYS, whole),
        Assessment.VULNERABILITIES: lambda: software_vulnerabilities(database, TENANT, NOWADAYS, whole),
        Assessment.CHANGES: lambda: vulnerability_changes(database, TENANT, SINCE, NOWADAYS, whole),
    }
    if assessment is Assessment.MISSING:
        return missing_by_machine(database)
    return [msgspec.json.decode(msgspec.json.encode(row)) for row in lists[assessment]().rows]


def missing_by_machine(database: Database) -> Rows:
    """The rows of ``getmissingkbs`` of each machine that counts, behind what the list of software says of machines."""
    head = ("deviceId", "rbacGroupId", "rbacGroupName", "deviceName", "osPlatform")
    machines = {row["deviceId"]: {name: row[name] for name in head} for row in told_by_api(database, SOFTWARE)}
    rows = []
    for machine in machines.values():
        for row in missing_for_machine(database, TENANT, machine["deviceId"]):
            told = msgspec.json.decode(msgspec.json.encode(row))
            assert told.pop("machineMissedOn") == 1
            rows.append({**machine, **told})
    return rows


def written(database: Database, folder: Path, wanted: Wanted, now: datetime = NOWADAYS) -> Path:
    """The file, in a folder where nothing else is left."""
    target = folder / f"out.{wanted.form}"
    export_to_file(database, TENANT, now, wanted, target)
    assert not list(folder.glob(".*"))
    return target


def read_parquet(file: Path) -> Rows:
    """What another program reads."""
    with duckdb.connect() as reader:
        source = reader.read_parquet(str(file))
        moments = [name for name, of in zip(source.columns, source.types, strict=True) if "TIME ZONE" in str(of)]
        replaced = ", ".join(f"strftime({name} AT TIME ZONE 'UTC', '{ISO}') AS {name}" for name in moments)
        found = source.project(f"* REPLACE ({replaced})" if moments else "*")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def in_order(rows: Rows) -> Rows:
    """The rows in an order that does not depend on how they came."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))


@pytest.mark.parametrize("assessment", Assessment)
def test_parquet_has_the_rows_of_the_api(lived: Database, tmp_path: Path, assessment: Assessment) -> None:
    """Every member with its type, nulls and lists too, and no row twice or too few; lines have the same ones.

    Files call them as the service's files do, unless they are to be called as in the API; lines leave out nulls.
    """
    expected = told_by_api(lived, assessment)

    camel = read_parquet(written(lived, tmp_path / "camel", Wanted(assessment, camel=True, since=SINCE)))
    table = read_parquet(written(lived, tmp_path, Wanted(assessment, since=SINCE)))
    plain = written(lived, tmp_path, Wanted(assessment, Form.LINES, since=SINCE)).read_bytes()
    packed = written(lived, tmp_path, Wanted(assessment, Form.PACKED_LINES, since=SINCE)).read_bytes()

    assert len(expected) > MACHINES // 2
    assert list(camel[0]) == list(expected[0])
    assert in_order(camel) == in_order(expected)
    assert gzip.decompress(packed) == plain
    lists: dict[str, list[str]] = {name: [] for name in table[0] if name in {"DiskPaths", "RegistryPaths"}}
    lines = [json.loads(line) for line in plain.decode("ascii").splitlines()]
    assert in_order([{**dict.fromkeys(table[0]), **lists, **line} for line in lines]) == in_order(table)
    assert in_order([dict(zip(camel[0], row.values(), strict=True)) for row in table]) == in_order(camel)


@pytest.mark.parametrize("assessment", Assessment)
def test_every_file_of_an_export_declares_the_same_columns(
    lived: Database, tmp_path: Path, assessment: Assessment
) -> None:
    """Also whether they may be null, whatever the rows are: files of many days are read together."""
    files = [tmp_path / "north", tmp_path / "south"]
    for tenant, file in zip((TENANT, OTHER_TENANT), files, strict=True):
        export_to_file(lived, tenant, NOWADAYS, Wanted(assessment, since=SINCE), file)

    columns = "SELECT name, type, repetition_type, num_children, converted_type, logical_type FROM parquet_schema(?)"
    with duckdb.connect() as reader:
        full, empty = (reader.execute(columns, [str(file)]).fetchall() for file in files)
    assert len(full) > len(exporting._ROWS[assessment].__struct_fields__)
    assert full == empty


@pytest.mark.parametrize("assessment", [Assessment.VULNERABILITIES, Assessment.PLAIN_INVENTORY])
def test_what_is_forgotten_on_the_way_is_written_again(
    lived: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assessment: Assessment
) -> None:
    """What machines share is remembered within bounds; beyond them the file has the same rows."""
    for module in (parquet_cves, parquet_items):
        monkeypatch.setattr(module, "_KEPT", 1)
    monkeypatch.setattr(walking, "_FIRST_BATCH", 4)
    monkeypatch.setattr(walking, "_LARGEST_BATCH", 4)

    found = read_parquet(written(lived, tmp_path / "it's", Wanted(assessment, camel=True)))

    assert in_order(found) == in_order(told_by_api(lived, assessment))


def test_first_seen_differs_within_a_machine(lived: Database, tmp_path: Path) -> None:
    """The fleet of these tests is one in which that can go wrong: by what it was patched, and by a new catalogue."""
    rows = read_parquet(written(lived, tmp_path, Wanted(Assessment.VULNERABILITIES)))

    moments: dict[str, set[str]] = {}
    for row in rows:
        moments.setdefault(row["DeviceId"], set()).add(row["FirstSeenTimestamp"])
    assert max(map(len, moments.values())) > 1
    assert len(set().union(*moments.values())) > ROUNDS // 2


@pytest.mark.parametrize("form", [Form.PARQUET, Form.LINES])
def test_a_file_is_of_one_moment(
    lived: Database, with_april: CatalogueFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    """What is committed while it is written is not in it, neither reports nor decisions."""
    expected = told_by_api(lived, Assessment.VULNERABILITIES)
    committed: list[int] = []
    read = Timelines.of

    def commit_between(self: Timelines, machines: Sequence[Walked], since: datetime | None = None) -> object:
        if committed:
            patched = [a_report(ubr=778, machine=Reported(id=f"{number:040x}")) for number in range(MACHINES)]
            report_inventory(lived, with_april, TENANT, patched, later(days=29))
            exclude_machine(lived, TENANT, f"{MACHINES - 1:040x}", "Other", BY)
        committed.append(1)
        return read(self, machines, since)

    monkeypatch.setattr(Timelines, "of", commit_between)
    monkeypatch.setattr(walking, "_FIRST_BATCH", 8)
    file = written(lived, tmp_path, Wanted(Assessment.VULNERABILITIES, form, camel=True))

    found = read_parquet(file) if form is Form.PARQUET else [json.loads(line) for line in file.read_text().splitlines()]
    assert len(committed) > 2
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in expected)
    assert told_by_api(lived, Assessment.VULNERABILITIES) != expected


@pytest.mark.parametrize("assessment", Assessment)
def test_a_fleet_without_machines_has_a_file_without_rows(
    fleet: Database, tmp_path: Path, assessment: Assessment
) -> None:
    """With its columns, so that whoever reads it every day need not care."""
    rows = [
        export_to_file(fleet, OTHER_TENANT, NOW, Wanted(assessment, form, since=NOW), tmp_path / f"out.{form}")
        for form in Form
    ]

    assert rows == [0, 0, 0]
    assert (tmp_path / "out.jsonl").read_bytes() == b""
    with duckdb.connect() as reader:
        source = reader.read_parquet(str(tmp_path / "out.parquet"))
        kinds = dict(zip(source.columns, map(str, source.types), strict=True))
    of = exporting._ROWS[assessment]
    expected = {spelling(camel=False)(field.encode_name): field.type for field in msgspec.structs.fields(of)}
    assert kinds == {name: IN_PARQUET[kind] for name, kind in expected.items()}


def test_parquet_says_what_it_is_of(lived: Database, tmp_path: Path) -> None:
    """Which tenant, which catalogue, and when."""
    file = written(lived, tmp_path, Wanted(Assessment.INVENTORY))

    with duckdb.connect() as reader:
        found = reader.execute("SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)", [str(file)]).fetchall()
    notes = dict(found)
    assert (notes["assessment"], notes["tenant"]) == ("inventory", TENANT)
    assert notes["generatedTime"] == "2020-04-19T08:00:00Z"
    assert notes["catalogue"].startswith("2020-Apr")


def test_an_unknown_tenant_is_said(fleet: Database, tmp_path: Path) -> None:
    """And nothing is left behind."""
    with pytest.raises(NotFound):
        export_to_file(fleet, "33333333-3333-4333-8333-333333333333", NOW, Wanted(Assessment.INVENTORY), tmp_path / "o")

    assert not [path for path in tmp_path.iterdir() if "o" in path.suffixes or path.name.startswith(".")]


def test_changes_need_their_beginning(fleet: Database, tmp_path: Path) -> None:
    """As in the API."""
    with pytest.raises(Invalid, match="since when"):
        export_to_file(fleet, TENANT, NOW, Wanted(Assessment.CHANGES), tmp_path / "out")
