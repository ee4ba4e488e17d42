"""Read what ``systeminfo`` prints, in any display language.

Labels are never read. What counts is structure: the first value of the shape ``10.0.17763 … 17763`` is the
operating system's version, the value before it the system's name, the one before that the machine's; numbered entries
follow their heading; the hotfixes come after the logon server. systeminfo cuts its own list of hotfixes when it is long
(Windows keeps 8 KiB for it), so the number in the heading is compared with what follows.
"""

import re

from kbgap.core.errors import Invalid
from kbgap.core.model import Value
from kbgap.inventory.formats.shapes import architecture_in, host_in, os_version
from kbgap.inventory.kb import find_kb
from kbgap.inventory.partial import ListedKbs, Partial

NAME = "systeminfo"

_HEADING = re.compile(r"(\S[^:\uff1a]*)[:\uff1a](?:\s+(.*))?")
_ENTRY = re.compile(r"\s*\[(\d+)\]:\s*(.*)")
_CUT_ENTRY = re.compile(r"\s+\[\d*\]?:?\s*")
_PAGE_FILE = re.compile(r"[A-Za-z]:\\.*\.sys", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_QUICK = re.compile(r"^\S[^:\uff1a\n]*[:\uff1a][^\S\n]+\d{1,2}\.\d{1,2}\.(\d{3,6})\b[^\n]*\b\1\b", re.MULTILINE)

_SEND_MORE = "add the output of wmic qfe or Get-HotFix from the same machine"


class _Section(Value, frozen=True):
    """One heading with its value, and the numbered entries below it; ``cut`` when the last entry is only begun."""

    value: str
    entries: tuple[str, ...] = ()
    cut: bool = False


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell systeminfo by its line with the system's version."""
    return _QUICK.search(text) is not None and bool(_versions(_sections(text)))


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - as above
    """What the file says; an update list that may be cut is marked incomplete and says so.

    Raises:
        Invalid: the file holds the output of several machines.
    """
    sections = _sections(text)
    versions = _versions(sections)
    if len(versions) > 1:
        raise Invalid(f"systeminfo stands there {len(versions)} times", mend="write one file per machine")
    at, (build, pack) = versions[0]
    return Partial(
        format=NAME,
        host=host_in(sections[at - 2].value) if at >= 2 else "",
        os_name=sections[at - 1].value if at >= 1 else "",
        build=build,
        service_pack=pack,
        architecture=_architecture(sections[at + 1 :]),
        updates=_updates(sections[at + 1 :], text),
    )


def _versions(sections: list[_Section]) -> list[tuple[int, tuple[str, int]]]:
    """Where a section is the system's version, with what it says."""
    return [(at, found) for at, section in enumerate(sections) if (found := os_version(section.value))]


def _sections(text: str) -> list[_Section]:
    found: list[tuple[str, list[str], bool]] = []
    for line in text.split("\n"):
        entry = _ENTRY.fullmatch(line)
        heading = _HEADING.fullmatch(line)
        if entry and found:
            found[-1][1].append(entry[2].strip())
        elif heading:
            found.append(((heading[2] or "").strip(), [], False))
        elif found and line.strip() and _CUT_ENTRY.fullmatch(line):
            found[-1] = (*found[-1][:2], True)
    return [_Section(value=value, entries=tuple(entries), cut=cut) for value, entries, cut in found]


def _architecture(sections: list[_Section]) -> str:
    """The system type stands right before the processors, which are the first numbered entries."""
    first = next((i for i, section in enumerate(sections) if section.entries), len(sections))
    before = [architecture_in(section.value) for section in sections[:first]]
    return next((name for name in reversed(before) if name), "")


def _updates(sections: list[_Section], text: str) -> ListedKbs:
    section = _hotfixes(sections)
    if section is None:
        return ListedKbs(kbs=(), complete=False, source="qfe", doubt=f"the file ends before its updates: {_SEND_MORE}")
    number = _NUMBER.search(section.value)
    declared = int(number[0]) if number else None
    entries, doubt = section.entries, ""
    if section is sections[-1] and not text.endswith("\n"):
        entries = entries[:-1]  # a number that may have lost digits proves nothing
        doubt = f"the file ends inside its list of updates, so the last entry is not read: {_SEND_MORE}"
    elif section.value == "" or section.cut or len(entries) != (declared or 0):
        said = f"{len(entries)} of {declared}" if declared is not None else "a part of its"
        doubt = f"systeminfo cut its list and names {said} updates: {_SEND_MORE}"
    return ListedKbs(
        kbs=tuple(dict.fromkeys(kb for entry in entries if (kb := find_kb(entry)))),
        complete=not doubt,
        source="qfe",
        declared=declared,
        listed=len(entries),
        doubt=doubt,
    )


def _hotfixes(sections: list[_Section]) -> _Section | None:
    """The section that names KBs; without any the one in their place, whose heading says a number or N/A."""
    for section in sections:
        if any(find_kb(entry) for entry in section.entries):
            return section
    place = _after_logon_server(sections)
    return sections[place] if place is not None and place < len(sections) else None


def _after_logon_server(sections: list[_Section]) -> int | None:
    """After the logon server's name, or where that is not known three places below the page file's path."""
    logon = next((i for i, section in enumerate(sections) if section.value.startswith("\\\\")), None)
    if logon is not None:
        return logon + 1
    paths = [i for i, section in enumerate(sections) if _PAGE_FILE.fullmatch(section.value)]
    return paths[-1] + 3 if paths else None
