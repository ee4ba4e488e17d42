"""The lists of updates and the descriptions that Windows' other commands print."""

import json
from pathlib import Path

import pytest

from kbgap.core.errors import Invalid
from kbgap.inventory.formats import read_text
from kbgap.inventory.partial import ListedKbs, Partial
from kbgap.inventory.text import decode_text

WMIC_TABLE = """\
Caption                                     CSName  Description      FixComments  HotFixID   InstalledOn
http://support.microsoft.com/?kbid=5021088  WS-17   Update                        KB5021088  12/15/2022
http://support.microsoft.com/?kbid=5012170  WS-17   Security Update               KB5012170  12/16/2022
"""
WMIC_LIST = """\


Caption=http://support.microsoft.com/?kbid=5021088
CSName=WS-17
Description=Update
HotFixID=KB5021088
ServicePackInEffect=


Caption=
CSName=WS-17
Description=Security Update
HotFixID=KB5012170
ServicePackInEffect=


"""
WMIC_CSV = """\

Node,Caption,CSName,Description,FixComments,HotFixID,InstallDate
WS-17,http://support.microsoft.com/?kbid=5021088,WS-17,Update,,KB5021088,
WS-17,http://support.microsoft.com/?kbid=5012170,WS-17,Security Update,,KB5012170,
"""
HOTFIX_TABLE = """\

Source        Description      HotFixID      InstalledBy          InstalledOn
------        -----------      --------      -----------          -----------
WS-17         Update           KB5021088     NT AUTHORITY\\SYSTEM  12/15/2022 12:00:00 AM
WS-17         Security Update  KB5012170     NT AUTHORITY\\SYSTEM  12/16/2022 12:00:00 AM


"""
HOTFIX_LIST = """\


Source              : WS-17
Description         : Update
HotFixID            : KB5021088
InstalledOn         : 12/15/2022 12:00:00 AM

Source              : WS-17
Description         : セキュリティ更新プログラム
HotFixID            : KB5012170
InstalledOn         : 12/16/2022 12:00:00 AM

"""
LISTS = {
    "wmic table": (WMIC_TABLE, "wmic qfe"),
    "wmic list": (WMIC_LIST, "wmic qfe"),
    "wmic csv": (WMIC_CSV, "wmic qfe"),
    "hotfix table": (HOTFIX_TABLE, "Get-HotFix"),
    "hotfix list": (HOTFIX_LIST, "Get-HotFix"),
}
COMPUTER_INFO = """\

WindowsBuildLabEx                                       : 22621.1.amd64fre.ni_release.220506-1250
WindowsEditionId                                        : Professional
WindowsInstallationType                                 : Client
WindowsProductName                                      : Windows 10 Pro
WindowsVersion                                          : 2009
CsDNSHostName                                           : WS-17
CsSystemType                                            : x64-based PC
OsName                                                  : Microsoft Windows 11 Pro
OsVersion                                               : 10.0.22621
OSDisplayVersion                                        : 22H2
OsHotFixes                                              : {KB5021088, KB5012170,
                                                          KB5022834}
WindowsUBR                                              : 1265
"""
REG_QUERY = """\

HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion
    CurrentBuildNumber    REG_SZ    17763
    CurrentMajorVersionNumber    REG_DWORD    0xa
    CurrentMinorVersionNumber    REG_DWORD    0x0
    CurrentVersion    REG_SZ    6.3
    InstallationType    REG_SZ    Server Core
    ProductName    REG_SZ    Windows Server 2019 Datacenter
    ReleaseId    REG_SZ    1809
    UBR    REG_DWORD    0x7ed
"""


def updates(partial: Partial) -> ListedKbs:
    """The list, which is there."""
    assert partial.updates is not None
    return partial.updates


@pytest.mark.parametrize(("text", "format"), LISTS.values(), ids=LISTS)
def test_a_list_gives_its_kbs_and_its_machine(text: str, format: str) -> None:
    """Column names are names of properties, the same in every language."""
    partial = read_text(text, "x.txt")

    assert (partial.format, partial.host) == (format, "WS-17")
    assert (updates(partial).kbs, updates(partial).complete) == (("5021088", "5012170"), True)


@pytest.mark.parametrize(("text", "format"), LISTS.values(), ids=LISTS)
def test_a_list_cut_inside_a_kb_does_not_give_another_kb(text: str, format: str) -> None:
    """KB5012170 cut to KB501217 is another number: it is not read, and the list proves nothing more."""
    cut = text[: text.rindex("KB5012170") + len("KB501217")]

    found = updates(read_text(cut, "x.txt"))

    assert (found.kbs, found.complete) == (("5021088",), False)
    assert "ends inside" in found.doubt


def test_a_selection_of_columns_is_enough() -> None:
    """Many people ask for the numbers alone."""
    assert updates(read_text("HotFixID\nKB5021088\nKB5012170\n", "x.txt")).kbs == ("5021088", "5012170")
    assert updates(read_text("HotFixID\n--------\nKB5021088\n", "x.txt")).kbs == ("5021088",)


def test_the_files_of_an_update_name_it_in_another_column() -> None:
    """Windows XP lists files of an update, with the update as service pack in effect."""
    text = "CSName=XP\nHotFixID=File 1\nServicePackInEffect=KB893803v2\n"

    assert updates(read_text(text, "x.txt")).kbs == ("893803",)


