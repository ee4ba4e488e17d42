"""A report becomes evidence of exactly one Windows, of what came with it, and of what is not known."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from kbgap.core.builds import Build
from kbgap.core.errors import Invalid
from kbgap.core.model import Basis, Level, Line, Release, Track
from kbgap.core.products import ProductIndex
from kbgap.inventory.dotnet import NOT_REPORTED
from kbgap.inventory.normalise import NO_ARCHITECTURE, MachineFacts, Normalised, Outside, normalise
from kbgap.inventory.os_names import read_name
from kbgap.inventory.reading import read_inputs
from kbgap.inventory.unite import Read
from tests.inventory.conftest import Case
from tests.inventory.given import a_report

Lines = Mapping[str, Line]

MACHINES: list[dict[str, str]] = msgspec.toml.decode((Path(__file__).parent / "machines.toml").read_bytes())["machine"]


@pytest.fixture(scope="session")
def released(lines: Lines) -> Lines:
    """The lines with some of their releases."""

    def release(kb: str, kind: str, *parts: int) -> Release:
        return Release(kb=kb, kind=kind, build=Build(*parts) if parts else None)

    return {
        **lines,
        "18363": replace(
            lines["18363"],
            releases=(
                release("4532693", "security", 10, 0, 18363, 657),
                release("4540673", "security", 10, 0, 18363, 719),
                release("4551762", "out-of-band", 10, 0, 18363, 720),
            ),
        ),
        "9600": replace(lines["9600"], releases=(release("4012213", "security-only"), release("4012216", "rollup"))),
    }


@pytest.fixture(scope="session")
def judge(index: ProductIndex, released: Lines) -> Any:  # noqa: ANN401 - a function of whatever a report may hold
    """Normalise a report that the machine is covered in."""

    def covered(*args: Any, **members: Any) -> Normalised:  # noqa: ANN401 - as above
        found = normalise(a_report(*args, **members), index, released)
        assert isinstance(found, Normalised), found
        return found

    return covered


# --- which Windows ------------------------------------------------------------------------------------------------


def test_the_documented_example_is_one_windows(judge: Any) -> None:  # noqa: ANN401 - as above
    """The facts that the API and the terminal show."""
    found = judge(architecture="x64", installationType="Client", version="1909", installed=["4532693"])

    assert found.machine == MachineFacts(
        os_platform="Windows10",
        version="1909",
        os_build=18363,
        build="10.0.18363.657",
        architecture="x64",
        products=("Windows 10 Version 1909 for x64-based Systems",),
        product_ids=("11713",),
        line="18363",
    )
    assert found.notes == ()


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: f"{machine['name']} {machine['build']}")
def test_name_and_build_make_one_product(judge: Any, machine: dict[str, str]) -> None:  # noqa: ANN401 - as above
    """Whatever the edition, the language and the spelling; the build decides the release."""
    members = {member: value for member, value in machine.items() if member != "product"}

    assert judge(**members).machine.products == (machine["product"],)


def test_products_are_named_as_elsewhere(
    peer_cases: Mapping[str, list[Case]], index: ProductIndex, lines: Lines
) -> None:
    """What other projects make of name and build, except where they guess the newest release for an unknown build."""
    cases = peer_cases["product_name"]
    for case in cases:
        given, expected = case["input"], case["expected"]
        build = ".".join(filter(None, (given["version"], given["build"], given["revision"])))
        if expected["error"]:
            with pytest.raises(AssertionError, match=r"os\.build"):
                a_report(given["product_name"], build)
            continue
        report = a_report(
            given["product_name"],
            build,
            architecture={"x64-based": "x64", "x86": "x86"}[given["arch"]],
            installationType=given["installation_type"],
        )
        found = normalise(report, index, lines)
        if given["build"] == "30000":
            assert isinstance(found, Outside), case["id"]
        else:
            assert isinstance(found, Normalised), case["id"]
            assert found.machine.products == (expected["product"],), case["id"]
    assert len(cases) == 10


def test_captured_machines_are_the_products_they_should_be(
    shared_data: Path,
    index: ProductIndex,
    lines: Lines,
) -> None:
    """Every captured systeminfo is the product that its expected file names, or outside the catalogue."""
    folder = shared_data / "systeminfo"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))["files"]
    wrong = {}
    for name in (name for name, facts in expected.items() if facts["kind"] == "systeminfo"):
        [read] = read_inputs([str(folder / name)])
        assert isinstance(read, Read)
        found = normalise(read.report, index, lines)
        product = found.machine.products[0] if isinstance(found, Normalised) else None
        if product != expected[name]["product"]:
            wrong[name] = product

    assert wrong == {}


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("Microsoft Windows XP Professional", "5.1.2600"),
        ("Microsoft(R) Windows(R) Server 2003, Standard Edition", "5.2.3790"),
        ("Microsoftr Windows VistaT Enterprise", "6.0.6001"),
        ("Microsoftr Windows Serverr 2008 Standard", "6.0.6001"),
        ("Microsoft Windows 7 Enterprise", "6.1.7600"),
        ("Microsoft Windows 8 Pro", "6.2.9200"),
        ("Microsoft Windows 11 Pro", "10.0.30000.1"),
        ("Azure Stack HCI", "10.0.20349.1"),
        ("Windows 10 Version 1809 for HoloLens", "10.0.17763.1"),
        ("Windows Foo Bar", "10.0.19045.1"),
        ("Ubuntu 22.04", "5.15.0"),
    ],
)
def test_what_no_update_is_for_is_outside(index: ProductIndex, lines: Lines, name: str, build: str) -> None:
    """Never an empty list of missing updates: that would say that the machine is safe (semantics 3.9)."""
    found = normalise(a_report(name, build, architecture="x64"), index, lines)

    assert isinstance(found, Outside)
    assert found.machine.build == build
    assert found.reason


@pytest.mark.parametrize(
    ("name", "build", "members"),
    [
        ("Microsoft Windows 11 Pro", "10.0.19045.1", {}),
        ("Microsoft Windows 8.1 Pro", "10.0.19045.1", {}),
        ("Windows Server 2019", "10.0.14393.1", {}),
        ("Windows Server 2012", "6.3.9600", {}),
        ("Windows 10 Version 1909 for x64-based Systems", "10.0.18362.1", {}),
        ("Windows 7 Professional", "10.0.7601", {"architecture": "x64"}),
        ("Windows 10 Pro", "6.1.19045", {"architecture": "x64"}),
        ("Windows 10 Pro", "10.0.19045", {"installationType": "Server"}),
        ("Windows Server 2019", "10.0.17763", {"installationType": "Client"}),
        ("Windows 10 Version 1909 for x64-based Systems", "10.0.18363", {"architecture": "arm64"}),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(
    index: ProductIndex, lines: Lines, name: str, build: str, members: dict[str, str]
) -> None:
    """Nobody can tell which half is true, so the machine is not judged on either."""
    with pytest.raises(Invalid, match="contradicts itself") as refused:
        normalise(a_report(name, build, **members), index, lines)

    assert refused.value.where.startswith("$.os.")


def test_without_an_architecture_every_product_is_doubtful(judge: Any) -> None:  # noqa: ANN401 - as above
    """Windows 10 exists for three: what is not known is unknown, never guessed."""
    found = judge("Windows 10 Pro", "10.0.18363.719")

    assert len(found.machine.products) == 3
    assert found.machine.architecture == ""
    assert {product.doubt for product in found.evidence.products} == {NO_ARCHITECTURE}


def test_a_release_of_one_architecture_needs_none(judge: Any) -> None:  # noqa: ANN401 - as above
    """Servers since 2012 are x64 alone."""
    found = judge("Windows Server 2019 Standard", "10.0.17763")

    assert found.machine.architecture == "x64"
    assert found.evidence.products[0].doubt == ""


def test_an_unreleased_build_is_judged_by_its_list_only(judge: Any) -> None:  # noqa: ANN401 - as above
    """Its number compares with no release's, so the build proves nothing."""
    found = judge("Windows 10 Pro", "10.0.10585.11", architecture="x64")

    assert found.machine.products == ("Windows 10 for x64-based Systems",)
    assert found.evidence.level is None
    assert "never released" in found.notes[0]


