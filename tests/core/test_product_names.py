"""What Microsoft's product names mean: software, line, role, architecture, component, versions, in the box or not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.rules import load_product_rules
from kbgap.core.model import Product
from kbgap.core.product_names import (
    ProductRules,
    canonical_ids,
    classify,
    name_key,
    product_table,
    software_id,
    tidy_name,
)

RULES = load_product_rules()
WINDOWS = {
    "10735": "Windows 10 for x64-based Systems",
    "11713": "Windows 10 Version 1909 for x64-based Systems",
    "11926": "Windows 11 for x64-based Systems",
    "10051": "Windows Server 2008 R2 for x64-based Systems Service Pack 1",
    "10049": "Windows Server 2008 R2 for x64-based Systems Service Pack 1 (Server Core installation)",
    "9312": "Windows Server 2008 for 32-bit Systems Service Pack 2",
    "10378": "Windows Server 2012",
    "10483": "Windows Server 2012 R2",
    "10816": "Windows Server 2016",
    "10855": "Windows Server 2016  (Server Core installation)",
    "11571": "Windows Server 2019",
    "11923": "Windows Server 2022",
}


def a_product(name: str, product_id: str = "1") -> Product:
    """What a name means, on the Windows that its id names."""
    platforms = {key: classify(key, spelled, RULES, {}) for key, spelled in WINDOWS.items()}
    return classify(product_id, name, RULES, platforms)


def peer_cases(shared_data: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The cases of one kind that peer projects test, for what is classified here."""
    text = (shared_data / "peer_cases.json").read_text(encoding="utf-8")
    yield from (case for case in json.loads(text)["cases"] if case["kind"] == kind)


# --- Windows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "software", "line", "role", "architecture", "core"),
    [
        ("Windows Vista Service Pack 2", "windows_vista", "6003", "client", "x86", False),
        ("Windows Vista x64 Edition Service Pack 2", "windows_vista", "6003", "client", "x64", False),
        (
            "Windows Server 2008 for Itanium-Based Systems Service Pack 2",
            "windows_server_2008",
            "6003",
            "server",
            "ia64",
            False,
        ),
        ("Windows 7 for 32-bit Systems Service Pack 1", "windows_7", "7601", "client", "x86", False),
        ("Windows 8.1 for x64-based systems", "windows_8.1", "9600", "client", "x64", False),
        ("Windows RT 8.1", "windows_rt_8.1", "9600", "client", "arm", False),
        ("Windows Server 2012 R2 (Server Core installation)", "windows_server_2012_r2", "9600", "server", "x64", True),
        ("Windows 10 for 32-bit Systems", "windows_10", "10240", "client", "x86", False),
        ("Windows 10 Version 1909 for ARM64-based Systems", "windows_10", "18363", "client", "arm64", False),
        ("Windows Server, version 1909 (Server Core installation)", "windows_server", "18363", "server", "x64", True),
        ("Windows Server 2019", "windows_server_2019", "17763", "server", "x64", False),
        ("Windows Server 2022  (Server Core Installation)", "windows_server_2022", "20348", "server", "x64", True),
        (
            "Windows Server 2022, 23H2 Edition (Server Core installation)",
            "windows_server_2022_23h2",
            "25398",
            "server",
            "x64",
            True,
        ),
        ("Windows Server 2025", "windows_server_2025", "server 26100", "server", "x64", False),
        ("Windows 11 Version 24H2 for x64-based Systems", "windows_11", "26100", "client", "x64", False),
        ("Windows 11 Version 25H2 for ARM systems", "windows_11", "26200", "client", "arm64", False),
        ("Windows 11 Version 26H1 for x64-based Systems - extra", "windows_11", "28000", "client", "x64", False),
    ],
)
def test_a_windows_name_says_software_line_role_architecture_and_core(
    name: str, software: str, line: str, role: str, architecture: str, core: bool
) -> None:
    """One row per kind of name that Microsoft uses, from Vista to 26H1."""
    product = a_product(name)

    assert (product.software, product.line, product.role) == (software, line, role)
    assert (product.architecture, product.core) == (architecture, core)
    assert (product.platform, product.component) == (product.id, "")


@pytest.mark.parametrize("version", ["1607", "1809", "1903", "2004"])
def test_hololens_is_never_a_pc(version: str) -> None:
    """Its updates share a line with PCs and must not be offered to them."""
    product = a_product(f"Windows 10 Version {version} for HoloLens")

    assert product.role == "holographic"
    assert product.software == "windows_10"


