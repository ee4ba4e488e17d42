"""Programs as inventories really list them are recognised, with their version, branch and bitness."""

from collections.abc import Iterable
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.rules import load_product_rules
from kbgap.core.model import Installed
from kbgap.core.product_names import product_table
from kbgap.core.products import ProductIndex
from kbgap.core.versions import parse_version
from kbgap.inventory.report import Software
from kbgap.inventory.software import Found, recognise

MICROSOFT = "Microsoft Corporation"
RUSSIAN = "\u041c\u0430\u0439\u043a\u0440\u043e\u0441\u043e\u0444\u0442"
BITS = {"2010 Service Pack 2": "editions", "2013 Service Pack 1": "editions", "2016": "edition"}
NAMES = [
    *(
        f"Microsoft {app} {year} ({bits}-bit {word})"
        for app in ("Office", "Access", "Excel", "Outlook", "PowerPoint", "Publisher", "Visio", "Word")
        for year, word in BITS.items()
        for bits in (32, 64)
    ),
    "Microsoft Office 2007 Service Pack 3",
    "Microsoft Word 2013 (64-bit editions)",
    "Microsoft Word 2016 for Mac",
    "Skype for Business 2016 (32-bit)",
    "Skype for Business 2016 Basic (32-bit)",
    "Microsoft Office 2019 for 64-bit editions",
    "Microsoft Office 2016 Click-to-Run (C2R) for 64-bit editions",
    "Microsoft Office LTSC 2021 for 64-bit editions",
    "Microsoft 365 Apps for Enterprise for 64-bit Systems",
    "Microsoft Office Compatibility Pack Service Pack 3",
    "Microsoft SharePoint Enterprise Server 2016",
    "Microsoft SharePoint Server 2019",
    "Microsoft SharePoint Server Subscription Edition",
    "Microsoft SharePoint Server 2010 Service Pack 2",
    "Excel Services on Microsoft SharePoint Server 2010 Service Pack 2",
    "Microsoft SQL Server 2012 for x64-based Systems Service Pack 4 (QFE)",
    "Microsoft SQL Server 2016 for x64-based Systems Service Pack 2 (GDR)",
    "Microsoft SQL Server 2016 for x64-based Systems Service Pack 2 (CU)",
    "Microsoft SQL Server 2016 for x64-based Systems Service Pack 3 (GDR)",
    "Microsoft SQL Server 2017 for x64-based Systems (CU 31)",
    "Microsoft SQL Server 2017 for x64-based Systems (GDR)",
    "Microsoft SQL Server 2019 for x64-based Systems (CU 8)",
    "Microsoft SQL Server 2019 for x64-based Systems (CU 32)",
    "Microsoft SQL Server 2019 for x64-based Systems (GDR)",
    "Microsoft SQL Server 2022 for x64-based Systems (GDR)",
    "SQL Server 2019 for Linux Containers",
    "Microsoft Exchange Server 2013 Cumulative Update 23",
    "Microsoft Exchange Server 2016",
    "Microsoft Exchange Server 2016 Cumulative Update 15",
    "Microsoft Exchange Server 2019 Cumulative Update 9",
    "Microsoft Exchange Server 2019 Cumulative Update 15",
    "Microsoft Exchange Server Subscription Edition RTM",
    "Microsoft Edge (Chromium-based)",
    "Microsoft Teams",
    "Microsoft Teams for Desktop",
    "Visual Studio Code",
    "Microsoft Visual Studio 2015 Update 3",
    "Microsoft Visual Studio 2022 version 17.14",
    "Microsoft Silverlight 5 when installed on Microsoft Windows (x64-based)",
    "Microsoft Silverlight 5 Developer Runtime when installed on Microsoft Windows (x64-based)",
    ".NET 8.0",
    ".NET 8.0 installed on Windows",
    ".NET 8.0 installed on Linux",
    "ASP.NET Core 8.0",
    "Microsoft ODBC Driver 17 for SQL Server",
    "Microsoft Dynamics 365 (on-premises) version 9.1",
    "Microsoft Configuration Manager 2403",
    "PowerShell 7.4",
]
TABLE = product_table({str(number): [name] for number, name in enumerate(NAMES, start=10)}, load_product_rules())
INDEX = ProductIndex(TABLE.products.values(), {})