def test_every_name_in_the_table_is_found_by_itself() -> None:
    """A dead row in data/os_names.toml would hide a wrong one."""
    from kbgap.inventory.os_names import _table

    for family in _table().family:
        for name in family.names:
            assert read_name(name).family == family, name


# --- how far patched ----------------------------------------------------------------------------------------------


def level(ubr: int, basis: Basis) -> Level:
    """A level of Windows 10 1909."""
    return Level(build=Build(10, 0, 18363, ubr), basis=basis)


WAITING = [{"kb": "4540673", "state": "pending"}, {"kb": "4532693"}]
COMPLETE = {"updateList": {"complete": True, "sources": ["qfe"]}}


@pytest.mark.parametrize(
    ("build", "members", "expected"),
    [
        ("10.0.18363.657", {}, level(657, Basis.REPORTED)),
        ("10.0.18363.657", {"installed": ["4551762"], **COMPLETE}, level(657, Basis.REPORTED)),
        ("10.0.18363", {"installed": ["4540673"], **COMPLETE}, level(719, Basis.DERIVED)),
        ("10.0.18363", {"installed": ["4540673"]}, level(719, Basis.FLOOR)),
        ("10.0.18363.0", {"installed": ["4540673"], **COMPLETE}, level(719, Basis.DERIVED)),
        ("10.0.18363", {"installedUpdates": WAITING, **COMPLETE}, level(657, Basis.DERIVED)),
    ],
)
def test_the_level_is_reported_or_derived(
    judge: Any,  # noqa: ANN401 - as above
    build: str,
    members: dict[str, Any],
    expected: Level,
) -> None:
    """Four parts are a report, three are not; a UBR of 0 is what programs print that do not know it."""
    assert judge("Windows 10 Pro", build, architecture="x64", **members).evidence.level == expected