@pytest.mark.parametrize(
    "name",
    [
        "Windows 10 Mobile",
        "Windows 10 HLK Version 22H2",
        "Windows 11 HLK 24H2",
        "Windows HLK for Windows Server 2022",
        "Windows ADK for Windows 10, version 2004",
        "Windows Admin Center",
        "Windows Malicious Software Removal Tool 64-bit",
        "Windows Server 2022 Datacenter: Azure Edition Preview",
        "Microsoft SQL Server 2019 for x64-based Systems (GDR)",
        "None Available",
        "",
    ],
)
def test_a_name_that_is_no_windows_has_no_line(name: str) -> None:
    """A name that merely begins like a Windows is no Windows: guessing would offer updates for other things."""
    product = a_product(name)

    assert (product.line, product.platform, product.component) == ("", "", "")


@pytest.mark.parametrize(
    "name",
    [
        "Microsoft Windows XP Service Pack 3",
        "Windows Vista",
        "Windows Server 2008 for 32-bit Systems (Server Core installation)",
        "Windows 7 for 32-bit Systems",
        "Windows 8 for x64-based Systems",
    ],
)
def test_a_windows_that_no_update_covers_is_a_platform_but_not_judged(name: str) -> None:
    """Windows without its last service pack is outside the catalogue, not free of gaps (semantics 3.9)."""
    product = a_product(name)

    assert (product.software, product.line, product.platform) == ("", "", product.id)


# --- components ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product_id", "part", "software", "component", "versions", "in_box"),
    [
        ("10724-11713", "Microsoft Edge (EdgeHTML-based)", "edge", "edgehtml", "", True),
        ("10724-11923", "Microsoft Edge (EdgeHTML-based)", "edge", "edgehtml", "", False),
        ("11770-11926", "Microsoft Edge (Chromium-based) in IE Mode", "internet_explorer", "ie-mode", "", True),
        ("10486-10816", "Internet Explorer 11", "internet_explorer", "internet-explorer", "11", True),
        ("10486-10855", "Internet Explorer 11", "internet_explorer", "internet-explorer", "11", False),
        ("10486-10378", "Internet Explorer 11", "internet_explorer", "internet-explorer", "11", False),
        ("10555-10378", "Internet Explorer 10", "internet_explorer", "internet-explorer", "10", True),
        ("10336-9312", "Internet Explorer 9", "internet_explorer", "internet-explorer", "9", True),
        ("10384-11713", "Adobe Flash Player", "flash_player", "flash", "", True),
        ("10384-11923", "Adobe Flash Player", "flash_player", "flash", "", False),
        ("11677-11571", "Microsoft .NET Framework 3.5 AND 4.7.2", ".net_framework", ".net", "3.5 4.7.2", True),
        ("11676-11571", "Microsoft .NET Framework 3.5 AND 4.8", ".net_framework", ".net", "3.5 4.8", False),
        ("11676-11713", "Microsoft .NET Framework 3.5 AND 4.8", ".net_framework", ".net", "3.5 4.8", True),
        ("2472-11571", "Microsoft .NET Framework 3.5", ".net_framework", ".net", "3.5", False),
        ("12128-10735", "Microsoft .NET Framework 3.5 and 4.6.2", ".net_framework", ".net", "3.5 4.6.2", False),
        ("11511-10855", "Microsoft .NET Framework 4.6.2/4.7/4.7.1", ".net_framework", ".net", "4.6.2 4.7 4.7.1", True),
        ("9495-10051", "Microsoft .NET Framework 3.5.1", ".net_framework", ".net", "3.5.1", True),
        ("9495-10049", "Microsoft .NET Framework 3.5.1", ".net_framework", ".net", "3.5.1", False),
        ("9292-9312", "Microsoft .NET Framework 2.0 Service Pack 2", ".net_framework", ".net", "2.0", True),
        ("10636-10483", "Microsoft .NET Framework 4.5.2", ".net_framework", ".net", "4.5.2", False),
        ("7177-10816", "Microsoft XML Core Services 3.0", "windows_server_2016", "windows-part", "3.0", True),
        ("9415-10049", "VBScript 5.8", "windows_server_2008_r2", "windows-part", "5.8", True),
        ("9343-10051", "JScript 5.8", "windows_server_2008_r2", "windows-part", "5.8", True),
        ("10948-9312", "Microsoft Windows Hyperlink Object Library", "windows_server_2008", "windows-part", "", True),
    ],
)
def test_a_component_is_told_by_its_own_name_and_stands_on_its_platform(
    product_id: str, part: str, software: str, component: str, versions: str, in_box: bool
) -> None:
    """A component has the line and role of its Windows; a table says where it comes in the box (semantics 3.1)."""
    platform_id = product_id.partition("-")[2]
    platform = a_product(WINDOWS[platform_id])

    product = a_product(f"{part} on {WINDOWS[platform_id]}", product_id)

    assert (product.software, product.component, product.versions) == (software, component, tuple(versions.split()))
    assert product.in_box is in_box
    assert product.platform == platform_id
    assert (product.line, product.role, product.core) == (platform.line, platform.role, platform.core)


