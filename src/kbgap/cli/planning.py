"""The ``kbgap what-if`` and ``kbgap install`` commands: what to install, and what it would close."""

import argparse

import msgspec

from kbgap.cli.context import now, settings_of
from kbgap.cli.fleet import catalogue_of, fleet, tenant_of
from kbgap.cli.output import print_json, print_rows, say
from kbgap.operations import what_if as asked

_CVES = ("id", "severity", "exposedMachines", "exposedMachinesAfter")
_KBS = ("id", "name", "machines", "url")


def what_if(options: argparse.Namespace) -> int:
    """What would stay open, CVE by CVE, once these KBs are on every machine that they are for."""
    settings, moment = settings_of(options), now()
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        with catalogue_of(database, settings, tenant) as catalogue:
            found = asked.what_if(database, catalogue, tenant, options.kbs, moment)
    if options.format == "json":
        print_json(found)
        return 0
    kbs = ", ".join(f"KB{kb}" for kb in found.kbs)
    say(
        f"kbgap: {kbs} everywhere would close something on {found.machines_changed:,} of {found.machines:,} machines, "
        f"and leave {found.cves_closed:,} of {len(found.cves):,} CVEs open nowhere"
    )
    changed = [cve for cve in found.cves if options.format == "csv" or cve.exposed_machines_after]
    print_rows([msgspec.to_builtins(cve) for cve in changed], _CVES, options.format)
    return 0


def install(options: argparse.Namespace) -> int:
    """The install set of one machine, or those of all machines that count, added up by KB."""
    settings, moment = settings_of(options), now()
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        with catalogue_of(database, settings, tenant) as catalogue:
            if options.machine is None:
                found = asked.install_sets(database, catalogue, tenant, moment)
            else:
                found = asked.install_set_of_machine(database, catalogue, tenant, options.machine, moment)
    if found or options.format != "table":
        print_rows([msgspec.to_builtins(row) for row in found], _KBS, options.format)
    else:
        print("nothing to install")
    return 0