def program(
    name: str, version: str = "", architecture: str = "x64", vendor: str | None = MICROSOFT, **more: str
) -> Software:
    """One entry of an inventory."""
    attributes = more or None
    return Software(
        name=name, version=version or None, architecture=architecture or None, vendor=vendor, attributes=attributes
    )


def recognised(*programs: Software, windows: str = "x64") -> Found:
    """What the entries of one machine show."""
    return recognise(programs, INDEX, windows)


def named(installed: Iterable[Installed]) -> dict[str, str]:
    """Products by name, with their version: "~" before that of the media, "?" and the doubt where there is one."""
    return {
        TABLE.products[one.product].name: f"{'~' if one.floor else ''}{'.'.join(map(str, one.version))}"
        + (f"? {one.doubt}" if one.doubt else "")
        for one in installed
    }


def ids(found: Found) -> set[str]:
    """The software ids of the inventory."""
    return {item.software for item in found.items}


# --- SQL Server ---------------------------------------------------------------------------------------------------


def test_the_version_decides_the_branch_of_sql_server() -> None:
    """15.0.2xxx is GDR, 15.0.4xxx is CU, whatever CU the product's name counts."""
    gdr = recognised(program("Microsoft SQL Server 2019 (64-bit)", "15.0.2101.7", instance="MSSQLSERVER"))
    cu = recognised(program("Microsoft SQL Server 2019 (64-bit)", "15.0.4455.2"))

    assert named(gdr.installed) == {"Microsoft SQL Server 2019 for x64-based Systems (GDR)": "15.0.2101.7"}
    assert named(cu.installed) == {
        "Microsoft SQL Server 2019 for x64-based Systems (CU 8)": "15.0.4455.2",
        "Microsoft SQL Server 2019 for x64-based Systems (CU 32)": "15.0.4455.2",
    }
    assert ids(gdr) == {"microsoft-_-sql_server_2019"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["GDR 2101 for SQL Server 2019 (KB5021125) (64-bit)|15.0.2101.7"], {"(GDR)": "15.0.2101.7"}),
        (["GDR 2101 f\u00fcr SQL Server\u00a02019 (KB5021125) (64-bit)|15.0.2101.7"], {"(GDR)": "15.0.2101.7"}),
        (
            ["Hotfix 4298 for SQL Server 2019 (KB5023049) (64-bit)|15.0.4298.1"],
            {"(CU 8)": "15.0.4298.1", "(CU 32)": "15.0.4298.1"},
        ),
        (["Hotfix KB5001090 SQL Server|15.0.4102.2"], {"(CU 8)": "15.0.4102.2", "(CU 32)": "15.0.4102.2"}),
        ([], {"(GDR)": "~15.0.2000.5"}),
    ],
)
def test_an_update_of_sql_server_has_an_entry_of_its_own(names: list[str], expected: dict[str, str]) -> None:
    """The engine stays at 15.0.2000.5, the version of the media, so without an update it is only the least."""
    updates = [program(name, version) for name, _, version in (text.partition("|") for text in names)]
    engine = program("SQL Server 2019 Database Engine Services", "15.0.2000.5")
    setup = program("Microsoft SQL Server 2019 Setup (English)", "15.0.4999.9")

    found = recognised(program("Microsoft SQL Server 2019 (64-bit)"), engine, engine, setup, *updates)

    prefix = "Microsoft SQL Server 2019 for x64-based Systems "
    assert named(found.installed) == {prefix + branch: version for branch, version in expected.items()}
    assert found.kbs == {update.name.partition("KB")[2][:7] for update in updates}


def test_the_second_number_of_a_service_pack_is_read_over() -> None:
    """13.2.5026.0 is Service Pack 2, 13.0.5026.0."""
    found = recognised(program("SQL Server 2016 Database Engine Services", "13.2.5026.0"))

    assert named(found.installed) == {
        "Microsoft SQL Server 2016 for x64-based Systems Service Pack 2 (GDR)": "~13.0.5026"
    }