def test_the_spelling_of_the_platform_in_a_component_s_name_does_not_matter() -> None:
    """21H2 was called plain "Windows 11" first, so its components are named either way."""
    product = a_product(
        "Microsoft Edge (Chromium-based) in IE Mode on Windows 11 version 21H2 for x64-based Systems", "11770-11926"
    )

    assert product.name == (
        "Microsoft Edge (Chromium-based) in IE Mode on Windows 11 Version 21H2 for x64-based Systems"
    )
    assert product.component == "ie-mode"


def test_a_component_that_no_rule_knows_keeps_its_platform() -> None:
    """It is described as what it is on, so that it can be told from the same on another Windows."""
    product = a_product("Microsoft Something for Windows on Windows Server 2019", "12013-11571")

    assert (product.software, product.platform, product.component) == ("", "11571", "")
    assert product.name == "Microsoft Something for Windows on Windows Server 2019"


def test_a_component_is_split_where_its_id_says() -> None:
    """Defender for Endpoint has "Windows" twice in its name; only a report of software says that a machine has it."""
    product = a_product("Microsoft Defender for Endpoint for Windows on Windows Server 2019", "12013-11571")

    assert (product.software, product.platform) == ("defender_for_endpoint", "11571")
    assert (product.component, product.in_box) == ("defender-for-endpoint", False)


def test_an_id_with_a_dash_on_something_else_than_windows_has_no_platform() -> None:
    """Excel Services on SharePoint is no component of Windows."""
    product = a_product("Excel Services on Microsoft SharePoint Server 2010 Service Pack 2", "9171-10495")

    assert (product.software, product.platform, product.line) == ("excel_services", "", "")


def test_the_public_id_of_a_software_is_always_microsofts() -> None:
    """Flash for Windows is shipped and updated by Microsoft, so it is Microsoft's here."""
    assert software_id("flash_player") == "microsoft-_-flash_player"


# --- joining ids ----------------------------------------------------------------------------------------------------


def test_ids_of_one_name_are_one_product_with_the_lowest_id() -> None:
    """Microsoft gave .NET 4.7.2 a second id, and Windows 11 26H1 a name that ends in "extra"."""
    names = {
        "20853": ["Windows 11 version 26H1 for x64-based Systems"],
        "21196": ["Windows 11 Version 26H1 for x64-based Systems - extra"],
        "12079-20853": ["Microsoft .NET Framework 3.5 AND 4.8.1 on Windows 11 version 26H1 for x64-based Systems"],
        "12079-21196": ["Microsoft .NET Framework 3.5 AND 4.8.1 on Windows 11 Version 26H1 for x64-based Systems"],
        "11571": ["Windows Server 2019"],
        "11862-11571": ["Microsoft .NET Framework 4.7.2 on Windows Server 2019"],
        "11513-11571": ["Microsoft .NET Framework 4.7.2 on Windows Server 2019"],
        "5": ["Azure Linux 3.0 x64"],
    }

    table = product_table(names, RULES)

    assert set(table.products) == {"20853", "12079-20853", "11571", "11513-11571"}
    assert table.canonical["21196"] == "20853"
    assert table.canonical["12079-21196"] == "12079-20853"
    assert table.canonical["11862-11571"] == "11513-11571"
    assert table.products["12079-20853"].platform == "20853"
    assert table.products["20853"].aliases == ("Windows 11 Version 26H1 for x64-based Systems - extra",)
    assert "5" not in table.canonical


