"""Read the settings: flags win over the environment, that over a TOML file, and that over the defaults."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, get_type_hints
from urllib.parse import urlsplit

from kbgap.core.errors import Invalid

PREFIX = "KBGAP_"
FILE_VARIABLE = "KBGAP_CONFIG"  # names the TOML file when no flag does

Network = IPv4Network | IPv6Network
_Reader = Callable[[str], object]
_DURATION_TEXT = re.compile(r"(\d{1,5})\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZE_TEXT = re.compile(r"(\d{1,12})\s*(|KiB|MiB|GiB)")
_FACTORS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class _Unreadable(ValueError):
    """What was wanted instead."""


def _text(text: str) -> str:
    return text


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise _Unreadable("a path")
    return Path(text).expanduser()


def _number(least: int, most: int) -> _Reader:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text) or not least <= int(text) <= most:
            raise _Unreadable(f"a whole number from {least} to {most}")
        return int(text)

    return read


def _duration(text: str) -> timedelta:
    match = _DURATION_TEXT.fullmatch(text)
    if match is None:
        raise _Unreadable("a number with its unit: 90s, 30m, 12h or 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _size(text: str) -> int:
    match = _SIZE_TEXT.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise _Unreadable("a number of bytes: 65536, 64KiB, 64MiB or 1GiB")
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
        raise _Unreadable("an address like https://kbgap.example.org")
    return text.rstrip("/")


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise _Unreadable("networks like 10.0.0.0/8, separated by commas") from error


@dataclass(frozen=True, slots=True)
class _Kind:
    """The form that a setting is written in."""

    name: str
    read: _Reader


_TEXT = _Kind("text", _text)
_PATH = _Kind("path", _path)
_ADDRESS = _Kind("address", _address)
_NETWORKS = _Kind("networks", _networks)
_DURATION = _Kind("duration", _duration)
_SIZE = _Kind("size", _size)


def _between(least: int, most: int) -> _Kind:
    return _Kind("number", _number(least, most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, with the form of its value and what it is for (``describe_settings`` lists them)."""

    data_dir: Annotated[Path, _PATH, "The folder for catalogue files and, without database_url, the database."] = Path(
        "kbgap-data"
    )
    database_url: Annotated[
        str,
        _TEXT,
        "The database: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; empty for SQLite in data_dir.",
    ] = ""
    tenant: Annotated[str, _TEXT, "The tenant (GUID or name) that commands use when they are not told another."] = (
        "00000000-0000-4000-8000-000000000001"
    )
    host: Annotated[str, _TEXT, "The address that the server listens on."] = "127.0.0.1"
    port: Annotated[int, _between(0, 65535), "The port that the server listens on; 0 takes any free one."] = 8080
    public_url: Annotated[
        str | None, _ADDRESS, "The address that clients reach the server under, when it is not the request's own."
    ] = None
    trusted_proxies: Annotated[
        tuple[Network, ...], _NETWORKS, "The networks of proxies whose X-Forwarded headers are believed."
    ] = ()
    threads: Annotated[
        int, _between(1, 256), "The number of requests of one process that use the database at once."
    ] = 8
    token_lifetime: Annotated[timedelta, _DURATION, "How long an access token is good."] = timedelta(hours=1)
    max_body: Annotated[int, _SIZE, "The largest body of a request, as it is sent."] = 64 << 20
    max_unpacked_body: Annotated[int, _SIZE, "The largest body of a request, unpacked."] = 256 << 20
    max_batch: Annotated[int, _between(1, 10_000_000), "The largest number of reports in one request."] = 100_000
    silent_after: Annotated[timedelta, _DURATION, "A machine not heard for so long leaves the counts."] = timedelta(
        days=30
    )
    keep_machines: Annotated[timedelta, _DURATION, "A machine not heard for so long is deleted."] = timedelta(days=180)
    catalogue_old_after: Annotated[timedelta, _DURATION, "A catalogue older than this is said to be old."] = timedelta(
        days=45
    )

    @property
    def database(self) -> str:
        """The address of the database, whether configured or in ``data_dir``."""
        return self.database_url or f"sqlite:///{self.data_dir / 'kbgap.sqlite'}"


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting for people: its names, the form of its value, its default as one writes it, and what it is for."""

    name: str
    variable: str
    kind: str
    default: str
    about: str


def describe_settings() -> tuple[SettingDescription, ...]:
    """All settings, in the order of the documentation."""
    return tuple(
        SettingDescription(
            name=name,
            variable=PREFIX + name.upper(),
            kind=kind.name,
            default=_written(Settings.__dataclass_fields__[name].default, kind),
            about=about,
        )
        for name, (kind, about) in _forms().items()
    )


def load_settings(
    flags: Mapping[str, str | None], environment: Mapping[str, str], file: Path | None = None
) -> Settings:
    """The settings that are in force; Invalid names the one that cannot be read and where it was given.

    Args:
        flags: settings by name as the command line gave them; None for those that it did not give.
        environment: the process's environment. Names that are no settings are left alone: others use the prefix too.
        file: a TOML file with settings by name; without it the one that KBGAP_CONFIG names, if any.
    """
    given: dict[str, object] = {}
    named = environment.get(FILE_VARIABLE)
    for name, text, where in _from_file(file or (Path(named) if named else None)):
        given[name] = _read(name, text, where)
    for name in _forms():
        variable = PREFIX + name.upper()
        if variable in environment:
            given[name] = _read(name, environment[variable], variable)
        flag = flags.get(name)
        if flag is not None:
            given[name] = _read(name, flag, "--" + name.replace("_", "-"))
    return Settings(**given)  # type: ignore[arg-type] # each was read by the reader of its field


def _forms() -> dict[str, tuple[_Kind, str]]:
    """The form and the purpose of each setting, by name."""
    return {name: hint.__metadata__ for name, hint in get_type_hints(Settings, include_extras=True).items()}


def _read(name: str, text: str, where: str) -> object:
    try:
        return _forms()[name][0].read(text.strip())
    except _Unreadable as error:
        raise Invalid(f"{text[:100]!r} cannot be used here", where=where, mend=f"write {error}") from error


def _from_file(path: Path | None) -> list[tuple[str, str, str]]:
    """Name, text and place of each setting in the file."""
    if path is None:
        return []
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"the settings file cannot be read ({error.strerror})", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the settings file is not TOML: {error}", where=str(path)) from error
    found = []
    for name, value in table.items():
        where = f"{path}: {name}"
        if name not in _forms():
            near = difflib.get_close_matches(name, _forms(), n=1)
            raise Invalid("there is no such setting", where=where, mend=f"did you mean {near[0]}?" if near else "")
        found.append((name, _plain(value, where), where))
    return found


def _plain(value: object, where: str) -> str:
    """A value of the file as the environment would hold it."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid("a setting is a text, a whole number or a list of texts", where=where)
    return str(value)


def _written(value: object, kind: _Kind) -> str:
    """A default as one would write it."""
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _seconds(unit) == 0)
        return f"{seconds // _seconds(unit)}{unit}"
    if kind is _SIZE and isinstance(value, int):
        unit = next(unit for unit in ("GiB", "MiB", "KiB", "") if value % _FACTORS[unit] == 0)
        return f"{value // _FACTORS[unit]}{unit}"
    return "" if value is None or value == () else str(value)


def _seconds(unit: str) -> int:
    return int(timedelta(**{_UNITS[unit]: 1}).total_seconds())
