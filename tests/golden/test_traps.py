"""The traps in Microsoft's data (semantics, section 4) that concern Windows, Edge, Internet Explorer and .NET.

Each test is one trap with its KBs: what a naive reading makes of them, and what is true.
"""

from collections.abc import Callable
from typing import Any

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.records import Document
from kbgap.core.levels import cumulative_releases
from kbgap.core.model import ByList
from tests.golden.judged import Said, a_report, said_of

W10_1809 = "Windows 10 Version 1809 for x64-based Systems"
W10_1909 = "Windows 10 Version 1909 for x64-based Systems"
W10_20H2 = "Windows 10 Version 20H2 for x64-based Systems"
W10_21H2 = "Windows 10 Version 21H2 for x64-based Systems"
W10_22H2 = "Windows 10 Version 22H2 for x64-based Systems"
W11_21H2 = "Windows 11 Version 21H2 for x64-based Systems"
W11_22H2 = "Windows 11 Version 22H2 for x64-based Systems"
W11_24H2 = "Windows 11 Version 24H2 for x64-based Systems"
W11_25H2 = "Windows 11 Version 25H2 for x64-based Systems"
SERVER_2012_R2 = "Windows Server 2012 R2"
SERVER_2016 = "Windows Server 2016"
SERVER_2019 = "Windows Server 2019"
SERVER_2022 = "Windows Server 2022"
SERVER_2025 = "Windows Server 2025"

Ask = Callable[..., Said]


@pytest.fixture
def ask(real_catalogue: CatalogueFile) -> Ask:
    """What is said of a machine: name, build and its listed KBs; ``day`` looks back, the rest is as in a report."""

    def asked(name: str, build: str, *kbs: str, day: str | None = None, **more: Any) -> Said:  # noqa: ANN401 - JSON
        said = said_of(a_report(name, build, kbs, **more), real_catalogue, day)
        assert isinstance(said, Said)
        return said

    return asked


def newest(catalogue: CatalogueFile, line: str) -> str:
    """The build of the newest update of a line."""
    return str(max(release.build for release in cumulative_releases(catalogue.lines[line]) if release.build))


# --- chains --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "line", "kb"),
    [
        (SERVER_2019, "17763", "5075904"),
        (SERVER_2016, "14393", "5075999"),
        (SERVER_2025, "server 26100", "5094125"),
    ],
)
def test_a_chain_broken_by_an_empty_supercedence(
    ask: Ask, real_catalogue: CatalogueFile, name: str, line: str, kb: str
) -> None:
    """These KBs name no predecessor; a fully patched Server 2016 would miss 113 of 118 cumulative updates."""
    said = ask(name, newest(real_catalogue, line), complete=False)

    assert said.missing == frozenset()
    assert kb in {update.kb for update in said.fixes[said.windows].updates}


def test_nothing_of_windows_is_left_on_a_patched_machine_but_what_leaves_no_trace(
    ask: Ask, real_catalogue: CatalogueFile
) -> None:
    """Secure Boot lists, servicing stacks and setup updates of old can only be proved by a complete history (3.8)."""
    traceless = {"5012170", "4465659", "4465664", "4519335", "4519337", "4558997", "4565912"}
    for name, line in ((SERVER_2016, "14393"), (SERVER_2019, "17763"), (SERVER_2025, "server 26100")):
        said = ask(name, newest(real_catalogue, line), complete=False)
        of_windows = {finding.kb for finding in said.findings[said.software] if finding.kb in said.unknown}

        assert of_windows <= traceless, name


def test_a_preview_newer_than_the_security_update(ask: Ask) -> None:
    """4541335 at 18363.752 is absent from CVRF; 4540673 and 4551762 would be reported beside it."""
    said = ask(W10_1909, "10.0.18363.752", "4541335", complete=False, day="2020-03-31")

    assert said.missing == frozenset()


def test_a_preview_older_than_the_security_update(ask: Ask) -> None:
    """4535996 at 18363.693 came before 4540673, which is still missing."""
    said = ask(W10_1909, "10.0.18363.693", "4535996", complete=False, day="2020-03-31")

    assert "4540673" in said.missing


def test_an_out_of_band_update_is_missing_by_itself(ask: Ask) -> None:
    """4551762 followed 4540673 after two days, and 4549951 supersedes only 4540673."""
    march = ask(W10_1909, "10.0.18363.719", "4540673", complete=False, day="2020-03-31")
    april = ask(W10_1909, "10.0.18363.778", "4549951", complete=False, day="2020-04-30")

    assert march.missing == {"4551762"}
    assert march.open_cves == {"CVE-2020-0796"}
    assert april.missing == frozenset()


