"""Products are found by what machines report: role, build number, architecture, or a name of Microsoft's."""

import json
from pathlib import Path

import pytest

from kbgap.catalogue.rules import load_line_rules, load_lines, load_product_rules
from kbgap.core.errors import NotFound
from kbgap.core.product_names import product_table
from kbgap.core.products import ProductIndex

NAMES = {
    "9312": "Windows Server 2008 for 32-bit Systems Service Pack 2",
    "9318": "Windows Server 2008 for x64-based Systems Service Pack 2",
    "10481": "Windows 8.1 for 32-bit systems",
    "10482": "Windows 8.1 for x64-based systems",
    "10484": "Windows RT 8.1",
    "10729": "Windows 10 for 32-bit Systems",
    "10735": "Windows 10 for x64-based Systems",
    "10852": "Windows 10 Version 1607 for 32-bit Systems",
    "10853": "Windows 10 Version 1607 for x64-based Systems",
    "11490": "Windows 10 Version 1607 for HoloLens",
    "11713": "Windows 10 Version 1909 for x64-based Systems",
    "11715": "Windows Server, version 1909 (Server Core installation)",
    "10816": "Windows Server 2016",
    "10855": "Windows Server 2016  (Server Core installation)",
    "11926": "Windows 11 for x64-based Systems",
    "11931": "Windows 10 Version 21H2 for x64-based Systems",
    "12099": "Windows 10 Version 22H2 for 32-bit Systems",
    "12390": "Windows 11 Version 24H2 for x64-based Systems",
    "12436": "Windows Server 2025",
    "20853": "Windows 11 version 26H1 for x64-based Systems",
    "10486-10816": "Internet Explorer 11 on Windows Server 2016",
    "11650-10816": "Microsoft .NET Framework 4.8 on Windows Server 2016",
}


def an_index(names: dict[str, str] = NAMES) -> ProductIndex:
    """An index of products with these names."""
    table = product_table({key: [name] for key, name in names.items()}, load_product_rules())
    return ProductIndex(table.products.values(), load_lines())


@pytest.mark.parametrize(
    ("role", "number", "architecture", "core", "product"),
    [
        ("client", 18363, "x64", False, "11713"),
        ("server", 18363, "x64", True, "11715"),
        ("server", 18363, "x64", False, "11715"),
        ("client", 14393, "x64", False, "10853"),
        ("client", 14393, "x86", False, "10852"),
        ("server", 14393, "x64", False, "10816"),
        ("server", 14393, "x64", True, "10855"),
        ("client", 26100, "x64", False, "12390"),
        ("server", 26100, "x64", False, "12436"),
        ("client", 9600, "arm", False, "10484"),
        ("client", 9600, "x64", False, "10482"),
        ("server", 6003, "x64", False, "9318"),
        ("server", 6002, "x86", False, "9312"),
    ],
)
def test_role_build_number_architecture_and_core_give_one_windows(
    role: str, number: int, architecture: str, core: bool, product: str
) -> None:
    """One build number can be several Windows; together the four marks name exactly one."""
    assert an_index().windows(role, number, architecture, core).id == product


def test_an_unreleased_build_gets_the_release_below_it_and_is_marked() -> None:
    """Insider builds lie between releases: 10585 came before 1511."""
    index = an_index()

    assert index.windows("client", 10585, "x64").id == "10735"
    assert not index.is_released("client", 10585)
    assert index.is_released("client", 10240)


@pytest.mark.parametrize(
    ("role", "number"),
    [
        ("client", 30000),  # newer than the catalogue
        ("client", 9200),  # Windows 8: older builds do not follow each other
        ("client", 2600),  # Windows XP
        ("client", 0),
        ("server", 19045),  # above all servers of this index
        ("", 18363),
    ],
)
def test_a_build_that_no_product_has_is_not_found(role: str, number: int) -> None:
    """Answering with a neighbour would judge a machine by updates that are not for it."""
    index = an_index({key: name for key, name in NAMES.items() if key != "12436"})

    with pytest.raises(NotFound, match="no update of this catalogue is for"):
        index.windows(role, number, "x64")