def test_an_id_keeps_all_names_that_it_has_had() -> None:
    """11926 was renamed, and reports use either name."""
    names = {"11926": ["Windows 11 for x64-based Systems", "Windows 11 version 21H2 for x64-based Systems"]}

    product = product_table(names, RULES).products["11926"]

    assert product.name == "Windows 11 Version 21H2 for x64-based Systems"
    assert product.aliases == ("Windows 11 for x64-based Systems",)


@given(st.permutations(["11862-11571", "11513-11571", "11999-11571"]))
def test_the_order_of_products_does_not_choose_the_canonical_id(ids: list[str]) -> None:
    """Documents come in any order; the revision of the catalogue may not depend on it."""
    products = [
        Product(id=product_id, name="Same  name" if i else "same name", software="x")
        for i, product_id in enumerate(ids)
    ]

    assert set(canonical_ids(products).values()) == {"11513-11571"}


@given(st.text(max_size=60))
def test_any_text_can_be_a_name(text: str) -> None:
    """Microsoft's names are free text: nothing in them may break the reading, and tidying twice changes nothing."""
    product = a_product(text, "9-11571")

    assert product.platform == "11571"
    assert tidy_name(tidy_name(text, RULES), RULES) == tidy_name(text, RULES)


def test_without_rules_nothing_is_known() -> None:
    """All knowledge is in the tables."""
    assert classify("1", "Windows Server 2019", ProductRules(), {}) == Product(
        id="1", name="Windows Server 2019", software=""
    )


# --- what peer projects test --------------------------------------------------------------------------------------


def test_names_are_spelled_as_a_peer_spells_them(shared_data: Path) -> None:
    """Products of other families are not spelled here yet; every Windows, Edge and IE name agrees."""
    ours = [case for case in peer_cases(shared_data, "product_normalise") if "Windows 1" in case["input"]["name"]]
    ours += [case for case in peer_cases(shared_data, "product_normalise") if "Server 20" in case["input"]["name"]]
    cases = [
        case for case in ours if not case["input"]["name"].startswith(("Microsoft Int", "Microsoft SQL", "Windows Def"))
    ]

    found = {}
    for case in cases:
        component, joint, windows = case["input"]["name"].rpartition(" on ")
        found[case["id"]] = component + joint + a_product(windows).name

    assert found == {case["id"]: case["expected"]["name"] for case in cases}
    assert len(cases) >= 6


def test_parts_of_names_agree_with_a_peer(shared_data: Path) -> None:
    """The peer calls the architecture of a server without one "all"; we say x64, the only one there is."""
    architectures = {"32-bit": "x86", "64-bit": "x64", "arm64": "arm64", "itanium": "ia64"}
    cases = list(peer_cases(shared_data, "product_parts"))

    for case in cases:
        product = a_product(case["input"]["name"])
        expected = case["expected"]
        assert product.software == expected["base_product"].lower().replace(" ", "_"), case["id"]
        if expected["arch"] != "all":
            assert product.architecture == architectures[expected["arch"]], case["id"]
    assert len(cases) >= 9


def test_two_names_are_the_same_windows_as_a_peer_says(shared_data: Path) -> None:
    """A name without architecture fits every architecture of its release."""
    for case in peer_cases(shared_data, "product_same"):
        one, other = a_product(case["input"]["a"]), a_product(case["input"]["b"])
        is_same = (one.software, one.line) == (other.software, other.line) and (
            one.architecture == other.architecture or "" in {one.architecture, other.architecture}
        )

        assert is_same is case["expected"]["match"], case["id"]


def test_updates_are_candidates_only_on_their_own_windows(shared_data: Path) -> None:
    """A name that names a Windows binds the update to it, an old Windows too; any other name binds it to none."""
    policies = ("products outside its list", "peer policy")
    cases = [c for c in peer_cases(shared_data, "product_applicable") if not c.get("note", "").startswith(policies)]

    for case in cases:
        on = case["input"]["os_product"]
        name = case["input"]["advisory_product"]
        windows = name.rpartition(" on ")[2]
        platforms = {"2": classify("2", windows, RULES, {})} if windows != name else {}
        advisory = classify("1-2" if platforms else "1", name, RULES, platforms)
        bound_to = platforms.get("2", advisory)
        is_candidate = not on or not advisory.platform or name_key(bound_to.name) == name_key(tidy_name(on, RULES))

        assert is_candidate is case["expected"]["candidate"], case["id"]
    assert len(cases) >= 30