@pytest.mark.parametrize(
    ("name", "below", "at", "kb", "day"),
    [
        (SERVER_2025, "10.0.26100.6899", "10.0.26100.6905", "5070881", "2025-10-31"),
        (SERVER_2022, "10.0.20348.4294", "10.0.20348.4297", "5070884", "2025-10-31"),
        (W10_20H2, "10.0.19042.1081", "10.0.19042.1083", "5004945", "2021-07-31"),
    ],
)
def test_out_of_band_updates_count_from_their_build(
    ask: Ask, name: str, below: str, at: str, kb: str, day: str
) -> None:
    """5070881 and 5070884 of October 2025, 5004945 of July 2021: between two months, and contained in the next."""
    assert kb in ask(name, below, complete=False, day=day).missing
    assert kb not in ask(name, at, complete=False, day=day).missing


# --- builds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "build", "kb"), [(W11_22H2, "10.0.22621.963", "5021255"), (SERVER_2022, "10.0.20348.768", "5014678")]
)
def test_a_fixed_build_that_is_too_high(ask: Ask, name: str, build: str, kb: str) -> None:
    """5021255 says 22621.993 and brings 963, 5014678 says 20348.770 and brings 768: reported for ever otherwise."""
    assert kb not in ask(name, build, kb, complete=False).missing


@pytest.mark.parametrize(
    ("name", "below", "at", "kb"),
    [
        (SERVER_2022, "10.0.20348.3328", "10.0.20348.3453", "5055526"),
        (W11_21H2, "10.0.22000.1516", "10.0.22000.1574", "5022836"),
        (W11_24H2, "10.0.26100.4349", "10.0.26100.4652", "5062553"),
    ],
)
def test_a_fixed_build_that_is_too_low_or_of_another_line(ask: Ask, name: str, below: str, at: str, kb: str) -> None:
    """5055526 says 20348.3328, 5022836 carries 22621.1574 for 22000, 5062553 once 0.0.26200.4652."""
    assert kb in ask(name, below, complete=False).missing
    assert kb not in ask(name, at, complete=False).missing


@pytest.mark.parametrize(
    ("name", "build", "kb"), [(W11_24H2, "10.0.26100.1742", "5055528"), (SERVER_2025, "10.0.26100.1742", "5094126")]
)
def test_a_kb_listed_for_a_wrong_product(ask: Ask, name: str, build: str, kb: str) -> None:
    """5055528 is for 22H2 and 23H2, 5094126 for clients: nobody else can install them."""
    said = ask(name, build, complete=False)

    assert kb not in said.missing | said.unknown
    assert said.missing


def test_one_build_number_on_two_lines(ask: Ask) -> None:
    """26100 counts to 8655 on clients and to 32995 on servers in June 2026: each by its own numbers."""
    server = ask(SERVER_2025, "10.0.26100.7462", complete=False)
    patched_server = ask(SERVER_2025, "10.0.26100.32995", complete=False)
    client = ask(W11_24H2, "10.0.26100.8655", complete=False)

    assert "5094125" in server.missing
    assert "5094126" not in server.missing
    assert patched_server.missing == client.missing == frozenset()


@pytest.mark.parametrize(
    ("name", "below", "at", "kb"),
    [
        (W11_24H2, "10.0.26100.8457", "10.0.26100.8655", "5094126"),
        (W11_25H2, "10.0.26200.8457", "10.0.26200.8655", "5094126"),
        (W10_21H2, "10.0.19044.3448", "10.0.19044.3570", "5031356"),
        (W10_22H2, "10.0.19045.3448", "10.0.19045.3570", "5031356"),
    ],
)
def test_one_kb_with_several_builds(ask: Ask, name: str, below: str, at: str, kb: str) -> None:
    """5094126 is for 26100 and 26200, 5031356 for 19044 and 19045, though CVRF says 19041 too."""
    assert kb in ask(name, below, complete=False).missing
    assert kb not in ask(name, at, complete=False).missing


# --- tracks --------------------------------------------------------------------------------------------------------


