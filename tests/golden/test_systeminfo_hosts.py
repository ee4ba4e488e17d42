"""The captured machines of another project, read from their files and judged as of the day they were captured."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.normalise import Outside
from kbgap.inventory.reading import read_inputs
from kbgap.inventory.report import Report, ReportedUpdate
from kbgap.inventory.unite import Read
from tests.golden.judged import Said, said_of

Files = Mapping[str, dict[str, Any]]
HOSTS = [
    "10_1803_x64_education_en-us",
    "10_1803_x64_proforworkstations_en-us",
    "10_1803_x64_proforworkstations_en-us_A_20190305",
    "10_1803_x64_proforworkstations_en-us_B_20190306",
    "10_1803_x86_enterprise_nl",
    "10_1809_x64_education_en-us",
    "10_1809_x64_education_es",
    "10_1809_x64_pro_en-us_20190307",
    "10_21H1_x64_enterprise",
    "10_21H2_x64_pro",
    "11_23H2_x64_enterprise",
    "7_sp1_x64_enterprise_en-us_A",
    "7_sp1_x64_enterprise_en-us_B",
    "7_sp1_x64_ultimaten_de",
    "7_sp1_x86_enterprise_en-us",
    "8.1_u1_x64_enterprise_en-us",
    "srv_2016_1607_datacenter_en-us",
    "srv_2019_rtm_datacenter_en-us",
]
OUTSIDE = [
    "srv_2003_rtm_x86_standard_en-us",
    "srv_2003r2_sp2_rtm_x64_standard_en-us",
    "srv_2008_rtm_x64_standard_en-us",
    "vista_x64_sp0",
    "vista_x64_sp1",
    "xp_sp1_x86",
    "xp_sp3_x86_professional_en-us",
]


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    """Where the captured files are."""
    return shared_data / "systeminfo"


@pytest.fixture(scope="module")
def expected(folder: Path) -> Files:
    """What a reader of each file must find."""
    files: Files = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    return files


def report_of(folder: Path, expected: Files, host: str) -> Report:
    """All files of one host but its list of missing updates, as one report."""
    mine = [name for name, told in expected.items() if told["host"] == host and told["kind"] != "wua_missing_list"]
    (read,) = read_inputs(str(folder / name) for name in mine)
    assert isinstance(read, Read), read
    return read.report


def day_of(host: str) -> str | None:
    """The day on which it was captured, where its name says so."""
    day = re.search(r"_(\d{4})(\d\d)(\d\d)$", host)
    return "-".join(day.groups()) if day else None


def patched(report: Report, install: tuple[str, ...]) -> Report:
    """The same machine after it took some updates."""
    taken = tuple(ReportedUpdate(kb=kb) for kb in install)
    return msgspec.structs.replace(report, installed_updates=(report.installed_updates or ()) + taken)


def test_no_host_is_left_out(expected: Files) -> None:
    """A host that is added to the data set asks for a place here."""
    assert {told["host"] for told in expected.values()} == {*HOSTS, *OUTSIDE}


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_misses_nothing_once_it_took_its_install_set(
    folder: Path, expected: Files, real_catalogue: CatalogueFile, host: str
) -> None:
    """The install set closes all that is missing, and says nothing twice: nothing in it is there already."""
    report = report_of(folder, expected, host)
    said = said_of(report, real_catalogue, day_of(host))
    assert isinstance(said, Said)
    after = said_of(patched(report, said.install), real_catalogue, day_of(host))
    assert isinstance(after, Said)
    (product,) = {told["product"] for told in expected.values() if told["host"] == host and told.get("product")}

    print(f"{host}: {len(said.missing)} missing, {len(said.unknown)} unknown, install {', '.join(said.install)}")
    assert said.products == (product,)
    assert said.missing.isdisjoint(said.evidence.updates.installed)
    assert set(said.install).isdisjoint(said.evidence.updates.installed)
    assert after.missing == frozenset()


@pytest.mark.parametrize("host", OUTSIDE)
def test_a_host_that_no_update_is_for_is_outside(
    folder: Path, expected: Files, real_catalogue: CatalogueFile, host: str
) -> None:
    """Windows XP, Vista before its second service pack and Server 2003 never get an empty list (semantics 3.9)."""
    assert isinstance(said_of(report_of(folder, expected, host), real_catalogue), Outside)


@pytest.mark.parametrize("host", [host for host in HOSTS if day_of(host) and "1803" in host])
def test_the_install_set_is_what_windows_update_offered(
    folder: Path, expected: Files, real_catalogue: CatalogueFile, host: str
) -> None:
    """The best truth there is: what Windows Update itself said on that day, of security updates of Windows."""
    (offered,) = [told["missing"] for told in expected.values() if told["host"] == host and "missing" in told]
    # Definitions, microcode, the removal tool, and a Flash update that 4487038 replaces, offered beside it.
    other = {"2267602", "4100347", "890830", "4462930"}

    said = said_of(report_of(folder, expected, host), real_catalogue, day_of(host))

    assert isinstance(said, Said)
    assert set(said.install) == {update["kb"] for update in offered} - other
