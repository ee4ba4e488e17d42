"""Names of programs mean what Microsoft's own CPE and fixed builds say of them."""

import pytest

from kbgap.catalogue.rules import load_product_rules
from kbgap.core.application_names import ApplicationRule, ApplicationRules, ElsewhereRule, application, product_part
from kbgap.core.model import Product, Servicing
from kbgap.core.product_names import classify
from kbgap.core.versions import parse_version

RULES = load_product_rules()


def a_product(name: str) -> Product:
    """What a name means that is no Windows."""
    return classify("1", name, RULES, {})


@pytest.mark.parametrize(
    ("name", "software", "architecture", "servicing"),
    [
        ("Microsoft SQL Server 2019 for x64-based Systems (CU 32)", "sql_server_2019", "x64", Servicing.VERSION),
        ("Microsoft SQL Server 2012 for 32-bit Systems Service Pack 3  (GDR)", "sql_server_2012", "x86", "version"),
        ("Microsoft Exchange Server 2019 Cumulative Update 15", "exchange_server_2019", "", "version"),
        ("Microsoft Exchange Server Subscription Edition RTM", "exchange_server_subscription_edition", "", "version"),
        ("Microsoft Excel 2016 (64-bit edition)", "excel", "x64", "parts"),
        ("Microsoft Excel 2013 RT Service Pack 1", "excel", "arm", "parts"),
        ("Microsoft Publisher 2013 Service Pack 1 RT", "publisher", "", "parts"),
        ("Microsoft Office Word Viewer", "word_viewer", "", "parts"),
        ("Microsoft SharePoint Enterprise Server 2016", "sharepoint_server", "", "parts"),
        ("SharePoint Server Subscription Edition Language Pack", "sharepoint_server", "", "parts"),
        (
            "Word Automation Services on Microsoft SharePoint Server 2010 Service Pack 2",
            "word_automation_services",
            "",
            "parts",
        ),
        ("Microsoft Excel  2016 Click-to-Run (C2R) for 32-bit editions", "excel", "x86", "click-to-run"),
        ("Microsoft 365 Apps for Enterprise for 64-bit Systems", "365_apps", "x64", "click-to-run"),
        ("Microsoft Office LTSC 2021 for 32-bit editions", "office_long_term_servicing_channel", "x86", "click-to-run"),
        ("Microsoft Edge (Chromium-based)", "edge_chromium-based", "", "version-only"),
        (".NET 8.0 installed on Windows", ".net", "", "version-only"),
        ("ASP.NET Core 8.0", "asp_net_core", "", "version"),
        ("Microsoft Visual Studio 2022 version 17.14", "visual_studio_2022", "", "version-only"),
        ("Microsoft Visual Studio 2015 Update 3", "visual_studio_2015", "", "list"),
        ("Microsoft Dynamics 365 (on-premises) version 9.1", "dynamics_365", "", "list"),
        ("Microsoft Dynamics CRM 2015 (on-premises) version 7.0", "dynamics_365", "", "list"),
        ("Dynamics 365 Server, version 9.0 (on-premises)", "dynamics_365", "", "list"),
        ("Microsoft Configuration Manager 2403", "configuration_manager", "", "list"),
        ("System Center Operations Manager (SCOM) 2022", "system_center_operations_manager", "", "version-only"),
        ("Windows Malicious Software Removal Tool 64-bit", "windows_malicious_software_removal_tool", "x64", "list"),
        ("Microsoft Silverlight 5 when installed on Microsoft Windows (x64-based)", "silverlight", "x64", "list"),
        ("Skype for Business 2016 Basic (32-bit)", "skype_for_business", "x86", "parts"),
    ],
)
def test_a_name_tells_software_architecture_and_servicing(
    name: str, software: str, architecture: str, servicing: str
) -> None:
    """These four decide on which machines its KBs are looked for, and how."""
    product = a_product(name)

    assert (product.software, product.architecture, product.servicing) == (software, architecture, servicing)
    assert (product.platform, product.system, product.reason) == ("", "", "")


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("Microsoft SQL Server 2019 for x64-based Systems (GDR)", "15.0.2160.4", "15.0.4460.4"),
        ("Microsoft SQL Server 2019 for x64-based Systems (CU 8)", "15.0.4460.4", "15.0.2160.4"),
        ("Microsoft SQL Server 2025 for x64-based Systems (CU2)", "17.0.4020.2", "17.0.1105.2"),
        ("Microsoft SQL Server 2016 Service Pack 2 for x64-based Systems (CU 15)", "13.0.5865.1", "13.0.5103.6"),
        ("Microsoft SQL Server 2016 for x64-based Systems Service Pack 2 (GDR)", "13.0.5103.6", "13.0.6460.7"),
        (
            "Microsoft SQL Server 2016 for x64-based Systems Service Pack 3 Azure Connect Feature Pack",
            "13.0.7016.1",
            "13.0.6419.1",
        ),
        ("Microsoft SQL Server 2014 Service Pack 3 for 32-bit Systems (CU 4)", "12.0.6444.4", "12.0.6174.8"),
        ("Microsoft SQL Server 2008 R2 for x64-Based Systems Service Pack 3 (QFE)", "10.50.6560.0", "10.0.6556.0"),
        ("Microsoft Exchange Server 2013 Cumulative Update 23", "15.0.1497.24", "15.0.1473.6"),
        ("Microsoft Exchange Server 2013 Service Pack 1", "15.0.847.64", "15.0.1497.24"),
        ("Microsoft Exchange Server 2013", "15.0.1497.24", "15.1.2507.6"),
        ("Microsoft Exchange Server 2019", "15.2.221.12", "15.2.858.5"),
        ("Microsoft Office 2016 (32-bit edition)", "16.0.4266.1001", "16.0.17726.20160"),
        ("Microsoft Word 2013 Service Pack 1 (64-bit editions)", "15.0.4569.1506", "15.0.4420.1017"),
        ("Microsoft Word 2013 (64-bit editions)", "15.0.4420.1017", "15.0.4569.1506"),
        ("Microsoft Office 2010 Service Pack 2 (32-bit editions)", "14.0.7015.1000", "14.0.6029.1000"),
        ("Microsoft SharePoint Server 2019", "16.0.10337.12109", "16.0.4351.1000"),
        ("Microsoft SharePoint Server Subscription Edition", "16.0.14326.20450", "16.0.10337.12109"),
        ("Microsoft ODBC Driver 17 for SQL Server on Windows", "17.10.5.1", "18.3.2.1"),
        ("ASP.NET Core 10.0", "10.0.4", "1.0.4"),
    ],
)
def test_the_branch_is_that_of_the_name(name: str, inside: str, outside: str) -> None:
    """A version decides which product a machine has, and never compares with another branch's."""
    branch = a_product(name).branch

    assert branch is not None
    assert branch.holds(parse_version(inside) or ())
    assert not branch.holds(parse_version(outside) or ())


