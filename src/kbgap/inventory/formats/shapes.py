"""Shapes of values that are the same in every language of Windows."""

import re

from kbgap.inventory.kb import find_kbs
from kbgap.inventory.partial import ListedKbs

# 10.0.17763 N/A Build 17763; 6.1.7601 Service Pack 1 Build 7601: the build stands there twice.
_OS_VERSION = re.compile(r"(\d{1,2}\.\d{1,2}\.(\d{3,6}))\b(?!\.)(.*?)(?<!\d)\2(?!\d)\D*", re.ASCII)
_SERVICE_PACK = re.compile(r"(?<![\d.])([1-9])(?![\d.])", re.ASCII)
_ARCHITECTURES = {
    "x64": "x64",
    "amd64": "x64",
    "em64t": "x64",
    "x86": "x86",
    "i386": "x86",
    "32-bit": "x86",
    "arm64": "arm64",
    "aarch64": "arm64",
    "ia64": "ia64",
    "itanium": "ia64",
    "arm": "arm",
}
_ARCHITECTURE = re.compile(
    rf"(?<![A-Za-z0-9])({'|'.join(sorted(_ARCHITECTURES, key=len, reverse=True))})(?![A-Za-z0-9])", re.IGNORECASE
)
# A machine's name as DNS and NetBIOS have it; "..." or "N/A" in a cleaned file is none.
_HOST = re.compile(r"[^\W_](?:[\w-]{0,62}[^\W_])?(?:\.[^\W_](?:[\w-]{0,62}[^\W_])?)*\.?")


def os_version(value: str) -> tuple[str, int] | None:
    """The three-part build and the service pack (0 for none) of a value like ``6.1.7601 Service Pack 1 Build 7601``."""
    match = _OS_VERSION.fullmatch(value.strip()) if len(value) < 256 else None
    if match is None:
        return None
    pack = _SERVICE_PACK.search(match[3])
    return match[1], int(pack[1]) if pack else 0


def architecture_in(text: str) -> str:
    """The processor architecture that a text names (``x64-based PC``, ``AMD64``), else empty.

    "64-bit" alone may be x64 or ARM64, so it names none.
    """
    match = _ARCHITECTURE.search(text)
    return _ARCHITECTURES[match[1].lower()] if match else ""


def host_in(text: str) -> str:
    """The text when it can be a machine's name, else empty."""
    value = text.strip().lstrip("\\")
    return value if len(value) <= 255 and _HOST.fullmatch(value) else ""


def whole_or_cut(kbs: tuple[str, ...], text: str, listed: int) -> ListedKbs:
    """A list that is complete, unless the file stops right behind a KB: that number may have lost digits."""
    named = find_kbs(text[text.rfind("\n") + 1 :])
    if named and text.endswith(named[-1]):
        sure = tuple(kb for kb in kbs if kb != named[-1])
        doubt = "the file ends inside a line, so its last KB is not read and the list is incomplete"
        return ListedKbs(kbs=sure, complete=False, source="qfe", listed=listed, doubt=doubt)
    return ListedKbs(kbs=kbs, complete=True, source="qfe", listed=listed)