def test_of_several_instances_the_oldest_counts() -> None:
    """A KB is missing when one instance lacks it."""
    found = recognised(
        program("Microsoft SQL Server 2019 (64-bit)", "15.0.4455.2", instance="A"),
        program("Microsoft SQL Server 2019 (64-bit)", "15.0.4460.4", instance="B"),
        program("Microsoft SQL Server 2019 (64-bit)", "15.0.2160.4", instance="C"),
    )

    assert set(named(found.installed).values()) == {"15.0.4455.2", "15.0.2160.4"}


def test_without_a_version_every_branch_may_be_the_one() -> None:
    """Never across branches: which it is would have to be sent."""
    found = recognised(program("Microsoft SQL Server 2019 (64-bit)"))

    assert set(named(found.installed).values()) == {"? the version of Microsoft SQL Server 2019 (64-bit)"}
    assert len(found.installed) == 3


def test_the_version_of_the_programs_file_comes_first() -> None:
    """A collector that reads sqlservr.exe knows better than the uninstall entry."""
    found = recognised(program("SQL Server 2019 Database Engine Services", "15.0.2000.5", fileVersion="15.0.2160.4"))

    assert named(found.installed) == {"Microsoft SQL Server 2019 for x64-based Systems (GDR)": "15.0.2160.4"}


def test_a_version_that_no_update_is_for_is_said() -> None:
    """An evaluation release, or a version newer than the catalogue."""
    found = recognised(program("Microsoft SQL Server 2019 (64-bit)", "15.0.1900.25"))

    assert found.installed == ()
    assert found.notes == ("no update of this catalogue is for Microsoft SQL Server 2019 (64-bit) 15.0.1900.25",)
    assert ids(found) == {"microsoft-_-sql_server_2019"}


# --- Exchange -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version", "product"),
    [
        ("Microsoft Exchange Server 2019 Cumulative Update 9", "15.2.858.5", "2019 Cumulative Update 9"),
        ("Microsoft Exchange Server 2019 Cumulative Update 9", "15.02.0858.005", "2019 Cumulative Update 9"),
        ("Microsoft Exchange Server 2019 Kumulatives Update 15", "15.2.1748.36", "2019 Cumulative Update 15"),
        ("Microsoft Exchange Server 2013 Cumulative Update 23", "15.0.1497.23", "2013 Cumulative Update 23"),
        ("Microsoft Exchange Server", "15.2.858.5", "2019 Cumulative Update 9"),
        ("Microsoft Exchange Server Subscription Edition", "15.2.2562.17", "Subscription Edition RTM"),
        ("Microsoft Exchange Server 2019 Cumulative Update 9", "", "2019 Cumulative Update 9"),
    ],
)
def test_the_version_tells_the_cumulative_update_of_exchange(name: str, version: str, product: str) -> None:
    """Its third number; without a version the name does."""
    found = recognised(program(name, version))

    assert list(named(found.installed)) == [f"Microsoft Exchange Server {product}"]


def test_a_security_update_of_exchange_moves_one_entry_only() -> None:
    """As seen on a real server: "Exchange Server" keeps the version of the cumulative update."""
    found = recognised(
        program("Microsoft Exchange Server", "15.2.1748.10"),
        program("Security Update for Exchange Server 2019 Cumulative Update 15 (KB5063221)", "1"),
        program("Microsoft Exchange Server 2019 Cumulative Update 15", "15.2.1748.36"),
        program("Microsoft Exchange Server Language Pack - German", "15.2.1748.10"),
    )

    assert named(found.installed) == {"Microsoft Exchange Server 2019 Cumulative Update 15": "15.2.1748.36"}
    assert found.kbs == {"5063221"}


def test_a_product_without_level_is_there_on_every_level() -> None:
    """Some fixes of Exchange 2016 are not for one cumulative update alone."""
    found = recognised(program("Microsoft Exchange Server 2016 Cumulative Update 15", "15.1.1913.10"))

    assert set(named(found.installed)) == {
        "Microsoft Exchange Server 2016",
        "Microsoft Exchange Server 2016 Cumulative Update 15",
    }


# --- Office -------------------------------------------------------------------------------------------------------


