"""Programs on the real catalogue: what users of other tools were told wrongly, and what is true."""

import json
from pathlib import Path
from typing import Any

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid
from kbgap.core.explain import explain
from kbgap.inventory.decode import decode_report
from tests.golden.judged import Said, said_of

SERVER = {"name": "Microsoft Windows Server 2019 Standard", "build": "10.0.17763.8755", "architecture": "x64"}


def said(
    catalogue: CatalogueFile,
    *software: tuple[str, str],
    installed: tuple[str, ...] = (),
    sources: tuple[str, ...] = ("history",),
    complete: bool = True,
    day: str | None = None,
    architecture: str = "x64",
) -> Said:
    """What is said of a server with these programs, by name and version."""
    told: dict[str, Any] = {
        "schema": "kbgap.report/1",
        "os": SERVER,
        "installedUpdates": [{"kb": kb} for kb in installed],
        "updateList": {"complete": complete, "sources": list(sources)},
        "software": [
            {"name": name, "version": version or None, "architecture": architecture} for name, version in software
        ],
    }
    read = decode_report(json.dumps(told))
    assert not isinstance(read, Invalid), str(read)
    found = said_of(read, catalogue, day)
    assert isinstance(found, Said)
    return found


# --- SQL Server ---------------------------------------------------------------------------------------------------


def test_sql_server_2017_misses_the_security_update_after_cu_31(real_catalogue: CatalogueFile) -> None:
    """dataplat/dbatools 9327: 14.0.3460 was called the newest, 14.0.3465.1 is."""
    found = said(real_catalogue, ("Microsoft SQL Server 2017", "14.0.3460.9"), installed=("5021126",), day="2023-10-31")

    assert found.missing_for("sql_server_2017") == {"5029376"}
    assert found.verdict("5021126", "sql_server_2017") == "installed"


@pytest.mark.parametrize(
    ("version", "missing", "never"),
    [
        ("15.0.2155.2", "5077470", "5077469"),
        ("15.0.4455.2", "5077469", "5077470"),
    ],
)
def test_gdr_and_cu_of_sql_server_never_mix(
    real_catalogue: CatalogueFile, version: str, missing: str, never: str
) -> None:
    """In February 2026 each branch got its own KB; 15.0.4455.2 is above 15.0.2160.4 and still unpatched."""
    found = said(real_catalogue, ("Microsoft SQL Server 2019 (64-bit)", version), day="2026-03-31")

    assert found.missing_for("sql_server_2019") == {missing}
    assert found.verdict(never, "sql_server_2019") == "nothing"
    assert set(found.install) & {missing, never} == {missing}


@pytest.mark.parametrize("version", ["15.0.2170.1", "15.0.4470.1", "15.0.4480.1"])
def test_a_patched_sql_server_misses_nothing(real_catalogue: CatalogueFile, version: str) -> None:
    """The newest security update of either branch of June 2026, or a later CU."""
    assert said(real_catalogue, ("Microsoft SQL Server 2019 (64-bit)", version)).missing_for("sql_server_2019") == set()


def test_an_old_cumulative_update_of_sql_server_misses_every_later_one(real_catalogue: CatalogueFile) -> None:
    """All are listed, as the service does; the newest is what to install, though its name counts another CU."""
    found = said(real_catalogue, ("Microsoft SQL Server 2019 (64-bit)", "15.0.4360.2"))

    assert {"5040948", "5046860", "5077469", "5090407"} <= found.missing_for("sql_server_2019")
    assert "5036335" not in found.missing_for("sql_server_2019")
    assert set(found.install) & found.missing_for("sql_server_2019") == {"5090407"}


def test_swapped_rows_of_sql_server_are_put_right(real_catalogue: CatalogueFile) -> None:
    """Microsoft gives 5021045 (CU) the build of 5021037 (GDR) and the reverse."""
    gdr = said(real_catalogue, ("Microsoft SQL Server 2014", "12.0.6169.19"), day="2023-03-31")
    cu = said(real_catalogue, ("Microsoft SQL Server 2014", "12.0.6439.10"), day="2023-03-31")

    assert gdr.missing_for("sql_server_2014") == {"5021037"}
    assert cu.missing_for("sql_server_2014") == {"5021045"}


