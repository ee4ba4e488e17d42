"""Tell from the name that a Windows gives itself which release it claims to be (data/os_names.toml)."""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from kbgap.core.model import Value
from kbgap.inventory.formats.shapes import architecture_in

# Old systeminfo prints its marks as letters: Microsoftr Windows Serverr 2008, Windows VistaT.
_MARKED = re.compile(r"\b(microsoft|windows|server|vista)(?:r|t|tm)\b")
_MARK = re.compile(r"\b(?:r|tm|c)\b")
_OTHER = re.compile(r"[^a-z0-9.]+")
_VERSION = re.compile(r"\bversion (\d{4}|\d{2}h\d)\b|\b(\d{2}h\d)\b")
_ARM_SYSTEMS = re.compile(r"\barm systems\b")


class Family(Value, frozen=True, forbid_unknown_fields=True):
    """Names that mean the same systems, and the build numbers that these can have; no role: outside every catalogue."""

    names: tuple[str, ...]
    role: str = ""
    first: int = 0
    last: int | None = None

    def can_be(self, number: int) -> bool:
        """Whether a system of this name can have this build number."""
        return self.first <= number and (self.last is None or number <= self.last)


class ReleaseNames(Value, frozen=True, forbid_unknown_fields=True):
    """The words that the Defender API has for some releases: one platform, and a version for each build number."""

    role: str
    platform: str
    versions: dict[str, str]


class OsNames(Value, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    family: tuple[Family, ...]
    release: tuple[ReleaseNames, ...]


class NameMarks(Value, frozen=True):
    """What a name says besides the family; empty where it does not say. ``version`` is in lower case ("22h2")."""

    family: Family | None
    version: str
    architecture: str
    core: bool


@lru_cache(maxsize=4096)  # a fleet has few names
def read_name(name: str) -> NameMarks:
    """Everything that an operating system's name tells, in any language and with Microsoft's or the system's words."""
    folded = fold_name(name)
    version = _VERSION.search(folded)
    architecture = "arm64" if _ARM_SYSTEMS.search(folded) else architecture_in(name)
    return NameMarks(
        family=_family(folded),
        version=(version[1] or version[2]) if version else "",
        architecture=architecture,
        core="server core" in folded,
    )


def fold_name(name: str) -> str:
    """A name in the form that the table has: Latin letters, digits and dots, in lower case, without marks and maker.

    Microsoft's product names are English in every language of Windows; only edition and maker are translated.
    """
    words = _OTHER.sub(" ", unicodedata.normalize("NFKC", name).casefold())
    unmarked = _MARK.sub(" ", _MARKED.sub(r"\1", words))
    return " ".join(word for word in unmarked.split() if word != "microsoft")


def api_words(role: str, number: int) -> tuple[str, str]:
    """Platform and version of a release in the API's words: "Windows10" and "1909", or twice "Other"."""
    for release in _table().release:
        version = release.versions.get(str(number))
        if release.role == role and version is not None:
            return release.platform, version
    return "Other", "Other"


def _family(folded: str) -> Family | None:
    padded = f" {folded} "
    found = [(family, name) for family in _table().family for name in family.names if f" {name} " in padded]
    # "Windows 10 … HoloLens" is no Windows 10 for PCs, and "Windows Server 2012 R2" no Windows Server 2012.
    return max(found, key=lambda pair: (not pair[0].role, len(pair[1])))[0] if found else None


@cache
def _table() -> OsNames:
    text = (files("kbgap.data") / "os_names.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), OsNames)
