"""The pieces that every command's description is made of; argparse only, so that ``kbgap --help`` starts at once."""

import argparse
from datetime import date
from pathlib import Path


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: str, summary: str
) -> argparse.ArgumentParser:
    """One command; ``run`` is "module.function" below ``kbgap.cli``."""
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    module, function = run.split(".")
    command.set_defaults(module=module, function=function)
    command.add_argument("--data-dir", type=Path, metavar="DIR", help="where kbgap keeps its data (KBGAP_DATA_DIR)")
    command.add_argument("--tenant", metavar="NAME", help="the tenant, by name or id (KBGAP_TENANT)")
    command.add_argument("--config", type=Path, metavar="FILE", help="a TOML file with settings (KBGAP_CONFIG)")
    return command


def add_group(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """A word that leads to several commands."""
    group = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True)


def add_format(command: argparse.ArgumentParser, *forms: str) -> None:
    """How rows are printed; the first form is the usual one."""
    choices = forms or ("table", "json", "csv")
    command.add_argument("--format", choices=choices, default=choices[0], help="how to print (default: %(default)s)")


def day(text: str) -> str:
    """An ISO day; argparse turns the ValueError into its usage message."""
    return date.fromisoformat(text).isoformat()


day.__name__ = "day (YYYY-MM-DD)"  # what argparse says was wrong