def test_the_version_of_the_media_rules_nothing_out(real_catalogue: CatalogueFile) -> None:
    """The engine's entry says 15.0.2000.5 for ever; only the list of Windows' own updates was sent."""
    engine = ("SQL Server 2019 Database Engine Services", "15.0.2000.5")

    silent = said(real_catalogue, engine, sources=("qfe",))
    whole = said(real_catalogue, engine)
    patched = said(real_catalogue, engine, ("GDR 2170 for SQL Server 2019 (KB5090408) (64-bit)", "15.0.2170.1"))

    assert silent.missing_for("sql_server_2019") == set()
    assert silent.verdict("5090408", "sql_server_2019") == "unknown"
    assert whole.verdict("5090408", "sql_server_2019") == "missing"
    assert patched.missing_for("sql_server_2019") == set()


# --- Exchange -----------------------------------------------------------------------------------------------------


def test_exchange_2013_cu23_without_the_october_2021_update(real_catalogue: CatalogueFile) -> None:
    """microsoft/CSS-Exchange 774."""
    found = said(
        real_catalogue,
        ("Microsoft Exchange Server 2013 Cumulative Update 23", "15.0.1497.23"),
        installed=("4536988", "5000871", "5001779", "5003435", "5004778"),
        day="2021-10-31",
    )

    assert found.missing_for("exchange_server_2013") == {"5007011"}


def test_exchange_2019_cu9_contains_what_cu8_needed(real_catalogue: CatalogueFile) -> None:
    """microsoft/CSS-Exchange 396: CU 9 took the entry of KB5000871 away and contains its fix."""
    found = said(real_catalogue, ("Microsoft Exchange Server 2019 Cumulative Update 9", "15.2.858.5"))

    assert found.verdict("5000871", "exchange_server_2019") == "nothing"
    assert "CVE-2021-26855" not in found.open_cves
    assert found.missing_for("exchange_server_2019") == {"5001779", "5003435", "5004780"}


def test_builds_of_exchange_are_no_decimals(real_catalogue: CatalogueFile) -> None:
    """dpaulson45/HealthChecker 302: 1913.10 was read as 1913.1, below 1913.7."""
    found = said(
        real_catalogue,
        ("Microsoft Exchange Server 2016 Cumulative Update 15", "15.1.1913.10"),
        installed=("4540123",),
        day="2020-06-30",
    )

    assert found.missing_for("exchange_server_2016") == set()
    assert "CVE-2020-0688" not in found.open_cves


def test_a_newer_cumulative_update_is_no_missing_security_update(real_catalogue: CatalogueFile) -> None:
    """microsoft/CSS-Exchange 2045: CU 13 with its newest update, while CU 14 is out; 5035606 is CU 14 itself."""
    found = said(
        real_catalogue, ("Microsoft Exchange Server 2019 Cumulative Update 13", "15.2.1258.28"), day="2024-03-11"
    )

    assert found.missing_for("exchange_server_2019") == set()


@pytest.mark.parametrize(
    ("cu", "below", "at"), [(13, "15.2.1258.32", "15.2.1258.34"), (14, "15.2.1544.9", "15.2.1544.11")]
)
def test_builds_that_microsoft_swapped_are_put_right(
    real_catalogue: CatalogueFile, cu: int, below: str, at: str
) -> None:
    """5037224 has the build of CU 14 on CU 13 and the reverse."""
    name = f"Microsoft Exchange Server 2019 Cumulative Update {cu}"

    assert "5037224" in said(real_catalogue, (name, below), day="2024-06-30").missing
    assert "5037224" not in said(real_catalogue, (name, at), day="2024-06-30").missing


# --- Office -------------------------------------------------------------------------------------------------------


def test_office_by_msi_is_judged_by_its_list(real_catalogue: CatalogueFile) -> None:
    """wazuh/wazuh 18051: 3115415 replaced 3115144; the entry's version never changes."""
    office = ("Microsoft Office Professional Plus 2016", "16.0.4266.1001")

    found = said(real_catalogue, office, installed=("3115415",), day="2016-08-31")

    assert "3115144" not in found.missing_for("office")
    assert "CVE-2016-0025" not in found.open_cves


def test_an_entry_of_an_update_proves_it(real_catalogue: CatalogueFile) -> None:
    """Uninstall entries name the updates of Office, which no list of Windows' own updates does."""
    word = ("Microsoft Word 2016", "16.0.4266.1001")
    entry = ("Security Update for Microsoft Word 2016 (KB5002542) 64-Bit Edition", "")

    found = said(real_catalogue, word, entry, sources=("qfe",))

    assert found.verdict("5002542", "word") == "installed"
    assert found.missing_for("word") == set()