def test_before_windows_10_the_build_proves_nothing(judge: Any) -> None:  # noqa: ANN401 - as above
    """Rollups of 7 to 2012 R2 are judged by the list (semantics 3.3e)."""
    assert judge("Windows Server 2012 R2", "6.3.9600.20778", architecture="x64").evidence.level is None


def test_the_track_follows_enrolment_and_list(judge: Any) -> None:  # noqa: ANN401 - as above
    """Hotpatch where the machine says so, security-only where its list shows nothing else."""
    old = ("Windows Server 2012 R2", "6.3.9600")

    assert judge("Windows Server 2022", "10.0.20348.1", hotpatch=True).evidence.track == Track.HOTPATCH
    assert judge("Windows Server 2022", "10.0.20348.1").evidence.track == Track.ROLLUP
    assert judge(*old, installed=["4012213"]).evidence.track == Track.SECURITY_ONLY
    assert judge(*old, installed=["4012213", "4012216"]).evidence.track == Track.ROLLUP


# --- which updates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "where"),
    [
        (["installed"], "installed"),
        (["pending"], "pending"),
        (["uninstalled"], "nowhere"),
        (["installed", "pending"], "pending"),
        (["pending", "installed"], "pending"),
        (["installed", "uninstalled"], "pending"),
        (["pending", "uninstalled"], "pending"),
        (["installed", "installed"], "installed"),
    ],
)
def test_what_is_reported_both_ways_is_not_installed(
    judge: Any,  # noqa: ANN401 - as above
    states: list[str],
    where: str,
) -> None:
    """A history of installing and uninstalling leaves the machine without the update."""
    found = judge(architecture="x64", installedUpdates=[{"kb": "4532693", "state": state} for state in states])

    updates = found.evidence.updates
    assert (updates.installed, updates.pending) == (
        frozenset({"4532693"}) if where == "installed" else frozenset(),
        frozenset({"4532693"}) if where == "pending" else frozenset(),
    )


