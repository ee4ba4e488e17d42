"""Read the values of the registry key CurrentVersion, as PowerShell lists them or ``reg query`` prints them."""

import re

from kbgap.inventory.formats.records import Record, one_record
from kbgap.inventory.formats.shapes import architecture_in, host_in
from kbgap.inventory.partial import Partial

NAME = "registry values"

_BUILD = re.compile(r"^[ \t]*(?:CurrentBuildNumber|CurrentBuild)\b(?:[ \t]*[:=]|[ \t]+REG_)", re.MULTILINE)
_PRODUCT = re.compile(r"^[ \t]*ProductName\b(?:[ \t]*[:=]|[ \t]+REG_)", re.MULTILINE)


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell it by the values ProductName and CurrentBuildNumber."""
    return _BUILD.search(text) is not None and _PRODUCT.search(text) is not None


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - as above
    """The system with its UBR; the registry key holds no list of updates."""
    values = one_record(text)
    pack = re.search(r"[1-9]", values.get("csdversion", ""))
    return Partial(
        format=NAME,
        host=host_in(values.get("computername", "") or values.get("hostname", "")),
        os_name=values.get("productname", ""),
        version=values.get("displayversion", "") or values.get("releaseid", ""),
        build=_build(values),
        service_pack=int(pack[0]) if pack else 0,
        edition=values.get("editionid", ""),
        architecture=architecture_in(values.get("processor_architecture", "")),
        installation_type=values.get("installationtype", ""),
    )


def _build(values: Record) -> str:
    """Windows 10 and later keep 6.3 as CurrentVersion for old programs; the two numbers beside it are the true ones."""
    build = _number(values.get("currentbuildnumber", "") or values.get("currentbuild", ""))
    major = _number(values.get("currentmajorversionnumber", ""))
    minor = _number(values.get("currentminorversionnumber", ""))
    if major is None or minor is None:
        parts = [_number(part) for part in values.get("currentversion", "").split(".")]
        major, minor = (parts[0], parts[1]) if len(parts) == 2 else (None, None)
    if build is None or major is None or minor is None:
        return ""
    ubr = _number(values.get("ubr", ""))
    return f"{major}.{minor}.{build}" if ubr is None else f"{major}.{minor}.{build}.{ubr}"


def _number(text: str) -> int | None:
    """A number in decimal or, as reg query prints it, with 0x in front; None for anything else."""
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        return None
