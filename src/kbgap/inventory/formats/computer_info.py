"""Read what PowerShell's ``Get-ComputerInfo`` prints, whole or with a selection of its properties."""

import re

from kbgap.inventory.formats.records import Record, one_record
from kbgap.inventory.formats.shapes import architecture_in, host_in
from kbgap.inventory.kb import find_kbs
from kbgap.inventory.partial import ListedKbs, Partial

NAME = "Get-ComputerInfo"

_PROPERTIES = re.compile(r"^(?:OsVersion|OsBuildNumber|WindowsBuildLabEx|OsHotFixes)[ \t]*:", re.MULTILINE)
_BUILD = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,6}", re.ASCII)
_LAB = re.compile(r"\d+\.\d+\.([a-z0-9]+?)(?:fre|chk)\.", re.ASCII)


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell it by the names of its properties."""
    return _PROPERTIES.search(text) is not None


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - as above
    """The system, and its updates where the file has OsHotFixes.

    PowerShell prints four entries of a list and then "...", unless it is told otherwise: that list is incomplete.
    """
    values = one_record(text)
    pack = re.search(r"[1-9]", values.get("oscsdversion", ""))
    return Partial(
        format=NAME,
        host=host_in(values.get("csdnshostname", "") or values.get("csname", "")),
        # Windows 11 still calls itself Windows 10 in WindowsProductName.
        os_name=values.get("osname", "") or values.get("windowsproductname", ""),
        version=values.get("osdisplayversion", "") or values.get("windowsversion", ""),
        build=_build(values),
        service_pack=int(pack[0]) if pack else 0,
        edition=values.get("windowseditionid", ""),
        architecture=architecture_in(values.get("cssystemtype", "")) or _lab_architecture(values),
        installation_type=values.get("windowsinstallationtype", ""),
        updates=_updates(values),
    )


def _build(values: Record) -> str:
    build = values.get("osversion", "")
    if not _BUILD.fullmatch(build):
        return ""
    ubr = values.get("windowsubr", "")
    return f"{build}.{int(ubr)}" if ubr.isascii() and ubr.isdigit() else build


def _lab_architecture(values: Record) -> str:
    """The architecture in 19041.1.amd64fre.vb_release.191206-1406."""
    match = _LAB.match(values.get("windowsbuildlabex", ""))
    return architecture_in(match[1]) if match else ""


def _updates(values: Record) -> ListedKbs | None:
    listed = values.get("oshotfixes")
    if listed is None:
        return None
    kbs = find_kbs(listed)
    is_whole = listed.startswith("{") and listed.endswith("}") and not re.search(r"\.\.\.|…", listed)
    doubt = "" if is_whole else "PowerShell cut OsHotFixes: add the output of Get-HotFix from the same machine"
    return ListedKbs(kbs=kbs, complete=is_whole, source="qfe", listed=len(kbs), doubt=doubt)
