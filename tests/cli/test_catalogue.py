"""``kbgap catalogue``: look at a catalogue, and move it between machines."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.shelf import Shelf
from kbgap.operations.refresh_catalogue import compile_documents
from tests.cli.conftest import FEBRUARY, MARCH, WINDOWS, Run, document, entry, fix


def test_a_kb_is_shown_in_the_documented_form(run: Run) -> None:
    """The members of ARCHITECTURE 5."""
    shown = json.loads(run("catalogue", "show", "KB4540673", "--format", "json").out)

    assert (shown["id"], shown["name"]) == ("4540673", "March 2020 Security Updates")
    assert {"line": "18363", "build": "10.0.18363.719"} in shown["builds"]
    assert shown["supersedes"] == ["4532693"]
    assert shown["software"]["microsoft-_-edge"] == {"cveAddressed": 1, "cves": ["CVE-2020-0768"]}


def test_a_cve_is_shown_in_the_documented_form(run: Run) -> None:
    """``fixedBuild`` is the release table's, though the row has none."""
    shown = json.loads(run("catalogue", "show", "cve-2020-0796", "--format", "json").out)

    assert (shown["severity"], shown["cvssV3"], shown["publishedOn"]) == ("Critical", 10.0, "2020-03-12")
    assert shown["products"] == [
        {
            "product": "Windows 10 Version 1909 for x64-based Systems",
            "software": "microsoft-_-windows_10",
            "kbs": ["4551762"],
            "fixedBuild": "10.0.18363.720",
        }
    ]
    assert shown["leftOut"] == []


def test_a_row_that_judging_leaves_out_is_shown_as_such(run: Run, tmp_path: Path) -> None:
    """5055528 of 22621 is named for 24H2: no machine there misses it, so it is not shown as what closes the CVE."""
    flaw = entry("CVE-2025-0001", "2025-04-08", fix("5055528", WINDOWS), fix("5055523", WINDOWS))
    month = document("2025-Apr", "April 2025 Security Updates", "2025-04-08", flaw)
    run("catalogue", "import", str(write_catalogue(compile_documents([month]), tmp_path)))

    shown = json.loads(run("catalogue", "show", "CVE-2025-0001", "--format", "json").out)
    table = " ".join(run("catalogue", "show", "CVE-2025-0001").out.split())

    reasons = [(row["kb"], row["product"], row["reason"]) for row in shown["leftOut"]]
    product = "Windows 10 Version 1909 for x64-based Systems"
    assert shown["products"] == []
    assert reasons == [
        (kb, product, f"the release table has KB{kb} on other lines only") for kb in ("5055528", "5055523")
    ]
    assert f"leftOut {product}, 5055528, the release table has KB5055528 on other lines only" in table


@pytest.mark.parametrize(("subject", "code"), [("KB9999999", 2), ("CVE-2020-9999", 2), ("nonsense", 2)])
def test_what_is_not_there_is_said(run: Run, subject: str, code: int) -> None:
    """One clear line, and the exit code for bad input."""
    outcome = run("catalogue", "show", subject)

    assert outcome.code == code
    assert len([line for line in outcome.err.splitlines() if subject[:7] in line]) == 1


def test_an_earlier_day_is_shown_as_of_today(run: Run) -> None:
    """A KB of a later day is not there yet."""
    assert run("catalogue", "show", "4540673", "--as-of", "2020-03-01").code == 2
    assert run("catalogue", "show", "4540673", "--as-of", "2020-03-10").code == 0


def test_the_status_tells_revision_and_age(run: Run) -> None:
    """An old catalogue is also said on standard error."""
    outcome = run("catalogue", "status", "--format", "json")

    assert json.loads(outcome.out)["newest"] == "2020-Mar"
    assert "days old" in outcome.err


def test_single_source_rows_of_the_release_table_can_be_listed(run: Run) -> None:
    """They are used too, and can be checked by anyone."""
    rows = json.loads(run("catalogue", "releases", "--single-source", "--format", "json").out)

    assert rows
    assert {row["sources"] for row in rows} == {1}


def test_a_catalogue_moves_to_a_machine_without_internet(run: Run, tmp_path: Path) -> None:
    """What export writes, import takes, with its checksum verified."""
    from kbgap.cli.main import main

    file = tmp_path / "moved.kbcat"
    assert run("catalogue", "export", str(file)).code == 0

    assert main(["catalogue", "import", str(file), "--data-dir", str(tmp_path / "other")]) == 0

    with Shelf(tmp_path / "other" / "catalogue").current() as moved:
        assert moved.newest == "2020-Mar"