def test_a_suite_brings_its_programs() -> None:
    """By MSI, at the version that it keeps whatever is installed."""
    found = recognised(program("Microsoft Office Standard 2016", "16.0.4266.1001", "x86"))

    apps = ("Office", "Excel", "Outlook", "PowerPoint", "Publisher", "Word")
    assert named(found.installed) == {f"Microsoft {app} 2016 (32-bit edition)": "~16.0.4266.1001" for app in apps}
    assert {"microsoft-_-office", "microsoft-_-excel"} <= ids(found)


@pytest.mark.parametrize(
    ("name", "version", "products"),
    [
        ("Microsoft Excel MUI (English) 2016", "16.0.4266.1001", ["Microsoft Excel 2016 (64-bit edition)"]),
        (
            "Microsoft Office Word MUI (French) 2010",
            "14.0.7015.1000",
            ["Microsoft Word 2010 Service Pack 2 (64-bit editions)"],
        ),
        ("Microsoft Word 2013", "15.0.4569.1506", ["Microsoft Word 2013 Service Pack 1 (64-bit editions)"]),
        ("Microsoft Word 2013", "15.0.4420.1017", ["Microsoft Word 2013 (64-bit editions)"]),
        ("Microsoft Visio Professional 2016", "16.0.4266.1001", ["Microsoft Visio 2016 (64-bit edition)"]),
        ("Microsoft Office Enterprise 2007", "12.0.6612.1000", ["Microsoft Office 2007 Service Pack 3"]),
        (
            "Microsoft Office Compatibility Pack for 2007 Office system",
            "12.0.6612.1000",
            ["Microsoft Office Compatibility Pack Service Pack 3"],
        ),
        ("Microsoft Office Professional Plus 2016 - en-us", "16.0.17726.20160", []),
        ("Microsoft Office Professional Plus 2016", "16.0.17726.20160", []),
        ("Microsoft Office Professional Plus 2019 - de-de", "16.0.10417.20020", []),
        ("Microsoft Office LTSC Professional Plus 2021 - en-us", "16.0.14332.20812", []),
        ("Microsoft 365 Apps for enterprise - en-us", "16.0.14326.20454", []),
        ("Microsoft 365 - fr-fr", "16.0.17726.20160", []),
        ("Microsoft SharePoint Server 2019", "16.0.10337.12109", ["Microsoft SharePoint Server 2019"]),
        ("Microsoft SharePoint Server 2016", "16.0.4351.1000", ["Microsoft SharePoint Enterprise Server 2016"]),
    ],
)
def test_office_by_msi_and_by_click_to_run_are_told_apart(name: str, version: str, products: list[str]) -> None:
    """Click-to-Run is replaced as a whole and never misses a KB; by version, and by the language in its name."""
    found = recognised(program(name, version))

    assert list(named(found.installed)) == products
    assert all(item.software.startswith("microsoft-_-") for item in found.items)


def test_click_to_run_is_in_the_inventory_with_its_product() -> None:
    """Its CVEs are known by version, though no KB is for it."""
    (item,) = recognised(program("Microsoft 365 Apps for enterprise - en-us", "16.0.14326.20454")).items

    assert (item.software, item.version) == ("microsoft-_-365_apps", "16.0.14326.20454")
    assert [TABLE.products[product].name for product in item.products] == [
        "Microsoft 365 Apps for Enterprise for 64-bit Systems"
    ]


def test_servers_bring_the_services_that_microsoft_names_apart() -> None:
    """Excel Services are a part of SharePoint Server 2010."""
    found = recognised(program("Microsoft SharePoint Server 2010", "14.0.7015.1000"))

    assert set(named(found.installed)) == {
        "Microsoft SharePoint Server 2010 Service Pack 2",
        "Excel Services on Microsoft SharePoint Server 2010 Service Pack 2",
    }