def test_every_part_of_a_fix_is_needed(real_catalogue: CatalogueFile) -> None:
    """SharePoint 2019 in April 2020: 4484292 is the server, 4484291 its language parts."""
    sharepoint = ("Microsoft SharePoint Server 2019", "16.0.10337.12109")

    one = said(real_catalogue, sharepoint, installed=("4484292",), day="2020-04-30")
    both = said(real_catalogue, sharepoint, installed=("4484291", "4484292"), day="2020-04-30")

    assert one.verdict("4484291", "sharepoint_server") == "missing"
    assert "CVE-2020-0923" in one.open_cves
    assert not {"4484291", "4484292"} & both.missing_for("sharepoint_server")


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("Microsoft 365 Apps for enterprise - en-us", "16.0.14326.20454"),
        ("Microsoft Office Professional Plus 2019 - en-us", "16.0.10417.20020"),
        ("Microsoft Office Professional Plus 2016 - en-us", "16.0.12026.20264"),
        ("Microsoft Edge", "96.0.1054.62"),
        ("Microsoft .NET Runtime - 6.0.4 (x64)", "6.0.4.31113"),
        ("Visual Studio Enterprise 2022", "17.0.1"),
    ],
)
def test_what_is_known_by_version_alone_never_misses_a_kb(
    real_catalogue: CatalogueFile, name: str, version: str
) -> None:
    """OfficeDocs-OfficeUpdates 397: no KB is for it, the fixed build is an address."""
    with_it, without = said(real_catalogue, (name, version)), said(real_catalogue)

    assert (with_it.missing, with_it.unknown) == (without.missing, without.unknown)


def test_skype_basic_with_and_without_its_update(real_catalogue: CatalogueFile) -> None:
    """Wazuh's own test: 3114960 repairs Skype for Business Basic 2016."""
    skype = ("Skype for Business Basic 2016", "2016")

    patched = said(real_catalogue, skype, installed=("3114960",), day="2016-04-30", architecture="x86")
    bare = said(real_catalogue, skype, day="2016-04-30", architecture="x86")

    assert patched.missing_for("skype_for_business") == set()
    assert bare.missing_for("skype_for_business") == {"3114960"}


# --- the whole catalogue ------------------------------------------------------------------------------------------


def test_kbs_of_products_by_version_alone_stay_facts_of_the_catalogue(real_catalogue: CatalogueFile) -> None:
    """Microsoft names a KB for .NET 6.0 of October 2023 that closes six CVEs; no machine is told to install it."""
    products = {product.id: product for product in real_catalogue.products}
    by_version = {p for p in products if real_catalogue.fixes(p) is not None and not products[p].servicing.by_kb}

    assert 15 <= len(by_version) <= 20
    assert len(real_catalogue.update("5032874").software[".net"]) == 6


def test_fixed_builds_are_shown_clean(real_catalogue: CatalogueFile, shared_data: Path) -> None:
    """Of what peers found wrong: a lost head is restored, and a package revision is never shown as a build."""
    cases = json.loads((shared_data / "peer_cases.json").read_text("utf-8"))["cases"]
    known = {cve.id for cve in real_catalogue.cves()}
    seen: dict[str, set[bool]] = {"prefix_missing": set(), "not_a_build": set()}

    for case in (case for case in cases if case["kind"] == "catalogue_errata" and case["input"]["cve"] in known):
        shown = {p.product: p.fixed_build for p in real_catalogue.cve(case["input"]["cve"]).products}
        text, right = shown.get(case["input"]["product"]), case["expected"]["fixed_build"]
        if text is not None and case["expected"]["class"] in seen:
            is_right = text == right if right else text != case["input"]["fixed_build_raw"]
            seen[case["expected"]["class"]].add(is_right)

    assert seen == {"prefix_missing": {True}, "not_a_build": {True}}


def test_explain_names_the_version(real_catalogue: CatalogueFile) -> None:
    """One line, as a user sees it."""
    found = said(real_catalogue, ("Microsoft SQL Server 2019 (64-bit)", "15.0.4455.2"), day="2026-03-31")
    (finding,) = (f for f in found.findings["sql_server_2019"] if f.kb == "5077469")

    assert explain("5077469", finding.verdict) == ("version 15.0.4455.2 is below 15.0.4460.4, which KB5077469 brings")