@pytest.mark.parametrize(
    ("members", "complete", "history"),
    [
        ({}, False, False),
        ({"installed": ["4532693"]}, False, False),
        ({"installed": [], "updateList": {"complete": True}}, True, False),
        ({"updateList": {"complete": True}}, False, False),
        ({"installed": [], "updateList": {"complete": False, "sources": ["qfe", "History"]}}, False, True),
    ],
)
def test_a_list_proves_absence_only_when_it_says_so(
    judge: Any,  # noqa: ANN401 - as above
    members: dict[str, Any],
    complete: bool,
    history: bool,
) -> None:
    """What is absent from a report is not known; no list at all is not a complete one."""
    updates = judge(architecture="x64", **members).evidence.updates

    assert (updates.complete, updates.history) == (complete, history)


# --- which components ---------------------------------------------------------------------------------------------


def components(found: Normalised, index: ProductIndex) -> dict[str, str]:
    """Doubts by the names of the parts of Windows, without the name of the Windows."""
    products = [(index.by_id(item.product), item.doubt) for item in found.evidence.products[1:]]
    return {product.name.partition(" on ")[0]: doubt for product, doubt in products if product is not None}


def test_what_comes_with_windows_is_there(judge: Any, index: ProductIndex) -> None:  # noqa: ANN401 - as above
    """Internet Explorer, Edge, Flash and the .NET of the release, unless the report says otherwise (semantics 3.1)."""
    assert components(judge(architecture="x64"), index) == {
        "Adobe Flash Player": "",
        "Internet Explorer 11": "",
        "Microsoft .NET Framework 3.5": NOT_REPORTED,
        "Microsoft .NET Framework 3.5 AND 4.8": "",
        "Microsoft .NET Framework 4.8": "",
        "Microsoft Edge (EdgeHTML-based)": "",
    }


def test_another_internet_explorer_is_not_there(judge: Any, index: ProductIndex) -> None:  # noqa: ANN401 - as above
    """Only the newest of each Windows has been updated since 2016."""
    found = components(judge("Windows 7 Professional", "6.1.7601", architecture="x64"), index)

    assert [name for name in found if name.startswith("Internet Explorer")] == ["Internet Explorer 11"]


def test_net_versions_are_doubtful_until_the_release_key_is_known(judge: Any, index: ProductIndex) -> None:  # noqa: ANN401 - as above
    """On Windows 7 only 3.5.1 came with the system; with the key exactly the products of that version are there."""
    seven = ("Windows 7 Professional", "6.1.7601")

    unknown = components(judge(*seven, architecture="x64"), index)
    known = components(
        judge(*seven, architecture="x64", dotnet=[{"profile": "v4", "release": 461814}, {"profile": "v3.5"}]), index
    )

    assert unknown["Microsoft .NET Framework 3.5.1"] == ""
    assert unknown["Microsoft .NET Framework 4.8"] == NOT_REPORTED
    assert known["Microsoft .NET Framework 3.5.1"] == ""
    assert set(known.values()) == {""}
    assert all("4.7.2" in name for name in known if ".NET" in name and "3.5" not in name)
    assert "Microsoft .NET Framework 4.8" not in known


def test_a_net_version_that_nothing_updates_is_said(judge: Any) -> None:  # noqa: ANN401 - as above
    """.NET 4.5 on Windows 7 has had no updates for years."""
    found = judge(
        "Windows 7 Professional", "6.1.7601", architecture="x64", dotnet=[{"profile": "v4", "release": 378389}]
    )

    assert found.notes == (
        "no update of this catalogue is for .NET Framework 4.5 on Windows 7 for x64-based Systems Service Pack 1",
    )
