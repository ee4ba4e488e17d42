"""Read and compare the versions of programs, and tell which servicing branch one is on.

Windows builds have their own module (``core.builds``). A version here is its numbers without trailing zeros, so that
"1.56" and "1.56.0" are one and "15.02.0792.019" is (15, 2, 792, 19): versions of one family compare number by number,
never as decimals (1913.10 is above 1913.7).
"""

import re
from typing import NamedTuple

Version = tuple[int, ...]

_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_VERSION = re.compile(r"v?(\d{1,18}(?:\.\d{1,18}){0,7})", re.IGNORECASE)
# "5.0.6-servicing.21220.11", "1416/1.0.0.2025102802"
_BESIDE = re.compile(r"-.*$|^\d+/")
_SHORT_PARTS = 2


class Branch(NamedTuple):
    """Versions that compare with each other: from ``first`` to below ``below``."""

    first: Version
    below: Version

    def holds(self, version: Version) -> bool:
        """Whether the version is one of this branch."""
        return self.first <= version < self.below


def parse_version(text: str) -> Version | None:
    """The numbers of a version text, None for anything else; () would compare with everything, so "0" is (0,)."""
    version = parse_exactly(_INVISIBLE.sub("", text))
    return None if version is None else _without_zeros(version)


def version_text(version: Version) -> str:
    """The version as people write it."""
    return ".".join(str(part) for part in version)


def parse_branch(first: str, below: str = "") -> Branch | None:
    """A branch by its two ends, or by the one beginning that all its versions have ("15.2.330"); None if unreadable."""
    start = parse_exactly(first)
    end = parse_exactly(below) if below else start and (*start[:-1], start[-1] + 1)
    return Branch(_without_zeros(start), _without_zeros(end)) if start and end and start < end else None


def parse_exactly(text: str) -> Version | None:
    """The numbers with their trailing zeros: "15.0" begins all versions of 15.0, not all of 15."""
    match = _VERSION.fullmatch(text)
    return tuple(int(part) for part in match[1].split(".")) if match else None


def _without_zeros(version: Version) -> Version:
    length = max((place for place, part in enumerate(version, start=1) if part), default=1)
    return version[:length]


def parse_fixed_version(text: str, branch: Branch | None) -> Version | None:
    """Microsoft's FixedBuild of a program, if it can be one of the branch; None if not, or if it is no version.

    It is free text: "5.0.6-servicing.21220.11" is 5.0.6, and "5215.1000" lacks the two numbers that all versions of
    its branch begin with (semantics 2, FixedBuild).
    """
    return parse_version(fixed_version_text(text, branch))


def fixed_version_text(text: str, branch: Branch | None) -> str:
    """The same as people write it, with trailing zeros; empty where there is none."""
    version = parse_exactly(_BESIDE.sub("", _INVISIBLE.sub("", text)))
    if version is None:
        return ""
    if branch is not None and not branch.holds(_without_zeros(version)):
        version = (*(*branch.first, 0)[:2], *version) if len(version) == _SHORT_PARTS else version
        if not branch.holds(_without_zeros(version)):
            return ""
    return version_text(version)
