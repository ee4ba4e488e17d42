"""SQL Server and Exchange: every build of a public list against every KB whose build another source gives.

kbgap's own table of programs' builds is left out, because it was made with the help of these very lists: what judges is
FixedBuild as Microsoft wrote it, with no correction of builds.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from kbgap.catalogue.compile import Compiled
from kbgap.catalogue.records import Document
from kbgap.core.assess import assess
from kbgap.core.gap import cves_of
from kbgap.core.model import Evidence, Installed, Product, Servicing, Track, UpdateList
from kbgap.core.project import project
from kbgap.core.versions import Version, parse_version, version_text
from tests.accuracy.labels import entries
from tests.accuracy.tally import Tally

LAST: Version = (9_999,)
Labels = Mapping[str, Version]  # by KB, the version that it brings on one branch


def judge_sql(compiled: Compiled, shared_data: Path) -> Tally:
    """Builds and KBs of SQL Server as dbatools lists them; a KB counts on the branch on which its build lies."""
    tally = Tally("SQL Server", "builds of the dbatools project, our table of builds left out")
    listed = json.loads((shared_data / "sql-builds" / "dbatools-buildref-index.json").read_text("utf-8"))["Data"]
    builds: dict[Version, set[str]] = defaultdict(set)
    for row in listed:
        kbs = row.get("KBList") or ()
        version = parse_version(row["Version"])
        if version is not None:
            builds[version] |= {str(kb) for kb in ([kbs] if isinstance(kbs, str) else kbs)}
    for product in compiled.products:
        if product.software.startswith("sql_server_2") and product.servicing is Servicing.VERSION and product.branch:
            here = {version: kbs for version, kbs in builds.items() if product.branch.holds(version)}
            brings: dict[str, Version] = {}
            for version, kbs in sorted(here.items(), reverse=True):
                brings |= dict.fromkeys(kbs, version)
            # The list has three numbers of four: a server at 15.0.4316 reports any 15.0.4316.x.
            judge(product, here, brings, compiled, tally, last=LAST)
    return tally


def judge_exchange(compiled: Compiled, documents: Iterable[Document], shared_data: Path) -> Tally:
    """Builds of Exchange as Microsoft's own script lists them by level and month; a month's document names the KB."""
    tally = Tally("Exchange Server", "builds of CSS-Exchange by month, our table of builds left out")
    with (shared_data / "exchange-builds" / "exchange_builds.csv").open(encoding="utf-8") as file:
        rows = [(parse_version(row["build"]), row["security_update"]) for row in csv.DictReader(file)]
    months, left_out = _kbs_by_month(documents), entries("left_out").keys()
    for product in compiled.products:
        if product.software.startswith("exchange_server") and product.servicing is Servicing.VERSION and product.branch:
            here = {version: month for version, month in rows if version and product.branch.holds(version)}
            brings: dict[str, Version] = {}
            if "Cumulative Update" not in product.name:
                continue  # the month's document names more than the security update for what has no level
            for version, month in here.items():
                kbs = months.get((product.id, _month(month)), set())
                if len(kbs) == 1 and not kbs & left_out:
                    brings[next(iter(kbs))] = version
            judge(product, here, brings, compiled, tally)
    return tally


def judge(
    product: Product,
    states: Iterable[Version],
    labels: Labels,
    compiled: Compiled,
    tally: Tally,
    last: Version = (),
) -> None:
    """A machine with each version of a branch (and ``last``) and no list of updates, against each KB of that branch."""
    published = compiled.fixes.get(product.id)
    named = {update.kb for update in published.updates if cves_of(published, update.kb)} if published else set()
    judged = named & labels.keys()
    for version in states if judged else ():
        evidence = Evidence(
            products=(Installed(product=product.id, software=product.software, version=version + last),),
            updates=UpdateList(),
            track=Track.ROLLUP,
        )
        (state,) = project(evidence, compiled.fixes)
        verdicts = {finding.kb: finding.verdict for finding in assess(state, compiled.fixes)}
        for kb in judged:
            told = f"{product.name}: KB{kb} brings {version_text(labels[kb])}, at {version_text(version)}"
            tally.note(verdicts.get(kb), told, is_missing=version < labels[kb])


def _kbs_by_month(documents: Iterable[Document]) -> dict[tuple[str, str], set[str]]:
    """By product id and month ("2021-Mar"), the KBs that CVEs of that month's document name."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for document in documents:
        for entry in document.entries:
            for row in entry.remedies:
                for product in row.products:
                    found[product, document.id].add(row.kb)
    return found


def _month(text: str) -> str:
    """``Mar21SU`` as "2021-Mar"; empty for anything else."""
    match = re.fullmatch(r"([A-Z][a-z]{2})(\d\d)SU(?:v\d)?", text)
    return f"20{match[2]}-{match[1]}" if match else ""
