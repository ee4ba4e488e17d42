"""Write systeminfo's output as Windows prints it in several languages; the labels are data, nothing reads them."""

from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one display language: labels in the order of the output, and the few values that are translated.

    ``version`` and ``counted`` are patterns for the version line and for headings that count.
    """

    labels: tuple[str, ...]
    os_name: str
    version: str
    system_type: str
    processors: str
    hotfixes: str
    cards: str
    none: str
    inside: tuple[str, ...]
    code_pages: tuple[str, ...]


LANGUAGES = msgspec.toml.decode((Path(__file__).parent / "languages.toml").read_bytes(), type=dict[str, Language])


def systeminfo(
    language: Language,
    kbs: list[str],
    *,
    host: str = "WS-17",
    build: str = "10.0.19045",
    declared: int | None = None,
    logon_server: str = "\\\\WS-17",
) -> str:
    """The whole output; without KBs the list says that there is none, and ``declared`` belies the number of KBs."""
    number = build.split(".")[2]
    counted = language.hotfixes.format(len(kbs) if declared is None else declared) if kbs or declared else language.none
    values = [
        host,
        language.os_name,
        language.version.format(build, number),
        "Microsoft Corporation",
        "Multiprocessor Free",
        "Multiprocessor Free",
        "User",
        "",
        "00330-80000-00000-AA123",
        "2022/04/13, 12:25:41",
        "2022/06/06, 16:43:45",
        "VMware, Inc.",
        "VMware20,1",
        language.system_type,
        language.processors,
        "VMware, Inc. VMW201.00V, 2022/12/05",
        "C:\\WINDOWS",
        "C:\\WINDOWS\\system32",
        "\\Device\\HarddiskVolume1",
        "xx;Xx",
        "xx;Xx",
        "(UTC+01:00) Amsterdam, Berlin",
        "4,095 MB",
        "C:\\pagefile.sys",
        "WORKGROUP",
        logon_server,
        counted,
        language.cards,
        "N/A",
    ]
    width = max(len(label) for label in language.labels) + 2
    entries = {
        14: ["[01]: Intel64 Family 6 Model 142 Stepping 12 GenuineIntel ~1803 Mhz"],
        26: [f"[{at:02}]: KB{kb}" for at, kb in enumerate(kbs, start=1)],
        27: ["[01]: Intel(R) Wi-Fi 6 AX201 160MHz", *language.inside, "[01]: 192.0.2.7"],
    }
    lines = [""]
    for at, (label, value) in enumerate(zip(language.labels, values, strict=True)):
        lines.append(f"{label + ':':{width}}{value}")
        lines.extend(" " * width + entry for entry in entries.get(at, ()))
    return "\r\n".join(lines) + "\r\n"