def test_an_empty_list_is_told_by_its_file_and_proves_nothing() -> None:
    """A command that failed writes the same, so nobody is called unpatched for it."""
    found = updates(read_text("\n", "ws-17_qfe.txt"))

    assert (found.kbs, found.complete) == ((), False)
    with pytest.raises(Invalid, match="nothing in it"):
        read_text("\n", "ws-17.txt")


def test_captured_lists_read_as_their_machines_said(shared_data: Path) -> None:
    """What wmic printed on real machines is read without a single difference."""
    folder = shared_data / "systeminfo"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))["files"]
    lists = {name: facts for name, facts in expected.items() if facts["kind"] == "wmic_qfe"}

    for name, facts in lists.items():
        text, encoding = decode_text((folder / name).read_bytes())
        partial = read_text(text, name)

        assert partial.format == "wmic qfe", name
        assert encoding == facts["encoding"], name
        assert sorted(updates(partial).kbs) == sorted(facts["installed_kbs"]), name
    assert len(lists) == 7


def test_what_windows_update_calls_missing_is_never_called_installed(shared_data: Path) -> None:
    """Taken for an installed list it would turn every verdict round."""
    folder = shared_data / "systeminfo"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))["files"]

    for name in (name for name, facts in expected.items() if facts["kind"] == "wua_missing_list"):
        partial = read_text(decode_text((folder / name).read_bytes()).text, name)

        assert (partial.format, partial.updates) == ("Windows Update missing list", None)
        assert "not what is installed" in partial.notes[0]


def test_computer_info_gives_system_and_updates() -> None:
    """OsName is right on Windows 11, where WindowsProductName is not; values may go over several lines."""
    assert read_text(COMPUTER_INFO, "x.txt") == Partial(
        format="Get-ComputerInfo",
        host="WS-17",
        os_name="Microsoft Windows 11 Pro",
        version="22H2",
        build="10.0.22621.1265",
        edition="Professional",
        architecture="x64",
        installation_type="Client",
        updates=ListedKbs(kbs=("5021088", "5012170", "5022834"), complete=True, source="qfe", listed=3),
    )


@pytest.mark.parametrize("listed", ["{KB5021088, KB5012170...}", "{KB5021088, KB5012170…}", "{KB5021088, KB501"])
def test_a_list_that_powershell_cut_is_incomplete(listed: str) -> None:
    """It prints four entries and then dots, unless it is told otherwise."""
    found = updates(read_text(f"OsVersion : 10.0.22621\nOsHotFixes : {listed}\n", "x.txt"))

    assert not found.complete
    assert "Get-HotFix" in found.doubt


def test_the_build_lab_names_the_architecture_too() -> None:
    """A selection of properties may leave the system type out."""
    text = "WindowsBuildLabEx : 22621.1.arm64fre.ni_release.220506-1250\nOsVersion : 10.0.22621\n"

    assert read_text(text, "x.txt").architecture == "arm64"


def test_registry_values_give_the_ubr() -> None:
    """The values are hexadecimal as reg query prints them, and 6.3 is not the version."""
    assert read_text(REG_QUERY, "x.txt") == Partial(
        format="registry values",
        os_name="Windows Server 2019 Datacenter",
        version="1809",
        build="10.0.17763.2029",
        installation_type="Server Core",
    )


def test_a_bare_list_needs_a_word_that_it_is_of_installed_updates() -> None:
    """Search results of Windows Update look the same and mean the reverse."""
    text = "5012170\nKB5021233, 5021088\n"

    with pytest.raises(Invalid, match="installed or missing"):
        read_text(text, "x.txt")
    found = updates(read_text(text, "x.txt", installed_list=True))

    assert (found.kbs, found.complete) == (("5012170", "5021233", "5021088"), False)


def test_an_unknown_text_names_the_known_formats() -> None:
    """People learn what they could send instead."""
    with pytest.raises(Invalid, match="no known format") as refused:
        read_text("Dear administrator,\nall is well.\n", "x.txt")

    for name in ("systeminfo", "wmic qfe", "Get-HotFix", "Get-ComputerInfo"):
        assert name in refused.value.mend


HOSTILE = {
    "line breaks": "\n" * 300_000,
    "carriage returns": "\r" * 300_000,
    "continued values": "OsVersion : 1\n" + " x\n" * 100_000,
    "columns": "HotFixID " * 30_000,
    "dashes": "HotFixID\n" + "-" * 300_000 + "x",
    "quotes": '"' * 300_000,
    "builds": "a: 10.0.19045 " + "19045 " * 50_000 + "x",
    "entries": "a: 10.0.19045 N/A 19045\nb: 5\n" + " [1]: KB5012117\n" * 20_000,
    "accents": "é" * 300_000,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_take_time_in_proportion_to_their_size(text: str) -> None:
    """A few hundred kilobytes never keep a server busy: patterns that look back and forth would take minutes."""
    try:
        partial: Partial | Invalid = read_text(decode_text(text.encode("cp850")).text, "ws_qfe.txt")
    except Invalid as error:
        partial = error

    assert isinstance(partial, Partial | Invalid)