@pytest.mark.parametrize(
    ("name", "architecture", "windows", "product"),
    [
        ("Microsoft Word 2016", "", "x86", "Microsoft Word 2016 (32-bit edition)"),
        ("Microsoft Word 2016", "x86", "x64", "Microsoft Word 2016 (32-bit edition)"),
        ("Microsoft Word 2016", "64-bit", "x64", "Microsoft Word 2016 (64-bit edition)"),
        ("Microsoft Word 2016", "x86_64", "x64", "Microsoft Word 2016 (64-bit edition)"),
    ],
)
def test_bitness_comes_from_the_inventory_or_the_system(
    name: str, architecture: str, windows: str, product: str
) -> None:
    """Where it decides the product."""
    found = recognised(program(name, "16.0.4266.1001", architecture), windows=windows)

    assert list(named(found.installed)) == [product]


def test_an_unknown_bitness_is_a_doubt() -> None:
    """On a 64-bit Windows it may be either."""
    found = recognised(program("Microsoft Word 2016", "16.0.4266.1001", ""))

    assert named(found.installed) == {
        f"Microsoft Word 2016 ({bits}-bit edition)": "~16.0.4266.1001? the architecture of Microsoft Word 2016"
        for bits in (32, 64)
    }


def test_a_year_as_version_is_no_version() -> None:
    """Some inventories write "2016"; 2016 is above every build."""
    found = recognised(program("Skype for Business Basic 2016", "2016", "x86"))

    assert named(found.installed) == {"Skype for Business 2016 Basic (32-bit)": "~"}


# --- everything else ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version", "software"),
    [
        ("Microsoft Edge", "96.0.1054.62", "edge_chromium-based"),
        ("Microsoft Edge WebView2 Runtime", "137.0.3296.83", "edge_webview2_runtime"),
        ("Microsoft Visual Studio Code", "1.56.0", "visual_studio_code"),
        ("Microsoft Visual Studio Code Insiders (User)", "1.100.0", "visual_studio_code"),
        ("Microsoft Teams", "1.6.00.18681", "teams"),
        ("Teams Machine-Wide Installer", "1.6.0.4472", "teams"),
        ("Visual Studio Enterprise 2022", "17.14.8", "visual_studio_2022"),
        ("Microsoft Visual Studio Professional 2015 with Updates", "14.0.25431.1", "visual_studio_2015"),
        ("Microsoft .NET Runtime - 8.0.7 (x64)", "64.28.33813", ".net"),
        ("Microsoft Windows Desktop Runtime - 8.0.7 (x64)", "8.0.7.33813", ".net"),
        ("Microsoft ASP.NET Core 8.0.7 - Shared Framework (x64)", "8.0.7.24314", "asp_net_core"),
        ("Microsoft ODBC Driver 17 for SQL Server", "17.10.5.1", "odbc_driver_17_for_sql_server"),
        ("Microsoft Silverlight", "5.1.50918.0", "silverlight"),
        ("PowerShell 7-x64", "7.4.6.0", "powershell"),
        ("Microsoft Dynamics 365 Server", "9.1.0.5", "dynamics_365"),
        ("Microsoft Configuration Manager Primary Site", "5.00.9128.1007", "configuration_manager"),
        (
            "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.40.33810",
            "14.40.33810.0",
            "visual_c++_redistributable",
        ),
        ("Microsoft\u00ae Edge", "137.0.0.0", "edge_chromium-based"),
    ],
)
def test_programs_have_the_ids_that_the_catalogue_uses(name: str, version: str, software: str) -> None:
    """So that the inventory and the gap speak of one software."""
    assert ids(recognised(program(name, version))) == {f"microsoft-_-{software}"}


def test_teams_is_two_products_of_one_software() -> None:
    """Microsoft names the old and the new one apart; a peer takes both too."""
    (item,) = recognised(program("Microsoft Teams", "1.6.00.18681")).items

    assert [TABLE.products[product].name for product in item.products] == [
        "Microsoft Teams",
        "Microsoft Teams for Desktop",
    ]


def test_only_products_with_kbs_are_judged() -> None:
    """What is fixed by version alone never asks for a KB."""
    found = recognised(
        program("Microsoft Edge", "96.0.1054.62"), program("Microsoft .NET Runtime - 8.0.7 (x64)", "8.0.7")
    )

    assert found.installed == ()
    assert all(item.products for item in found.items)