def test_without_an_architecture_nothing_is_guessed() -> None:
    """Where one build number has several architectures the error names them; where it has one it needs no saying."""
    index = an_index()

    with pytest.raises(NotFound, match=r"fits 2 products; .*x64, x86"):
        index.windows("client", 14393, "")
    assert index.windows("server", 26100, "").id == "12436"


def test_an_architecture_that_was_never_offered_is_not_found() -> None:
    """There is no Windows Server 2016 for ARM64."""
    with pytest.raises(NotFound, match="build 14393 on arm64"):
        an_index().windows("server", 14393, "arm64")


@pytest.mark.parametrize(
    "name",
    [
        "Windows 11 for x64-based Systems",
        "windows 11 version 21H2 for x64-based systems",
        "  Microsoft Windows 11  Version 21H2 for x64-based Systems ",
    ],
)
def test_a_product_is_found_by_any_of_its_names(name: str) -> None:
    """Spelling, blanks and letter case do not matter, and neither does which of its names is used."""
    product = an_index().by_name(name)

    assert product is not None
    assert product.id == "11926"


def test_a_name_that_is_no_product_is_not_found() -> None:
    """What an operating system calls itself is not what Microsoft calls the product."""
    assert an_index().by_name("Microsoft Windows 10 Enterprise") is None


def test_components_are_listed_by_the_windows_they_run_on() -> None:
    """Windows itself is not one of its components."""
    index = an_index()

    assert [product.id for product in index.components("10816")] == ["10486-10816", "11650-10816"]
    assert index.components("11713") == ()
    assert index.by_id("10816") is not None
    assert index.by_id("nothing") is None


def test_the_line_says_what_builds_compare() -> None:
    """26100 is one line for clients and another for servers."""
    index = an_index()

    assert index.line_of("client", 26100).id == "26100"
    assert index.line_of("server", 26100).id == "server 26100"


def test_builds_give_the_windows_that_peers_expect(shared_data: Path) -> None:
    """A build that is newer than the catalogue is not found, where the peer falls back to its newest release."""
    cases = json.loads((shared_data / "peer_cases.json").read_text(encoding="utf-8"))["cases"]
    index = an_index()
    seen = 0

    for case in (case for case in cases if case["kind"] == "product_name" and case["input"]["build"].isdigit()):
        given, expected = case["input"], case["expected"]["product"]
        role = "client" if given["installation_type"] == "Client" else "server"
        try:
            found = index.windows(role, int(given["build"]), given["arch"].removesuffix("-based"))
        except NotFound:
            assert "peer policy" in case.get("note", ""), case["id"]
            continue
        assert found.name == expected, case["id"]
        seen += 1
    assert seen >= 7


def test_products_match_as_a_peer_matches_them(shared_data: Path) -> None:
    """By build number where the machine says one; a product that the list lacks is not replaced by another."""
    cases = json.loads((shared_data / "peer_cases.json").read_text(encoding="utf-8"))["cases"]
    seen = 0

    for case in (case for case in cases if case["kind"] == "product_match" and case["input"]["build"]):
        index = an_index(case["input"]["products"])
        number = int(case["input"]["build"].split(".")[2])
        expected = case["expected"]["product_id"]
        if index.is_released("client", number):
            assert index.windows("client", number, "x64").id == expected, case["id"]
        else:
            assert expected is None, case["id"]
        seen += 1
    assert seen >= 3


def test_names_tell_the_version_where_a_peer_says_so(shared_data: Path) -> None:
    """The version of a line is the word that its names use."""
    cases = json.loads((shared_data / "peer_cases.json").read_text(encoding="utf-8"))["cases"]
    versions = {rule.id: rule.version for rule in load_line_rules()}

    for case in (case for case in cases if case["kind"] == "product_has_version"):
        name = case["input"]["name"]
        (product,) = product_table({"1": [name]}, load_product_rules()).products.values()

        assert (versions[product.line] in name) is case["expected"]["has_display_version"], case["id"]
