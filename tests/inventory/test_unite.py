"""The files of one machine become one report, whatever their order, and contradictions are said."""

import itertools
from pathlib import Path

from msgspec.structs import replace as changed

from kbgap.core.errors import Invalid
from kbgap.inventory.partial import ListedKbs, Partial
from kbgap.inventory.report import ReportedList
from kbgap.inventory.unite import Piece, Read, unite

WINDOWS = Partial(format="systeminfo", os_name="Microsoft Windows 10 Pro", build="10.0.19045", architecture="x64")


def a_list(*kbs: str, complete: bool = True, doubt: str = "", source: str = "qfe") -> ListedKbs:
    """A list of updates in one file."""
    return ListedKbs(kbs=kbs, complete=complete, source=source, doubt=doubt)


def outcomes(*files: tuple[str, Partial]) -> list[Read | Invalid]:
    """What the files come to, in this order."""
    return [found for _, found in unite(Piece(position=at, path=path, partial=p) for at, (path, p) in enumerate(files))]


def one(*files: tuple[str, Partial]) -> Read:
    """The one machine that the files describe."""
    [found] = outcomes(*files)
    assert isinstance(found, Read), found
    return found


def kbs(read: Read) -> list[str]:
    """What the machine lists."""
    return [update.kb for update in read.report.installed_updates or ()]


def test_one_stem_in_one_folder_is_one_machine() -> None:
    """A list of wmic names no machine, so its file does."""
    lists = [
        Partial(format="wmic qfe", updates=a_list("5021088")),
        Partial(format="Get-HotFix", updates=a_list("5012170")),
    ]

    read = one(("a/ws-17_systeminfo.txt", WINDOWS), ("a/WS-17_qfe.txt.gz", lists[0]), ("a/ws-17_hotfix.txt", lists[1]))

    assert (read.where, read.report.os.build) == ("a/ws-17_systeminfo.txt", "10.0.19045")
    assert (kbs(read), read.report.update_list) == (
        ["5012170", "5021088"],
        ReportedList(complete=True, sources=("qfe",)),
    )


def test_one_name_inside_is_one_machine() -> None:
    """Whatever the files are called and wherever they lie; host names are case-blind."""
    named = changed(WINDOWS, host="WS-17")
    listed = Partial(format="wmic qfe", host="ws-17", updates=a_list("5021088"))

    read = one(("a/first_systeminfo.txt", named), ("b/second_qfe.txt", listed))

    assert read.report.computer_dns_name in {"WS-17", "ws-17"}
    assert kbs(read) == ["5021088"]


def test_two_states_of_one_machine_that_are_named_apart_stay_apart() -> None:
    """The union of an old and a new list would call what was uninstalled installed."""
    old, new = (changed(WINDOWS, host="WS-17", updates=a_list(kb)) for kb in ("5012170", "5021088"))
    listed = Partial(format="wmic qfe", host="WS-17", updates=a_list("5022834"))

    first, second = outcomes(("may_systeminfo.txt", old), ("june_systeminfo.txt", new), ("june_qfe.txt", listed))

    assert isinstance(first, Read)
    assert isinstance(second, Read)
    assert (kbs(first), kbs(second)) == (["5012170"], ["5021088", "5022834"])


def test_other_machines_are_not_drawn_in() -> None:
    """Another stem, another folder, or no stem at all is another machine, in the order of the first files."""
    found = outcomes(
        ("a/ws-1_systeminfo.txt", WINDOWS),
        ("a/ws-2_systeminfo.txt", WINDOWS),
        ("b/ws-1_systeminfo.txt", WINDOWS),
        ("a/systeminfo.txt", WINDOWS),
    )

    assert [item.where for item in found] == [
        "a/ws-1_systeminfo.txt",
        "a/ws-2_systeminfo.txt",
        "b/ws-1_systeminfo.txt",
        "a/systeminfo.txt",
    ]


def test_a_complete_list_makes_the_union_complete() -> None:
    """What systeminfo cut, wmic has; the doubt is then none."""
    cut = changed(WINDOWS, updates=a_list("5012170", complete=False, doubt="cut"))
    whole = Partial(format="wmic qfe", updates=a_list("5012170", "5021088"))

    read = one(("ws_systeminfo.txt", cut), ("ws_qfe.txt", whole))

    assert (kbs(read), read.notes) == (["5012170", "5021088"], ())
    assert read.report.update_list == ReportedList(complete=True, sources=("qfe",))


def test_a_union_of_cut_lists_is_incomplete_and_says_why() -> None:
    """Two halves may still leave a gap."""
    cut = changed(WINDOWS, updates=a_list("5012170", complete=False, doubt="systeminfo cut its list"))
    packages = Partial(format="Get-Package", updates=a_list("5021088", complete=False, source="packages"))

    read = one(("ws_systeminfo.txt", cut), ("ws_updates.txt", packages))

    assert read.report.update_list == ReportedList(complete=False, sources=("packages", "qfe"))
    assert read.notes == ("systeminfo cut its list",)