@pytest.mark.parametrize("harm", ["cut", "changed", "text"])
def test_a_damaged_catalogue_is_not_taken(run: Run, tmp_path: Path, harm: str) -> None:
    """The current one stays in place."""
    file = tmp_path / "moved.kbcat"
    run("catalogue", "export", str(file))
    body = bytearray(file.read_bytes())
    match harm:
        case "cut":
            file.write_bytes(body[: len(body) // 2])
        case "changed":
            place = bytes(body).index(b"windows_10")
            body[place] ^= 1
            file.write_bytes(body)
        case _:
            file.write_text("not a catalogue")

    outcome = run("catalogue", "import", str(file))

    assert outcome.code == 2
    assert len(outcome.err.splitlines()) <= 2
    assert run("catalogue", "status").code == 0


def test_a_difference_between_two_catalogues_is_told(run: Run, tmp_path: Path) -> None:
    """Documents, KBs with what they close, and CVEs."""
    april = document(
        "2020-Apr",
        "April 2020 Security Updates",
        "2020-04-14",
        entry("CVE-2020-1", "2020-04-14", fix("4549951", WINDOWS)),
    )
    old = write_catalogue(compile_documents([FEBRUARY]), tmp_path)
    new = write_catalogue(compile_documents([FEBRUARY, MARCH, april]), tmp_path)

    rows = json.loads(run("catalogue", "diff", str(old), str(new), "--format", "json").out)

    assert {"subject": "document", "id": "2020-Apr", "change": "added", "text": ""} in rows
    assert {"subject": "kb", "id": "4549951", "change": "added", "text": ""} in rows
    assert {"subject": "cve", "id": "CVE-2020-0796", "change": "added", "text": ""} in rows


def test_what_is_dirty_is_counted_by_kind(run: Run) -> None:
    """``catalogue quality`` counts, gives an example and says what deals with it."""
    rows = json.loads(run("catalogue", "quality", "--format", "json").out)

    assert all(set(row) == {"kind", "count", "example", "mendedBy"} for row in rows)
    assert run("catalogue", "quality", "--kind", "no such kind").code == 2


def test_a_page_tells_what_mends_each_error(run: Run, tmp_path: Path) -> None:
    """KB, product, what is wrong and which override mends it; of the rest the rule that deals with it."""
    typo = replace(fix("5021255", WINDOWS), fixed_build="10.0.22621.993")
    itself = fix("4551762", WINDOWS, supersedes=["4551762"])
    dirty = document(
        "2022-Dec",
        "December 2022 Security Updates",
        "2022-12-13",
        entry("CVE-2022-1", "2022-12-13", typo),
        entry("CVE-2022-2", "2022-12-13", itself),
    )
    run("catalogue", "import", str(write_catalogue(compile_documents([dirty]), tmp_path)))

    page = " ".join(run("catalogue", "quality").out.split())
    (row,) = json.loads(run("catalogue", "quality", "--kind", "mistyped fixed build", "--format", "json").out)
    table = " ".join(run("catalogue", "quality", "--kind", "mistyped fixed build").out.split())

    assert "1 are mended by reviewed overrides" in page
    assert "5021255 Windows 10 Version 1909 for x64-based Systems FixedBuild is 10.0.22621.993" in page
    assert "update that supersedes itself 1 4551762 the edge is dropped rule 3.3e: the edge is left out" in page
    assert row["mendedBy"] == "override fixed_builds: KB5021255 10.0.22621.993"
    assert (row["kb"], row["product"]) == ("5021255", "Windows 10 Version 1909 for x64-based Systems")
    assert "FixedBuild is 10.0.22621.993" in table


def test_no_catalogue_yet_names_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, and how to mend it."""
    from kbgap.cli.main import main

    code = main(["catalogue", "show", "4540673", "--data-dir", str(tmp_path)])

    assert code == 3
    assert "kbgap catalogue refresh" in capsys.readouterr().err


def test_the_same_documents_give_the_same_revision(tmp_path: Path) -> None:
    """A catalogue is known by its content, whatever the order of its documents."""
    one = write_catalogue(compile_documents([FEBRUARY, MARCH]), tmp_path)
    other = write_catalogue(compile_documents([MARCH, FEBRUARY]), tmp_path)

    assert one == other
    CatalogueFile(one).verify()
