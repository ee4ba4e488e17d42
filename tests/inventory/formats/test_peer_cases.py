"""What the tests of other projects expect of the same commands holds here."""

from collections.abc import Mapping

from kbgap.inventory.formats import read_text
from kbgap.inventory.formats.shapes import architecture_in
from kbgap.inventory.os_names import read_name
from kbgap.inventory.partial import Partial
from tests.inventory.conftest import Case

# Every kind of case about reading, and how many there are: none is skipped silently.
KINDS = {
    "parse_systeminfo": 2,
    "parse_getcomputerinfo": 1,
    "parse_registry": 1,
    "parse_packages": 1,
    "parse_package_msu": 1,
    "parse_gethotfix": 1,
    "parse_wua_search": 1,
}


def test_no_kind_of_case_about_reading_is_left_out(peer_cases: Mapping[str, list[Case]]) -> None:
    """A kind that is added to the data set asks for a test here."""
    assert {kind: len(cases) for kind, cases in peer_cases.items() if kind.startswith("parse_")} == KINDS


def described(partial: Partial) -> dict[str, str]:
    """A description of a system in the peers' form."""
    major, minor, build, *ubr = partial.build.split(".")
    family = read_name(partial.os_name).family
    assert family is not None
    return {
        "product_name": partial.os_name,
        "version": f"{major}.{minor}",
        "build": build,
        "revision": "".join(ubr),
        "edition": partial.edition,
        "service_pack": str(partial.service_pack or ""),
        "arch": partial.architecture,
        "installation_type": partial.installation_type or family.role.title(),
    }


def test_systems_are_described_as_elsewhere(peer_cases: Mapping[str, list[Case]]) -> None:
    """systeminfo, Get-ComputerInfo and registry values say the same to all."""
    kinds = ("parse_systeminfo", "parse_getcomputerinfo", "parse_registry")
    for case in (case for kind in kinds for case in peer_cases[kind]):
        partial = read_text(next(iter(case["input"].values())), "x.txt")

        expected = dict(case["expected"])
        kbs = expected.pop("installed_kbs", None)
        assert described(partial) == {**expected, "arch": architecture_in(expected["arch"])}, case["id"]
        assert (list(partial.updates.kbs) if partial.updates else None) == kbs, case["id"]


def test_lists_are_read_as_elsewhere(peer_cases: Mapping[str, list[Case]]) -> None:
    """Get-HotFix, Get-Package and bare lists give the same KBs to all."""
    kinds = ("parse_gethotfix", "parse_package_msu", "parse_wua_search")
    for case in (case for kind in kinds for case in peer_cases[kind]):
        updates = read_text(case["input"]["text"], "x.txt", installed_list=True).updates

        assert updates is not None
        assert list(updates.kbs) == case["expected"]["kbs"], case["id"]


def test_programs_are_read_as_elsewhere(peer_cases: Mapping[str, list[Case]]) -> None:
    """Updates among the packages are updates, not programs."""
    for case in peer_cases["parse_packages"]:
        partial = read_text(case["input"]["text"], "x.txt")

        found = [{"name": p.name, "version": p.version, "vendor": p.vendor} for p in partial.software]
        assert found == case["expected"]["packages"], case["id"]
        assert partial.updates is not None
        assert partial.updates.kbs == ("5021233",)


def test_builds_are_written_as_elsewhere(peer_cases: Mapping[str, list[Case]]) -> None:
    """Three parts, or four with the UBR."""
    for case in peer_cases["format_build"]:
        values = case["input"]
        text = f"ProductName : Windows 10 Pro\nCurrentVersion : {values['version']}\nCurrentBuild : {values['build']}\n"
        text += f"UBR : {values['revision']}\n" if "revision" in values else ""

        assert read_text(text, "x.txt").build == case["expected"]["build"], case["id"]
