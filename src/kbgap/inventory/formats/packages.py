"""Read what PowerShell's ``Get-Package`` lists: programs, and updates that Windows Update installed (provider msu)."""

import re

from kbgap.inventory.formats.records import Record, records
from kbgap.inventory.kb import find_kb
from kbgap.inventory.partial import ListedKbs, Partial
from kbgap.inventory.report import Software

NAME = "Get-Package"

_NAMES = re.compile(r"^Name[ \t]*:\s", re.MULTILINE)
_OTHER = re.compile(
    r"^(?!Name|Version|ProviderName|Publisher|Source|Summary|Status|FastPackageReference)\w+[ \t]*:", re.MULTILINE
)


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell it by records that have a Name and nothing that packages do not have."""
    return _NAMES.search(text) is not None and _OTHER.search(text) is None


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - as above
    """The programs, and the KBs that any entry names: those are there, but others may be too."""
    found = [record for record in records(text) if record.get("name")]
    kbs = dict.fromkeys(kb for record in found if (kb := find_kb(record["name"])))
    return Partial(
        format=NAME,
        updates=ListedKbs(kbs=tuple(kbs), complete=False, source="packages", listed=len(kbs)),
        software=tuple(_software(record) for record in found if not _is_update(record)),
    )


def _is_update(record: Record) -> bool:
    return record.get("providername", "").lower() == "msu" or find_kb(record["name"]) is not None


def _software(record: Record) -> Software:
    version = record.get("version") or None
    vendor = record.get("publisher") or None
    return Software(name=record["name"][:1024], version=version and version[:256], vendor=vendor and vendor[:1024])
