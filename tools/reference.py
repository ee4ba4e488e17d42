"""Write the reference pages that follow from the code: docs/reference/cli.md and docs/reference/settings.md.

    $ python tools/reference.py

A test writes them anew and compares, so a page cannot drift from the commands and the settings.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from kbgap.cli.arguments import parser
from kbgap.settings import SettingDescription, describe_settings

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
WRITTEN = "<!-- Written by tools/reference.py. Change the code, then run it again. -->"

COMMANDS_HEAD = """\
# Commands

Every command prints its answer on standard output, and everything else it has to tell on standard error.
What the exit codes mean, and what `--format json` prints, stands in [JSON and exit codes](catalogue-json.md).
`--data-dir` and `--tenant` win over the [settings](settings.md) of the same names.
A command that does not use the fleet or the tenant takes the flag and ignores it.
"""

SETTINGS_HEAD = """\
# Settings

A setting is a flag, a variable of the environment or a line in a TOML file.
A flag wins over the environment, the environment over the file, and the file over the default.
`KBGAP_CONFIG` names the file; without it no file is read.
"""

SETTINGS_FOOT = """\
The forms:

* duration: a number with its unit, `90s`, `30m`, `12h` or `30d`.
* size: bytes, `65536`, or with a unit, `64KiB`, `64MiB` or `1GiB`.
* networks: like `192.0.2.0/24`, separated by commas; in the file a list of texts.
* address: like `https://kbgap.example.org`.
* rates: requests and time, `100/1m`, or several of them, `100/1m,1500/1h`, all of which hold.

A value that cannot be read ends the command with exit code 2 and one line that names the setting and its place.
In the file an unknown name is an error too; in the environment it is left alone, because other programs use the prefix.

A file has the names of the first column:

```toml
data_dir = "kbgap-data"
public_url = "https://kbgap.example.org"
trusted_proxies = ["192.0.2.0/24"]
token_lifetime = "30m"
```
"""


def commands_page() -> str:
    """The page of all commands, in the order of ``kbgap --help``."""
    sections = [_section(command, summary) for command, summary in leaves(parser())]
    return "\n".join([WRITTEN, "", COMMANDS_HEAD, *sections])


def settings_page() -> str:
    """The page of all settings, in the order of ``describe_settings``."""
    flags = {name for command, _ in leaves(parser()) for name in _flags(command)}
    rows = [_setting(setting, has_flag=setting.name in flags) for setting in describe_settings()]
    head = "| setting | in the environment | flag | form | default | meaning |\n|---|---|---|---|---|---|\n"
    return "\n".join([WRITTEN, "", SETTINGS_HEAD, head + "\n".join(rows) + "\n", SETTINGS_FOOT])


def leaves(command: argparse.ArgumentParser, summary: str = "") -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """Every command that does something, with its description; groups lead to their commands."""
    groups = [action for action in command._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 - argparse tells its tree no other way
    for group in groups:
        for inner in group.choices.values():
            yield from leaves(inner, inner.description or "")
    if not groups:
        yield command, summary


def arguments_of(command: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a command takes, without ``--help``: positional arguments first."""
    actions = [action for action in command._actions if not isinstance(action, argparse._HelpAction)]  # noqa: SLF001 - as above
    return sorted(actions, key=lambda action: bool(action.option_strings))


def _flags(command: argparse.ArgumentParser) -> set[str]:
    return {action.dest for action in arguments_of(command) if action.option_strings}


def _section(command: argparse.ArgumentParser, summary: str) -> str:
    rows = [f"| `{_written(action)}` | {_meaning(action)} |" for action in arguments_of(command)]
    return "\n".join([f"## {command.prog}", "", summary, "", "| argument | meaning |", "|---|---|", *rows, ""])


def _written(action: argparse.Action) -> str:
    """An argument as one types it; a bar would end the cell of the table."""
    name = str(action.metavar or action.dest).replace("|", " or ")
    if not action.option_strings:
        return {"*": f"[{name} ...]", "+": f"{name} ...", "?": f"[{name}]"}.get(str(action.nargs), name)
    flag = action.option_strings[0]
    if action.nargs == 0:
        return flag
    choices = " or ".join(str(choice) for choice in action.choices or ())
    return f"{flag} {choices or name}"


def _meaning(action: argparse.Action) -> str:
    meaning = (action.help or "") % {**vars(action), "prog": "kbgap"}
    repeatable = isinstance(action, argparse._AppendAction)  # noqa: SLF001 - as above
    return "; ".join(part for part in (meaning, "may be given several times" if repeatable else "") if part)


def _setting(setting: SettingDescription, *, has_flag: bool) -> str:
    flag = f"`--{setting.name.replace('_', '-')}`" if has_flag else ""
    default = f"`{setting.default}`" if setting.default else ""
    cells = (f"`{setting.name}`", f"`{setting.variable}`", flag, setting.kind, default, setting.about)
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    for page, text in (("cli.md", commands_page()), ("settings.md", settings_page())):
        (FOLDER / page).write_text(text, encoding="utf-8")
        print(f"{page} written", file=sys.stderr)
