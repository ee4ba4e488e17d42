"""Compare Windows builds number by number, and tell a build from other version texts."""

import re
from typing import NamedTuple

_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_OS_BUILD = re.compile(r"(10\.0\.[1-9]\d{4}|6\.[0-3]\.[2-9]\d{3})(?:\.(\d+))?")


class Build(NamedTuple):
    """A four-part Windows version, ordered number by number: 10.0.18363.719.

    Builds are only comparable on one line (see ``Line`` in ``core.model``); callers see to that.
    """

    major: int
    minor: int
    build: int
    ubr: int

    def __str__(self) -> str:
        """Print all four parts."""
        return f"{self.major}.{self.minor}.{self.build}.{self.ubr}"

    @property
    def short(self) -> str:
        """The two parts that people quote: 18363.719."""
        return f"{self.build}.{self.ubr}"

    @property
    def prefix(self) -> str:
        """The three parts that name the Windows release: 10.0.18363."""
        return f"{self.major}.{self.minor}.{self.build}"


def parse_os_build(text: str) -> Build | None:
    """Read a Windows build with all four parts; None for anything else.

    Microsoft's FixedBuild is free text with stray tabs and zero-width blanks; only ``10.0.<5 digits>.<n>`` and
    ``6.x.<4 digits>.<n>`` are operating-system builds. ``10.0.04614.06`` is a .NET version with the wrong head,
    so a leading zero disqualifies (semantics, section 2, FixedBuild).
    """
    match = _OS_BUILD.fullmatch(_INVISIBLE.sub("", text))
    if match is None or match[2] is None:
        return None
    major, minor, build = match[1].split(".")
    return Build(int(major), int(minor), int(build), int(match[2]))


def parse_os_prefix(text: str) -> str | None:
    """The first three parts of a Windows build, whether or not the fourth is there; None for anything else."""
    match = _OS_BUILD.fullmatch(_INVISIBLE.sub("", text))
    return match[1] if match else None
