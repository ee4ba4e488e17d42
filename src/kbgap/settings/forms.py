"""The forms in which settings are written, and how each is read and written back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from kbgap.core.errors import Invalid

Network = IPv4Network | IPv6Network
Reader = Callable[[str], object]

_DURATION_TEXT = re.compile(r"(\d{1,5})\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZE_TEXT = re.compile(r"(\d{1,12})\s*(|KiB|MiB|GiB)")
_FACTORS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_RATE_TEXT = re.compile(r"(\d{1,9})\s*/\s*(\d{1,5}\s*[smhd])")


class UnreadableSetting(ValueError):
    """What was wanted instead."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so much time."""

    requests: int
    period: timedelta

    def __str__(self) -> str:
        """As it is written in a setting: ``100/1m``."""
        return f"{self.requests}/{_duration_as_written(self.period)}"


@dataclass(frozen=True, slots=True)
class Form:
    """The form that a setting is written in."""

    name: str
    read: Reader


def as_written(value: object, form: Form) -> str:
    """A default as one would write it."""
    match value:
        case timedelta():
            return _duration_as_written(value)
        case int() if form.name == SIZE.name:
            unit = next(unit for unit in ("GiB", "MiB", "KiB", "") if value % _FACTORS[unit] == 0)
            return f"{value // _FACTORS[unit]}{unit}"
        case tuple():
            return ",".join(map(str, value))
        case _:
            return "" if value is None else str(value)


def _text(text: str) -> str:
    return text


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise UnreadableSetting("a path")
    return Path(text).expanduser()


def _file(text: str) -> Path | None:
    return _path(text) if text else None


def _number(least: int, most: int) -> Reader:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text) or not least <= int(text) <= most:
            raise UnreadableSetting(f"a whole number from {least} to {most}")
        return int(text)

    return read


def _word(*words: str) -> Reader:
    spelled = {known.lower(): known for known in words}

    def read(text: str) -> str:
        if text.lower() not in spelled:
            raise UnreadableSetting(f"one of {', '.join(words)}")
        return spelled[text.lower()]

    return read


def _duration(text: str) -> timedelta:
    match = _DURATION_TEXT.fullmatch(text)
    if match is None:
        raise UnreadableSetting("a number with its unit: 90s, 30m, 12h or 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _size(text: str) -> int:
    match = _SIZE_TEXT.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise UnreadableSetting("a number of bytes: 65536, 64KiB, 64MiB or 1GiB")
    return int(match[1]) * _FACTORS[match[2]]


def _address(text: str) -> str | None:
    if not text:
        return None
    try:
        url = urlsplit(text)
        wrong = url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment or url.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise UnreadableSetting("an address like https://kbgap.example.org")
    return text.rstrip("/")


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise UnreadableSetting("networks like 10.0.0.0/8, separated by commas") from error


def _rates(text: str) -> tuple[Rate, ...]:
    return tuple(_rate(part.strip()) for part in text.split(",") if part.strip())


def _rate(text: str) -> Rate:
    match = _RATE_TEXT.fullmatch(text)
    period = _duration(match[2]) if match else timedelta()
    if match is None or int(match[1]) == 0 or not period:
        raise UnreadableSetting("requests and time, like 100/1m,1500/1h")
    return Rate(int(match[1]), period)


def _duration_as_written(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _seconds(unit) == 0)
    return f"{seconds // _seconds(unit)}{unit}"


def _seconds(unit: str) -> int:
    return int(timedelta(**{_UNITS[unit]: 1}).total_seconds())


TEXT = Form("text", _text)
PATH = Form("path", _path)
FILE = Form("path", _file)  # one that need not be given
ADDRESS = Form("address", _address)
NETWORKS = Form("networks", _networks)
DURATION = Form("duration", _duration)
SIZE = Form("size", _size)
RATES = Form("rates", _rates)


def read_duration(text: str, where: str) -> timedelta:
    """A duration that was given outside of the settings; Invalid names the place."""
    try:
        return _duration(text.strip())
    except UnreadableSetting as error:
        raise Invalid(f"{text[:100]!r} cannot be used here", where=where, mend=f"write {error}") from error


def number(least: int, most: int) -> Form:
    """A whole number between two others."""
    return Form("number", _number(least, most))


def word(*words: str) -> Form:
    """One of a few words."""
    return Form(" or ".join(words), _word(*words))
