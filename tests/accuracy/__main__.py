"""Print how often kbgap is right, and end with 1 when a figure fell below its floor: ``python -m tests.accuracy``."""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.records import Document
from kbgap.catalogue.rules import load_product_rules
from kbgap.core.product_names import classify
from tests.accuracy.cumulative import Orders
from tests.accuracy.families import judge_families
from tests.accuracy.floors import PATH, Floors, below, figures, raised, read_floors
from tests.accuracy.hosts import Host, judge_hosts
from tests.accuracy.labels import entries
from tests.accuracy.peers import WORDS, Peers, run_peers
from tests.accuracy.tally import SHOWN, Tally
from tests.conftest import ROOT, find_shared_data
from tests.golden.conftest import keep, kept_catalogue, read_kept

NO_LABELS = (
    "Office Click-to-Run, Edge (Chromium), Visual Studio since 2017: by version alone, and no second list says which",
    "Dynamics, System Center, Configuration Manager, Defender, Skype: updates by KB, and no list of their builds here",
)


def main() -> int:
    """All parts; what needs the shared data set is named when that is absent."""
    options = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    options.add_argument("--wrong", type=int, default=SHOWN, metavar="N", help="examples of wrong answers for a row")
    options.add_argument("--write-floors", action="store_true", help="raise the floors to what is measured")
    chosen = options.parse_args()
    shared_data = find_shared_data()
    if shared_data is None:
        return _without_data()
    kept = keep(shared_data, ROOT / ".pytest_cache" / "d" / "kbgap-golden")
    documents = read_kept(kept)
    with CatalogueFile(kept_catalogue(kept)) as catalogue:
        tallies, orders = judge_families(documents, catalogue, shared_data, _progress)
        _progress("cases of other projects")
        with tempfile.TemporaryDirectory(prefix="kbgap-accuracy-") as folder:
            peers = run_peers(catalogue, documents, shared_data, Path(folder))
        hosts = judge_hosts(catalogue, shared_data)
    names = _classes(documents)
    _show_table(tallies, chosen.wrong)
    _show_orders(orders)
    _show_peers(peers)
    _show_hosts(hosts)
    _show_names(names)
    return _floors(_all_figures(tallies, peers, hosts, names), write=chosen.write_floors)


def _without_data() -> int:
    floors = read_floors(PATH.read_text(encoding="utf-8"))
    print("The shared data set is not here (../shared/data, or the folder that KBGAP_SHARED_DATA names), so these rows")
    print("cannot be measured:", *sorted(floors), sep="\n  ")
    print("All labels come from there; that floors only rise is tested without it (tests/accuracy/test_floors.py).")
    return 0


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        print(f"  {what} ...", file=sys.stderr)


# --- the table ------------------------------------------------------------------------------------------------------