def test_a_hotpatch_closes_what_the_cumulative_update_closes(ask: Ask) -> None:
    """5064010 at 26100.4851 closes the CVEs of 5063878 at 4946: 61 would be false."""
    said = ask(W11_24H2, "10.0.26100.4851", "5064010", hotpatch=True, complete=False, day="2025-08-31")

    assert said.missing == frozenset()
    assert said.open_cves == frozenset()


def test_hotpatches_are_for_enrolled_machines_only(ask: Ask) -> None:
    """One of 5064010 and 5063878 is missing, by what the machine follows."""
    enrolled = ask(W11_24H2, "10.0.26100.4652", hotpatch=True, complete=False, day="2025-08-31")
    ordinary = ask(W11_24H2, "10.0.26100.4652", complete=False, day="2025-08-31")

    assert enrolled.missing == {"5064010"}
    assert ordinary.missing == {"5063878"}


def test_what_a_hotpatch_leaves_open(ask: Ask) -> None:
    """5072014 leaves CVE-2025-54100, which 5072033 or the standalone 5074204 closes: losing it would be wrong too."""
    machine = W11_24H2, "10.0.26100.7392"
    hotpatched = ask(*machine, "5072014", hotpatch=True, day="2025-12-31")
    both = ask(*machine, "5072014", "5074204", hotpatch=True, day="2025-12-31")
    ordinary = ask(W11_24H2, "10.0.26100.7171", complete=False, day="2025-12-31")

    assert hotpatched.missing_for_windows == {"5074204"}
    assert "CVE-2025-54100" in hotpatched.open_cves
    assert both.missing_for_windows == frozenset()
    assert ordinary.missing == {"5072033"}


def test_rollup_and_security_only_update_are_one_or_the_other(ask: Ask) -> None:
    """4012216 or 4012213 closes March 2017 on Server 2012 R2; naming both leaves one missing for ever."""
    rollup = ask(SERVER_2012_R2, "6.3.9600", "4012216", day="2017-03-31")
    alone = ask(SERVER_2012_R2, "6.3.9600", "4012213", day="2017-03-31")
    neither = ask(SERVER_2012_R2, "6.3.9600", day="2017-03-31")

    assert {"4012216", "4012213"}.isdisjoint(rollup.missing | alone.missing)
    assert "4012216" in neither.missing
    assert "4012213" not in neither.missing


def test_the_cumulative_update_of_internet_explorer_beside_a_rollup(ask: Ask) -> None:
    """Whoever follows the rollups is not told to install 5066840 beside 5066873, with or without that rollup."""
    patched = ask(SERVER_2012_R2, "6.3.9600", "5066873", day="2025-10-31")
    open_ = ask(SERVER_2012_R2, "6.3.9600", day="2025-10-31")

    assert "5066840" not in patched.missing | open_.missing
    assert "5066873" in open_.missing


def test_a_parallel_update_that_no_row_joins_with_its_rollup(ask: Ask, real_catalogue: CatalogueFile) -> None:
    """CVE-2018-8653 names only 4483187 of December 2018 for Internet Explorer, which all later rollups contain."""
    rollups = [release.kb for release in real_catalogue.lines["9600"].releases if release.kind == "rollup"]
    said = ask(SERVER_2012_R2, "6.3.9600", *rollups)

    assert {"4483187", "5020010", "5022346"}.isdisjoint(said.missing)
    assert said.verdict("4483187", "internet_explorer") == "covered"


# --- .NET ----------------------------------------------------------------------------------------------------------


def test_the_child_of_a_dotnet_parent(ask: Ask) -> None:
    """5066741 is 5066140 for 4.8 and 5066151 for 3.5: the child proves its own version, and no other."""
    only_48: list[dict[str, Any]] = [{"profile": "v4", "release": 528049}]
    with_35: list[dict[str, Any]] = [*only_48, {"profile": "v3.5"}]

    def missing(*kbs: str, dotnet: list[dict[str, Any]]) -> bool:
        return "5066741" in ask(SERVER_2012_R2, "6.3.9600", *kbs, dotnet=dotnet, day="2025-10-31").missing

    assert not missing("5066140", dotnet=only_48)
    assert missing("5066151", dotnet=only_48)
    assert missing("5066140", dotnet=with_35)
    assert not missing("5066140", "5066151", dotnet=with_35)


