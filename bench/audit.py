"""How long ``kbgap audit`` of one machine takes, and how much memory: the whole process, from a terminal's view."""

import tempfile
from pathlib import Path

from bench.clock import kbgap, median, run_in_turn
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from kbgap.inventory.report import (
    SCHEMA,
    DotNet,
    Machine,
    OperatingSystem,
    Report,
    ReportedList,
    ReportedUpdate,
    encode_report,
)

_ONE_MISSING, _MUCH_UNKNOWN = 1, 4  # exit codes of an audit that went well
# A machine a year behind, an old one, and the one with the most to judge: no update since it was installed.
_MACHINES = {
    "Windows 11 24H2": ("Windows 11 Version 24H2 for x64-based Systems", "10.0.26100.4061", "5058411"),
    "Windows 10 1909": ("Windows 10 Version 1909 for x64-based Systems", "10.0.18363.657", "4532693"),
    "Windows Server 2012 R2": ("Windows Server 2012 R2", "6.3.9600.0", "2919355"),
}


def measure(given: Given) -> Benchmark:
    """Audit each machine over and over, in turn."""
    rounds = size("audits", 9)
    with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as folder:
        commands = {}
        for name, (product, build, kb) in _MACHINES.items():
            path = Path(folder) / f"{name}.json"
            path.write_bytes(encode_report(_report(product, build, kb)))
            commands[name] = kbgap("audit", "--data-dir", given.data_dir, "--format", "json", path)
        took = run_in_turn(commands, rounds, codes=(_ONE_MISSING, _MUCH_UNKNOWN))
    figures: list[Figure] = []
    for name, runs in took.items():
        figures += [
            Figure(f"{name}: median", median([run.wall for run in runs]), "s", 0.3),
            Figure(f"{name}: fastest", min(run.wall for run in runs), "s"),
            Figure(f"{name}: processor time", median([run.cpu for run in runs]), "s"),
            Figure(f"{name}: peak memory", max(run.peak for run in runs), "MB", 100),
        ]
    return Benchmark("audit", f"{rounds} audits of each, in turn, {given.name}", tuple(figures))


def _report(product: str, build: str, kb: str) -> Report:
    return Report(
        schema=SCHEMA,
        machine=Machine(computer_dns_name="bench"),
        os=OperatingSystem(name=product, build=build, architecture="x64"),
        installed_updates=(ReportedUpdate(kb=kb),),
        update_list=ReportedList(complete=True, sources=("qfe", "cbs")),
        dotnet=(DotNet(profile="v4", release=528040),),
    )