def _show_table(tallies: Iterable[Tally], examples: int) -> None:
    print(f"{'family':<38} {'pairs':>8} {'precision':>10} {'recall':>8} {'Unknown':>8}  labels")
    rows = sorted(tallies, key=lambda tally: tally.family)
    for row in rows:
        print(
            f"{row.family:<38} {row.pairs:>8,} {row.precision:>10.3%} {row.recall:>8.2%} {row.unknown_share:>8.2%}"
            f"  {row.labels}"
        )
    print("no independent labels:", *NO_LABELS, sep="\n  ")
    for row in rows:
        counts = f"{row.invented:,} called missing, {row.lost:,} not called missing, {row.unknown:,} Unknown"
        if row.wrong:
            print(f"\n{row.family} ({row.labels}): {counts}")
            step = max(1, len(row.wrong) // examples) if examples else 0
            print(*(f"  {told}" for told in row.wrong[::step][:examples]) if step else (), sep="\n")


def _show_orders(orders: Orders) -> None:
    """Where the labels of cumulative updates come from."""
    print("\nlabels of cumulative updates of Windows 10 and later:", *orders.notes, sep="\n  ")
    print(f"  labels that contradict each other: {len(orders.contradictions)}", *orders.contradictions, sep="\n    ")


# --- cases of other projects ----------------------------------------------------------------------------------------


def _show_peers(peers: Peers) -> None:
    total = peers.total
    print(f"\ncases of other projects: {total.total()}:", ", ".join(f"{total[key]} {WORDS[key]}" for key in WORDS))
    for kind, counts in sorted(peers.counts.items()):
        print(f"  {kind:<26}", ", ".join(f"{counts[key]} {WORDS[key]}" for key in WORDS if counts[key]))
    for told in peers.differing:
        print(f"  {told.id}: {told.text}\n    because {told.reason or 'NOBODY KNOWS'}")
    print("  not run:")
    for (kind, text), count in sorted(Counter((told.kind, told.text) for told in peers.idle).items()):
        print(f"    {count:3} {kind}: {text}")


# --- hosts ----------------------------------------------------------------------------------------------------------


def _show_hosts(hosts: Iterable[Host]) -> None:
    not_judged = entries("not_judged")
    asked = [host for host in hosts if host.asked]
    for host in asked:
        print(f"\n{host.name}: {host.missing} missing, {host.unknown} unknown")
        print(f"  kbgap would install {', '.join(host.install) or 'nothing'}")
        print(f"  Windows Update offered {', '.join(host.offered)}")
        print(*(f"  not ours: KB{kb}, {not_judged.get(kb, 'NOBODY KNOWS')}" for kb in host.only_theirs), sep="\n")
        if host.only_ours:
            print(*(f"  only ours: KB{kb}, NOBODY KNOWS" for kb in host.only_ours), sep="\n")
    reported, confirmed = sum(len(h.install) for h in asked), sum(len(h.confirmed) for h in asked)
    print(f"\nof {len(asked)} hosts Windows Update was asked: {reported} KBs to install, {confirmed} of them confirmed")
    for host in hosts:
        if not host.asked:
            told = ", ".join(host.install)
            print(f"  not asked: {host.name}: {host.missing} missing, {host.unknown} unknown, install {told}")


# --- names ----------------------------------------------------------------------------------------------------------


def _classes(documents: tuple[Document, ...]) -> Counter[str]:
    """How many ids of products are of each class; ``no rule`` for those that nobody described."""
    names: dict[str, str] = {}
    for document in documents:
        names |= {product: spelled[0] for product, spelled in document.products.items()}
    rules = load_product_rules()
    single = {key: classify(key, name, rules, {}) for key, name in names.items() if "-" not in key}
    platforms = {key: found for key, found in single.items() if found.platform}
    meant = single | {key: classify(key, name, rules, platforms) for key, name in names.items() if "-" in key}
    return Counter(p.reason or (str(p.servicing) if p.software or p.platform else "no rule") for p in meant.values())


def _show_names(names: Counter[str]) -> None:
    covered = 1 - names["no rule"] / names.total()
    print(f"\nnames of products: {names.total():,}, {covered:.2%} with a rule")
    print(*(f"  {count:6,} {name}" for name, count in names.most_common()), sep="\n")


# --- floors ---------------------------------------------------------------------------------------------------------


def _all_figures(tallies: Iterable[Tally], peers: Peers, hosts: Iterable[Host], names: Counter[str]) -> Floors:
    asked = [host for host in hosts if host.asked]
    total, explained = peers.total, entries("not_judged")
    odd = sum(len(h.only_ours) + sum(kb not in explained for kb in h.only_theirs) for h in asked)
    return {
        **figures(tallies),
        "cases of other projects": {
            "right": total["right"],
            "wrong": total["wrong"],
            "not_run": total["not run"],
        },
        "hosts of which Windows Update was asked": {
            "hosts": len(asked),
            "confirmed": sum(len(h.confirmed) for h in asked),
            "wrong": odd,
        },
        "names of products": {"names": names.total(), "wrong": names["no rule"]},
    }


def _floors(found: Floors, *, write: bool) -> int:
    if write:
        PATH.write_text(_written(raised(read_floors(PATH.read_text(encoding="utf-8")), found)), encoding="utf-8")
        print(f"\nfloors written to {PATH.relative_to(ROOT)}")
    worse = below(found, read_floors(PATH.read_text(encoding="utf-8")))
    print("\nno figure is below its floor" if not worse else "\nbelow the floor:", *worse, sep="\n  ")
    return 1 if worse else 0


def _written(found: Floors) -> str:
    head = (
        "# What make accuracy may not fall below; raised by `python -m tests.accuracy --write-floors`, never lowered.\n"
    )
    tables = [
        f'\n["{key}"]\n' + "".join(f"{name} = {_digits(name, value)}\n" for name, value in row.items())
        for key, row in found.items()
    ]
    return head + "".join(tables)


def _digits(name: str, value: float) -> str:
    return f"{value:.6f}" if name in {"precision", "recall", "unknown"} else str(int(value))


if __name__ == "__main__":
    sys.exit(main())
