"""The words that the command line understands; argparse only, so that ``kbgap --help`` starts at once."""

import argparse
from pathlib import Path

from kbgap import __version__
from kbgap.cli.building import add_command as _command
from kbgap.cli.building import add_format as _format
from kbgap.cli.building import add_group as _group
from kbgap.cli.building import day
from kbgap.cli.fleet_arguments import add_export, add_install, add_machine, add_risk, add_software, add_what_if


def parser() -> argparse.ArgumentParser:
    """The whole tree; each command names the module and the function of ``kbgap.cli`` that runs it."""
    top = argparse.ArgumentParser(
        prog="kbgap",
        description="Which Microsoft security updates (KBs) are missing, on which machines, "
        "for which software, and how many CVEs each would close.",
    )
    top.add_argument("--version", action="version", version=f"kbgap {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        _audit,
        _catalogue,
        _inventory,
        _missing,
        _explain,
        add_what_if,
        add_install,
        add_software,
        add_machine,
        add_risk,
        add_export,
        _client,
        _tenant,
        _log,
        _db,
        _serve,
        _demo,
    ):
        add(commands)
    return top


def _as_of(command: argparse.ArgumentParser) -> None:
    command.add_argument("--as-of", type=day, metavar="YYYY-MM-DD", help="only rows dated on or before that day")