def test_without_any_list_nothing_is_said_of_updates() -> None:
    """Registry values have none: that is not an empty list."""
    read = one(("ws.txt", WINDOWS))

    assert (read.report.installed_updates, read.report.update_list) == (None, None)


def test_what_windows_update_misses_stays_a_note() -> None:
    """It is kept apart from what is installed, and said."""
    missing = Partial(format="Windows Update missing list", notes=("set aside",))

    read = one(("ws_systeminfo.txt", WINDOWS), ("ws_updates.txt", missing))

    assert (read.report.installed_updates, read.notes) == (None, ("ws_updates.txt: set aside",))


def test_the_ubr_of_one_file_completes_the_build_of_another() -> None:
    """Only the registry has it, and only systeminfo is right about Windows 11."""
    registry = Partial(format="registry values", os_name="Windows 10 Pro", build="10.0.22631.2428", version="23H2")
    system = changed(WINDOWS, os_name="Microsoft Windows 11 Pro", build="10.0.22631")

    read = one(("ws_updates.txt", registry), ("ws_systeminfo.txt", system))

    assert (read.report.os.build, read.report.os.version) == ("10.0.22631.2428", "23H2")
    assert read.report.os.name == "Microsoft Windows 11 Pro"


def test_contradictions_are_said_and_the_other_machines_kept() -> None:
    """Two builds, architectures or machines in one unit cannot both be true; both files are named."""
    other = {
        "builds": changed(WINDOWS, build="10.0.17763"),
        "UBRs": changed(WINDOWS, build="10.0.19045.1"),
        "architectures": changed(WINDOWS, architecture="arm64"),
        "installation types": changed(WINDOWS, installation_type="Server"),
        "machines": changed(WINDOWS, host="WS-18"),
    }
    first = changed(WINDOWS, build="10.0.19045.2", installation_type="Client", host="WS-17")
    for what, second in other.items():
        start = changed(first, build="10.0.19045") if what == "builds" else first
        found = outcomes(("ws_systeminfo.txt", start), ("ws_computerinfo.txt", second), ("other.txt", WINDOWS))

        assert isinstance(found[0], Invalid), what
        assert "ws_systeminfo.txt" in str(found[0]), what
        assert "ws_computerinfo.txt" in str(found[0]), what
        assert isinstance(found[1], Read), what


def test_a_short_and_a_cut_name_are_no_contradiction() -> None:
    """NetBIOS cuts names at 15 letters, DNS adds a domain."""
    names = ("A-VERY-LONG-MACHINE-NAME.example.org", "A-VERY-LONG-MAC")

    read = one(
        *(
            (f"ws_{kind}.txt", changed(WINDOWS, host=name))
            for kind, name in zip(("qfe", "systeminfo"), names, strict=True)
        )
    )

    assert read.report.computer_dns_name == names[0]


def test_a_list_alone_asks_for_the_system() -> None:
    """Nobody can say what a list is worth without knowing which Windows it is of."""
    [found] = outcomes(("ws_qfe.txt", Partial(format="wmic qfe", updates=a_list("5021088"))))

    assert isinstance(found, Invalid)
    assert "which Windows" in str(found)
    assert "systeminfo" in found.mend


def test_values_that_no_report_can_hold_are_errors_of_their_file() -> None:
    """A file may hold anything; what leaves here is a valid report."""
    [found] = outcomes(("ws.txt", changed(WINDOWS, os_name="Windows " * 99)))

    assert isinstance(found, Invalid)
    assert found.where == "ws.txt"


def test_an_unknown_installation_type_is_set_aside_and_said() -> None:
    """Nano Server and the preinstallation environment are not judged as something else."""
    read = one(("ws.txt", changed(WINDOWS, installation_type="Nano Server")))

    assert read.report.os.installation_type is None
    assert "Nano Server" in read.notes[0]


def test_the_order_of_the_files_does_not_matter() -> None:
    """Every order gives the same report."""
    files = [
        ("ws_systeminfo.txt", changed(WINDOWS, host="WS-17", updates=a_list("5012170", complete=False, doubt="cut"))),
        ("ws_qfe.txt", Partial(format="wmic qfe", host="ws-17", updates=a_list("5021088"))),
        ("x.txt", Partial(format="registry values", host="WS-17", os_name="Windows 10 Pro", build="10.0.19045.2")),
        (
            str(Path("b") / "y.txt"),
            Partial(format="Get-Package", host="ws-17", updates=a_list("5022834", complete=False)),
        ),
    ]

    reports = [one(*order).report for order in itertools.permutations(files)]

    assert all(report == reports[0] for report in reports)
    assert kbs(one(*files)) == ["5012170", "5021088", "5022834"]
