"""The name that a Windows gives itself tells its family, in any language and with any mark."""

import pytest

from kbgap.inventory.os_names import NameMarks, api_words, fold_name, read_name


def marks(name: str) -> NameMarks:
    """What a name says."""
    return read_name(name)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Microsoft Windows 10 Pro", "windows 10"),
        ("Майкрософт Windows 10 Pro", "windows 10"),
        ("Microsoft Windows 10 专业版", "windows 10"),
        ("Microsoft Windows\xa011 Famille", "windows 11"),
        ("Windows 10 Enterprise LTSC 2019", "windows 10"),
        ("Microsoft Windows 7 Édition Familiale Premium", "windows 7"),
        ("Windows® 7 Ultimate", "windows 7"),
        ("Microsoft Windows 8.1 Enterprise", "windows 8.1"),
        ("Microsoft Windows 8 Pro", "windows 8"),
        ("Microsoftr Windows VistaT Enterprise", "windows vista"),
        ("Microsoft® Windows Vista™ Business", "windows vista"),
        ("Microsoftr Windows Serverr 2008 Standard", "windows server 2008"),
        ("Microsoft® Windows Server® 2008 Datacenter", "windows server 2008"),
        ("Microsoftｮ Windows Serverｮ 2008 Standard", "windows server 2008"),
        ("Microsoft Windows Server 2008 R2 Enterprise", "windows server 2008 r2"),
        ("Microsoft Windows Server 2012 Standard", "windows server 2012"),
        ("Microsoft Windows Server 2012 R2 Standard", "windows server 2012 r2"),
        ("Microsoft Windows Server 2016 Standard Evaluation", "windows server 2016"),
        ("Microsoft Hyper-V Server 2019", "windows server 2019"),
        ("Windows Storage Server 2016 Standard", "windows server 2016"),
        ("Microsoft Windows Server 2022 Datacenter: Azure Edition", "windows server 2022"),
        ("Microsoft Windows Server Datacenter", "windows server"),
        ("Windows Server, version 1909 (Server Core installation)", "windows server"),
        ("Microsoft Windows XP Professional", "azure stack hci"),
        ("Microsoft(R) Windows(R) Server 2003, Standard Edition", "azure stack hci"),
        ("Azure Stack HCI", "azure stack hci"),
    ],
)
def test_a_name_tells_its_family(name: str, family: str) -> None:
    """Makers, marks, editions and languages fall away; of two names that fit, the longer one counts."""
    found = marks(name).family

    assert found is not None
    assert found.names[0] == family


@pytest.mark.parametrize("name", ["Ubuntu 22.04", "Windows", "Windows Foo Bar", "macOS", "windows1"])
def test_a_name_of_no_known_family_is_none(name: str) -> None:
    """Nothing is guessed from a name."""
    assert marks(name).family is None


@pytest.mark.parametrize(
    ("name", "version", "architecture", "core"),
    [
        ("Windows 10 Version 1909 for x64-based Systems", "1909", "x64", False),
        ("Windows 10 Version 22H2 for 32-bit Systems", "22h2", "x86", False),
        ("Windows 11 version 21H2 for ARM64-based Systems", "21h2", "arm64", False),
        ("Windows 11 Version 25H2 for ARM systems", "25h2", "arm64", False),
        ("Windows Server 2008 for Itanium-Based Systems Service Pack 2", "", "ia64", False),
        ("Windows Server 2022, 23H2 Edition (Server Core Installation)", "23h2", "", True),
        ("Microsoft Windows 10 Pro", "", "", False),
        ("Windows Server 2019", "", "", False),
    ],
)
def test_microsofts_names_say_more(name: str, version: str, architecture: str, core: bool) -> None:
    """A product name of the advisories holds version, architecture and kind of installation, in any spelling."""
    found = marks(name)

    assert (found.version, found.architecture, found.core) == (version, architecture, core)


def test_folding_a_folded_name_changes_nothing() -> None:
    """There is one folded form."""
    once = fold_name("Microsoft® Windows Server® 2012 R2 Standard")

    assert fold_name(once) == once == "windows server 2012 r2 standard"


@pytest.mark.parametrize(
    ("role", "number", "words"),
    [
        ("client", 18363, ("Windows10", "1909")),
        ("client", 26100, ("Windows11", "24H2")),
        ("server", 26100, ("WindowsServer2025", "24H2")),
        ("server", 17763, ("WindowsServer2019", "1809")),
        ("server", 9600, ("WindowsServer2012R2", "Other")),
        ("client", 12345, ("Other", "Other")),
        ("", 2600, ("Other", "Other")),
    ],
)
def test_the_api_has_its_own_words(role: str, number: int, words: tuple[str, str]) -> None:
    """Clients filter on these values."""
    assert api_words(role, number) == words