@pytest.mark.parametrize(
    ("name", "line", "kb", "release"),
    [
        (W10_22H2, "19045", "5087064", 528372),
        (SERVER_2019, "17763", "5087061", 461814),
        (SERVER_2012_R2, "9600", "5087063", 461814),
    ],
)
def test_one_dotnet_with_several_names(
    ask: Ask, real_catalogue: CatalogueFile, name: str, line: str, kb: str, release: int
) -> None:
    """Its updates are for "4.8" in one month and for "3.5 AND 4.8" in another; the list shows the newest one only."""
    build = newest(real_catalogue, line) if real_catalogue.lines[line].cumulative else "6.3.9600"
    dotnet = [{"profile": "v4", "release": release}]

    said = ask(name, build, kb, dotnet=dotnet)

    assert len([item for item in said.evidence.products if item.software == ".net_framework"]) > 1
    assert said.missing_for(".net_framework") == frozenset()


def test_a_link_that_names_an_older_child_proves_nothing(real_catalogue: CatalogueFile) -> None:
    """5066742 of October 2025 links 5040673 of July 2024: whoever has only that one lacks the fixes of October."""
    children = {
        update.kb: update.proof.children
        for published in real_catalogue.all_fixes()
        for update in published.updates
        if isinstance(update.proof, ByList) and "5040673" in update.proof.children
    }

    assert set(children) == {"5041024"}


def test_dotnet_inside_the_update_of_windows(ask: Ask) -> None:
    """5066836 is also the fix of .NET 4.7.2 on Server 2016, and counts for both."""
    machine = SERVER_2016, "10.0.14393.8422"
    dotnet = [{"profile": "v4", "release": 461814}]
    said = ask(*machine, dotnet=dotnet, complete=False, day="2025-10-31")

    assert "5066836" in said.missing_for(".net_framework")
    assert "5066836" in said.missing_for_windows


# --- what is no fix ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kb", "count"), [("5020880", 1), ("4520007", 25)])
def test_a_known_issue_is_no_fix(real_catalogue: CatalogueFile, kb: str, count: int) -> None:
    """5020880 hangs on 19 Windows CVEs as a known issue and closes one of .NET; 4520007 closes 25, not 27."""
    software = real_catalogue.update(kb).software

    assert len({cve for cves in software.values() for cve in cves}) == count


def test_an_advisory_counts_for_nothing(ask: Ask, real_catalogue: CatalogueFile) -> None:
    """4497932 has only ADV190012 and is no row; 5012170 has four CVEs beside its advisory."""
    said = ask(W10_1809, "10.0.17763.1", day="2019-05-31")

    assert "4497932" not in said.missing | said.unknown
    assert real_catalogue.update("4497932").software == {}
    assert {len(cves) for cves in real_catalogue.update("5012170").software.values()} == {3, 4}


def test_an_old_servicing_stack_leaves_no_trace(ask: Ask) -> None:
    """4465664 is part of no cumulative update: without a history nothing is known of it, on a patched machine too."""
    said = ask(W10_1809, "10.0.17763.8880", complete=False)

    assert "4465664" in said.unknown
    assert "4465664" not in said.missing


@pytest.mark.parametrize(
    ("name", "build", "kb"), [(SERVER_2016, "10.0.14393.7336", "5043124"), (W11_24H2, "10.0.26100.2314", "5047621")]
)
def test_a_servicing_stack_inside_later_updates(ask: Ask, name: str, build: str, kb: str) -> None:
    """5043124 and 5047621 carry an operating-system build that the next cumulative update reaches."""
    said = ask(name, build, complete=False)

    assert said.verdict(kb, said.software) in {"covered", "installed"}


def test_the_build_of_a_recovery_image_is_not_that_of_windows(ask: Ask) -> None:
    """5042320 says 10.0.19041.3920; every later Windows would pass, though nobody knows."""
    said = ask(W10_22H2, "10.0.19045.5011", complete=False)

    assert "5042320" in said.unknown


def test_a_retracted_entry_fixes_nothing(real_documents: tuple[Document, ...]) -> None:
    """Entries that were rejected or withdrawn name no KB, so none is counted."""
    retracted = [
        entry for document in real_documents for entry in document.entries if entry.title.startswith("Rejected reason")
    ]

    assert len(retracted) >= 40
    assert all(not entry.remedies for entry in retracted)


def test_edge_on_chromium_has_no_kb(ask: Ask, real_catalogue: CatalogueFile) -> None:
    """Its fixes are versions: a row without a KB would be nonsense."""
    named = {update.kb for update in real_catalogue.updates() if "edge_chromium-based" in update.software}

    assert named == set()
    assert "edge_chromium-based" not in ask(W11_24H2, "10.0.26100.1742", complete=False).findings
