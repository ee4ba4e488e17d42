"""Read KB numbers as people and tools write them."""

import re

_WHOLE = re.compile(r"(?:KB)?([1-9]\d{4,7})", re.IGNORECASE | re.ASCII)
# Windows XP and 2003 still print the older form Q147222.
_WITHIN = re.compile(r"(?<![A-Za-z0-9])(?:[Kk][Bb]|Q(?=\d{6}(?!\d)))([1-9]\d{4,7})(?!\d)", re.ASCII)


def parse_kb(text: str) -> str | None:
    """The digits of a text that is a KB number and nothing else: KB4532693, kb4532693 or 4532693."""
    match = _WHOLE.fullmatch(text.strip())
    return match[1] if match else None


def find_kb(text: str) -> str | None:
    """The first KB number that a text names with its prefix, or None: bare digits may be anything."""
    match = _WITHIN.search(text)
    return match[1] if match else None


def find_kbs(text: str) -> tuple[str, ...]:
    """Every KB number that a text names with its prefix, each once, in the order of first mention."""
    return tuple(dict.fromkeys(match[1] for match in _WITHIN.finditer(text)))