def test_programs_of_other_systems_are_never_found() -> None:
    """.NET on Linux and Word for Mac share a name with those on Windows."""
    (item,) = recognised(program("Microsoft .NET Runtime - 8.0.7 (x64)", "8.0.7")).items

    assert {TABLE.products[product].name for product in item.products} == {".NET 8.0", ".NET 8.0 installed on Windows"}


def test_an_agent_shows_that_a_part_of_windows_is_used() -> None:
    """Defender for Endpoint's sensor is a part of Windows; only the machine knows whether it is used."""
    found = recognised(program("Microsoft Defender for Endpoint", "10.8775.22631.4751"))

    assert found.components == {"defender-for-endpoint"}


@pytest.mark.parametrize(
    "name",
    [
        "Security Update for Microsoft Excel 2016 (KB5002527) 64-Bit Edition",
        "Update f\u00fcr Microsoft Office 2013 (KB5002527) 32-Bit-Edition",
        "KB5002527",
    ],
)
def test_the_entry_of_an_update_is_no_program(name: str) -> None:
    """Its KB is installed: MSI keeps such entries, which no list of Windows' own updates has."""
    found = recognised(program(name, ""))

    assert found == Found(kbs=frozenset({"5002527"}))


@pytest.mark.parametrize(
    ("name", "vendor", "software"),
    [
        ("Google Chrome", "Google LLC", "google-_-chrome"),
        ("Mozilla Firefox (x64 en-US)", "Mozilla", "mozilla-_-firefox"),
        ("7-Zip 23.01 (x64)", "Igor Pavlov", "igor_pavlov-_-7-zip"),
        ("Adobe Acrobat DC (64-bit)", "Adobe", "adobe-_-acrobat_dc"),
        ("Git version 2.45.1", "The Git Development Community", "the_git_development_community-_-git"),
        ("Notepad++ (64-bit x64)", None, "unknown-_-notepad++"),
        ("Microsoft Word 2016 Password Tool", "Cracks Inc.", "cracks-_-microsoft_word_2016_password_tool"),
        ("KB1234567 helper", "Contoso Ltd", "contoso-_-kb1234567_helper"),
        ("Microsoft Mouse and Keyboard Center", MICROSOFT, "microsoft-_-mouse_and_keyboard_center"),
        ("\u200b", "  ", "unknown-_-unknown"),
    ],
)
def test_unknown_software_stays_in_the_inventory(name: str, vendor: str | None, software: str) -> None:
    """Under vendor and name without versions and company forms, and without a verdict."""
    found = recognised(program(name, "1.0", vendor=vendor))

    assert ids(found) == {software}
    assert (found.installed, found.kbs) == ((), frozenset())


@pytest.mark.parametrize(
    "vendor",
    [
        RUSSIAN,
        "Microsoft",
        None,
        "",
    ],
)
def test_microsoft_has_many_names(vendor: str | None) -> None:
    """Publishers are written in the language of Windows; without one the name decides."""
    assert ids(recognised(program("Microsoft Teams", "1.0", vendor=vendor))) == {"microsoft-_-teams"}


@given(
    st.lists(st.sampled_from([program(f"Microsoft {n} 2016", "16.0.4266.1001") for n in ("Word", "Excel")]), max_size=4)
)
def test_the_order_of_entries_and_their_number_change_nothing(programs: list[Software]) -> None:
    """Inventories list what they find, some of it twice."""
    assert recognised(*programs).installed == recognised(*reversed(programs), *programs).installed


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_some_software(name: str, version: str, vendor: str) -> None:
    """Nothing that a machine may list stops its report or is lost."""
    found = recognised(program(name, version, vendor=vendor or None))

    assert found.items or found.kbs
    assert all(parse_version(version) is None or not one.version or one.version for one in found.installed)


@pytest.mark.parametrize(
    "name",
    [
        "Microsoft Word" + " MUI (a)" * 120,
        "SQL Server 2019 " * 60 + "KB1234567",
        "Microsoft " + "Exchange Server 2019 " * 45,
        "(" * 1000,
        "1." * 500,
    ],
)
def test_hostile_names_are_read_in_no_time(name: str) -> None:
    """A pattern that tries every way to read a name would stop the server."""
    begun = process_time()

    recognised(program(name[:1024], "1.0"))

    assert process_time() - begun < 0.5