def _audit(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _command(commands, "audit", "audit.audit", "the gap of one or more machines, no server needed")
    command.add_argument("paths", nargs="*", default=["-"], metavar="PATH", help="reports or system texts; - for input")
    command.add_argument("--catalogue", type=Path, metavar="FILE", help="use this catalogue file")
    _as_of(command)
    _format(command)


def _catalogue(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = _group(commands, "catalogue", "what Microsoft publishes: load it, look at it, move it")
    refresh = _command(group, "refresh", "refresh.refresh", "load Microsoft's documents and compile them")
    refresh.add_argument(
        "--from", dest="source", type=Path, action="append", metavar="PATH", help="files, not the service"
    )
    refresh.add_argument(
        "--wsus",
        dest="scan_files",
        type=Path,
        action="append",
        metavar="PATH",
        help="an offline scan file (wsusscn2.cab): more evidence of which update contains which",
    )
    place = "alone, it is loaded without compiling anything"
    refresh.add_argument("--kev", metavar="PATH|URL", help=f"CISA's list of exploited CVEs; {place} (KBGAP_KEV)")
    refresh.add_argument("--epss", metavar="PATH|URL", help=f"FIRST's estimates of exploitation; {place} (KBGAP_EPSS)")
    refresh.add_argument("--accept-shrink", action="store_true", help="take documents that lost entries or months")
    show = _command(group, "show", "catalogue.show", "one KB or one CVE; without either, the catalogue itself")
    show.add_argument("subject", nargs="?", metavar="KB|CVE", help="such as KB4540673 or CVE-2020-0796")
    _as_of(show)
    _format(show)
    _format(_command(group, "status", "catalogue.status", "which catalogue is current, and how old it is"))
    quality = _command(
        group, "quality", "catalogue.quality", "what is dirty in Microsoft's data, by kind, with examples"
    )
    quality.add_argument("--kind", metavar="KIND", help="every row of one kind")
    _format(quality)
    releases = _command(group, "releases", "catalogue.releases", "the release table: which KB brings which build")
    releases.add_argument("--single-source", action="store_true", help="only rows that one source carries")
    _format(releases)
    diff = _command(group, "diff", "catalogue.diff", "what changed between two catalogue revisions or files")
    diff.add_argument("old", metavar="A", help="a revision or a file")
    diff.add_argument("new", metavar="B", help="a revision or a file")
    _format(diff)
    export = _command(group, "export", "catalogue.export", "write the current catalogue to a file for other machines")
    export.add_argument("file", type=Path, metavar="FILE", help="what to write")
    import_ = _command(group, "import", "catalogue.import_file", "take a catalogue file from another machine")
    import_.add_argument("file", type=Path, metavar="FILE", help="what export wrote")


def _inventory(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = _group(commands, "inventory", "what machines report")
    import_ = _command(group, "import", "inventory.import_reports", "take in reports of machines, in any known format")
    import_.add_argument("paths", nargs="+", metavar="PATH", help="files or folders of reports; - for input")
    _format(import_)


def _missing(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _command(
        commands, "missing", "missing.missing", "the missing KBs of a software or a machine, as the API says"
    )
    command.add_argument("software", nargs="?", metavar="SOFTWARE_ID", help="such as microsoft-_-edge")
    command.add_argument("--machine", metavar="ID", help="machine id or DNS name")
    command.add_argument("--fail", action="store_true", help="exit with 1 when something is missing")
    _format(command)


def _explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _command(commands, "explain", "missing.explain", "why a KB is, or is not, missing on a machine")
    command.add_argument("machine", metavar="MACHINE", help="machine id or DNS name, or a report file")
    command.add_argument("kb", metavar="KB", help="such as KB4540673")
    _format(command)


def _client(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = _group(commands, "client", "programs that may use the API")
    create = _command(group, "create", "clients.create", "make a client; its secret is shown once")
    create.add_argument("name", metavar="NAME", help="what to call it")
    create.add_argument(
        "--role", dest="roles", action="append", default=[], metavar="ROLE", help="such as Software.Read.All"
    )
    create.add_argument("--expires", metavar="TIME", help="how long the secret is good, such as 180d (default: no end)")
    listed = _command(group, "list", "clients.list_clients_", "the clients of the tenant")
    _format(_command(group, "roles", "clients.roles", "every role that a client can have"))
    revoke = _command(group, "revoke", "clients.revoke", "refuse a client from now on")
    revoke.add_argument("client", metavar="CLIENT_ID", help="as client list shows it")
    _format(create)
    _format(listed)
    rotate = _command(group, "rotate", "clients.rotate", "give a client a new secret, and let those that it has end")
    rotate.add_argument("--overlap", default="1d", metavar="TIME", help="until they end (default: %(default)s)")
    _client_secret(_group(group, "secret", "the secrets of a client"), rotate)


def _client_secret(
    group: "argparse._SubParsersAction[argparse.ArgumentParser]", rotate: argparse.ArgumentParser
) -> None:
    add = _command(group, "add", "clients.add_secret_", "give a client one more secret; it is shown once")
    listed = _command(group, "list", "clients.list_secrets", "the secrets of a client, without their text")
    remove = _command(group, "remove", "clients.remove_secret_", "end one secret at once")
    for command in (rotate, add, listed, remove):
        command.add_argument("client", metavar="CLIENT_ID")
    for command in (rotate, add):
        command.add_argument("--expires", metavar="TIME", help="how long it is good, such as 180d (default: no end)")
    for command in (rotate, add, listed):
        _format(command)
    remove.add_argument("secret", metavar="SECRET_ID")


def _tenant(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = _group(commands, "tenant", "the customers whose fleets are kept apart")
    create = _command(group, "create", "tenants.create", "make a tenant")
    create.add_argument("name", metavar="NAME", help="what to call it")
    _format(create)
    _format(_command(group, "list", "tenants.list_tenants_", "all tenants"))
    delete = _command(group, "delete", "tenants.delete", "delete a tenant with its machines and clients")
    delete.add_argument("name", metavar="NAME", help="its name or id")


def _log(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _command(commands, "log", "log.log", "the audit log: who signed in, and who changed what")
    command.add_argument("--limit", type=int, default=100, metavar="N", help="how many entries (default: %(default)s)")
    command.add_argument("--above-tenants", action="store_true", help="what concerns no tenant, such as making one")
    _format(command)


def _db(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = _group(commands, "db", "the fleet's database")
    _command(group, "migrate", "database.migrate", "make the database, or bring its schema up to date")
    _command(group, "distribute", "database.distribute", "spread a new database over the nodes of a Citus cluster")
    backup = _command(group, "backup", "database.backup", "write all of the database to one file, while it is in use")
    backup.add_argument("file", type=Path, metavar="FILE", help="what to write; it must not be there yet")
    restored = _command(group, "restore", "database.restore", "make a new database of a backup, and recount it")
    restored.add_argument("file", type=Path, metavar="FILE", help="what backup wrote, from any kind of database")
    _format(_command(group, "check", "database.check", "recount everything and compare with the stored counts"))


def _serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _command(commands, "serve", "serve.serve", "answer the API")
    command.add_argument("--host", metavar="ADDRESS", help="where to listen (KBGAP_HOST)")
    command.add_argument("--port", type=int, metavar="N", help="which port; 0 takes a free one (KBGAP_PORT)")
    command.add_argument("--tls-cert", type=Path, metavar="FILE", help="speak TLS with this chain (KBGAP_TLS_CERT)")
    command.add_argument("--tls-key", type=Path, metavar="FILE", help="the chain's private key (KBGAP_TLS_KEY)")
    words = "refresh the catalogue every day, beside the answers (KBGAP_REFRESH)"
    command.add_argument("--refresh", choices=("off", "daily"), help=words)


def _demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _command(commands, "demo", "demo.demo", "a catalogue, a fleet and a server on loopback, to look around")
    command.add_argument(
        "--port", type=int, default=8000, metavar="N", help="0 takes a free one (default: %(default)s)"
    )
    command.add_argument("--seed", type=int, default=9, metavar="N", help="another seed is another fleet")
    command.add_argument(
        "--machines", type=int, default=2000, metavar="N", help="size of the fleet (default: %(default)s)"
    )
    command.add_argument("--ready-file", type=Path, metavar="FILE", help="written as JSON when the server answers")
