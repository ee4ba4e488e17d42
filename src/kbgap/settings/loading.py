"""Read the settings: flags win over the environment, that over a TOML file, and that over the defaults."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

from kbgap.core.errors import Invalid
from kbgap.settings.declared import Settings
from kbgap.settings.forms import Form, UnreadableSetting, as_written

PREFIX = "KBGAP_"
FILE_VARIABLE = "KBGAP_CONFIG"  # names the TOML file when no flag does


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
            kind=form.name,
            default=as_written(Settings.__dataclass_fields__[name].default, form),
            about=about,
        )
        for name, (form, about) in _forms().items()
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


def _forms() -> dict[str, tuple[Form, str]]:
    """The form and the purpose of each setting, by name."""
    return {name: hint.__metadata__ for name, hint in get_type_hints(Settings, include_extras=True).items()}


def _read(name: str, text: str, where: str) -> object:
    try:
        return _forms()[name][0].read(text.strip())
    except UnreadableSetting as error:
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
