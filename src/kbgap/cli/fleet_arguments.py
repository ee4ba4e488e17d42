"""The words of the commands that ask about machines, and decide about them."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from kbgap.cli.building import add_command, add_format, add_group, day

_REASONS = ("Other", "InactiveDevice", "DuplicateDevice", "DeviceDoesNotExist", "DeviceOutOfScope")
_FORMS = ("parquet", "jsonl", "jsonl.gz")  # operations.export_to_file.Form
_ASSESSMENTS = {  # operations.export_to_file.Assessment
    "inventory": "programs that a product rule knows",
    "plain-inventory": "all other programs",
    "vulnerabilities": "every open CVE of every software",
    "changes": "CVEs that came or went",
    "missing": "every KB that a machine misses",
}
_ID_HELP = "machine id or DNS name"


def add_software(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """``kbgap software``."""
    group = add_group(commands, "software", "what machines have installed")
    listed = add_command(group, "list", "software.list_software", "every software that some machine has")
    _filter(listed, "vendor eq 'microsoft' and weaknesses gt 0")


def add_machine(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """``kbgap machine``."""
    group = add_group(commands, "machine", "single machines")
    listed = add_command(group, "list", "machines.list_", "every machine, whether it counts or not")
    _filter(listed, "osPlatform eq 'Windows10' and machineTags/any(tag: tag eq 'berlin')")
    shown = add_command(group, "show", "machines.show", "what is known of a machine")
    add_format(shown)
    excluded = add_command(group, "exclude", "machines.exclude", "leave a machine out of the counts")
    excluded.add_argument("--reason", choices=_REASONS, default=_REASONS[0], help="why (default: %(default)s)")
    included = add_command(group, "include", "machines.include", "count an excluded machine again")
    deleted = add_command(group, "delete", "machines.delete", "forget a machine")
    tagged = add_command(group, "tag", "machines.tag", "give a machine a tag, or take it away")
    for command in (shown, excluded, included, deleted, tagged):
        command.add_argument("machine", metavar="ID", help=_ID_HELP)
    tagged.add_argument("tag", metavar="TAG", help="such as berlin; reports do not change the machine's tags any more")
    tagged.add_argument("--remove", action="store_true", help="take the tag away")


def add_what_if(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """``kbgap what-if``."""
    command = add_command(commands, "what-if", "planning.what_if", "what stays open once KBs are installed everywhere")
    command.add_argument("kbs", nargs="+", metavar="KB", help="such as KB4540673")
    add_format(command)


def add_install(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """``kbgap install``."""
    command = add_command(commands, "install", "planning.install", "which KBs to install, on how many machines")
    command.add_argument("--machine", metavar="ID", help=f"of one machine: {_ID_HELP}")
    add_format(command)


def add_risk(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """``kbgap risk``."""
    group = add_group(commands, "risk", "risks that somebody accepted for a while; nothing leaves the lists by it")
    accept = add_command(group, "accept", "risks.accept", "accept the risk of a KB or a CVE until a day")
    accept.add_argument("subject", metavar="KB|CVE", help="such as KB4540673 or CVE-2020-0796")
    accept.add_argument("--until", type=day, required=True, metavar="YYYY-MM-DD", help="the last day that it holds")
    accept.add_argument("--reason", required=True, metavar="TEXT", help="why")
    accept.add_argument("--group", metavar="NAME", help="for this machine group only")
    listed = add_command(group, "list", "risks.list_", "what is accepted, and what was; newest first")
    listed.add_argument("--active", action="store_true", help="only what holds today")
    withdraw = add_command(group, "withdraw", "risks.withdraw", "end a decision before its day")
    withdraw.add_argument("risk", metavar="ID", help="as risk list shows it")
    for command in (accept, listed):
        add_format(command)


def _filter(command: argparse.ArgumentParser, example: str) -> None:
    command.add_argument("--filter", metavar="TEXT", help=f"as the API's $filter, such as: {example}")
    add_format(command)


def add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """``kbgap export``."""
    summary = "write what all machines have or miss, or every CVE that is open on them, to a file"
    command = add_command(commands, "export", "export.export", summary)
    command.add_argument("assessment", choices=tuple(_ASSESSMENTS), help=_in_words(_ASSESSMENTS))
    command.add_argument("file", type=Path, metavar="FILE", help="what to write; in a folder it gets the export's name")
    command.add_argument("--format", choices=_FORMS, help="what kind of file (default: by FILE's end, else parquet)")
    since = "when changes begin, such as 2020-03-20T08:00:00Z: at most 14 days ago"
    command.add_argument("--since", metavar="TIME", help=since)
    names = "call members as the JSON form of the API does (deviceId), not as its files do (DeviceId)"
    command.add_argument("--camel-case", action="store_true", help=names)
    command.add_argument("--replace", action="store_true", help="replace the file when it is there")


def _in_words(choices: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {meaning}" for name, meaning in choices.items())