def test_a_level_that_the_table_does_not_know_has_no_branch_yet() -> None:
    """It gets that of its own fixed builds when the catalogue is compiled; until then it fits no version."""
    product = a_product("Microsoft Exchange Server 2019 Cumulative Update 99")

    assert (product.software, product.branch) == ("exchange_server_2019", None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("azl3 python3 3.12.9-1 on Azure Linux 3.0", "a package or program for Linux"),
        ("bind-9.16.15-4.cm2.aarch64.rpm on CBL Mariner 2.0 ARM", "a package or program for Linux"),
        ("Azure Cosmos DB", "a service that Microsoft runs"),
        ("Microsoft Teams for Android", "an app for phones, tablets or headsets"),
        ("Microsoft Surface Pro 9 ARM", "a device, an appliance or its firmware"),
        ("Visual Studio 2022 for Mac version 17.0", "a program for macOS"),
        ("NuGet 17.4.0", "a library, a development kit or an extension of a development tool"),
        ("Hearthstone", "a game"),
        ("None Available", "not a product"),
    ],
)
def test_what_is_never_on_a_windows_machine_says_why(name: str, reason: str) -> None:
    """People who look for a CVE see that the catalogue knows it and why no machine can have it."""
    product = a_product(name)

    assert (product.software, product.reason) == ("", reason)


@pytest.mark.parametrize("name", ["Microsoft Office for Mac 2011", ".NET 9.0 installed on Linux", "Xamarin.iOS"])
def test_what_has_a_kb_elsewhere_is_kept_off_windows_machines(name: str) -> None:
    """Microsoft names KBs for programs on other systems; they are described, and no machine here can have them."""
    product = a_product(name)

    assert product.software
    assert product.system


def test_the_first_rule_that_fits_counts() -> None:
    """Packages come first, because they are by far the most; then programs, then the rest."""
    rules = ApplicationRules(
        applications=(ApplicationRule(pattern=".*", software="everything", servicing=Servicing.LIST),),
        reasons={"a": "first", "b": "later"},
        elsewhere=(ElsewhereRule(reason="b", patterns=(".*",)), ElsewhereRule(reason="a", patterns=("x",), first=True)),
    )

    first, other = application("1", "X", rules), application("1", "y", rules)

    assert first is not None
    assert other is not None
    assert (first.reason, other.software) == ("first", "everything")
    assert application("1", "y", ApplicationRules()) is None


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Snip & Sketch", "snip_and_sketch"),
        ("Windows Driver Kit (WDK)", "windows_driver_kit_wdk"),
        ("Visual C++ Redistributable", "visual_c++_redistributable"),
        ("SharePoint_Enterprise Server", "sharepoint_enterprise_server"),
    ],
)
def test_a_product_part_is_lower_case_with_underscores(name: str, part: str) -> None:
    """As the NVD writes names, and Defender after it."""
    assert product_part(name) == part
