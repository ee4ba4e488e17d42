"""Every case of other projects, of every kind: answered as they do, otherwise for a reason, or not ours to answer."""

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kbgap.catalogue.edges import join_scans
from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.msrc_text import superseded
from kbgap.catalogue.records import Document
from kbgap.catalogue.rules import load_line_rules, load_lines, load_product_rules
from kbgap.catalogue.wsus import read_scan
from kbgap.core.model import Product, Value
from kbgap.core.product_names import classify, name_key, product_table, tidy_name
from kbgap.core.products import ProductIndex
from kbgap.core.versions import parse_version
from kbgap.inventory.formats import read_text
from kbgap.inventory.formats.shapes import architecture_in
from kbgap.inventory.kb import find_kb, parse_kb
from kbgap.inventory.normalise import Outside, normalise
from kbgap.inventory.report import Software
from kbgap.inventory.software import recognise
from tests.catalogue.scan_files import Listed, ScanFile
from tests.catalogue.test_edges import LINES
from tests.core.test_product_names import RULES, a_product
from tests.golden.judged import a_report
from tests.golden.peer_cases import Case, Outcome, Runner, not_run
from tests.inventory.formats.test_peer_cases import described

NO_RUNNER = "nobody wrote a runner yet"
ANOTHER_LIST = "judged by another tool's list of what is missing, which kbgap does not take"
WORDS = {"right": "right", "differs": "differs for a reason", "wrong": "WRONG", "not run": "not run"}
ARCHITECTURES = {"32-bit": "x86", "64-bit": "x64", "arm64": "arm64", "itanium": "ia64"}


class Told(Value, frozen=True):
    """One case that is not simply right: what we say instead, or why it was not run."""

    id: str
    kind: str
    text: str
    reason: str = ""


@dataclass
class Peers:
    """Counts by kind and class, and each case that is not right."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    differing: list[Told] = field(default_factory=list)
    idle: list[Told] = field(default_factory=list)

    @property
    def total(self) -> Counter[str]:
        """All kinds together."""
        return sum(self.counts.values(), Counter())


def differences() -> Mapping[str, str]:
    """The reason of each case that we answer otherwise, by its id."""
    text = (Path(__file__).parent.parent / "golden" / "differences.toml").read_text(encoding="utf-8")
    return {entry["id"]: entry["reason"] for entry in tomllib.loads(text).get("difference", [])}


def run_peers(catalogue: CatalogueFile, documents: tuple[Document, ...], shared_data: Path, folder: Path) -> Peers:
    """The outcome of every case; none is left out, and an unknown kind is not run."""
    cases: list[Case] = json.loads((shared_data / "peer_cases.json").read_text(encoding="utf-8"))["cases"]
    runner, reader, reasons = Runner(catalogue, documents, folder), Reader(catalogue, folder), differences()
    peers = Peers()
    for case in cases:
        run: Callable[[Case], Outcome] | None = getattr(reader, case["kind"], getattr(runner, case["kind"], None))
        outcome = run(case) if run is not None else not_run(NOT_OURS.get(case["kind"], NO_RUNNER))
        word = "not run" if outcome.not_run else "right"
        if outcome.wrong:
            word = "differs" if case["id"] in reasons else "wrong"
            told = f"{case['case']}: {'; '.join(outcome.wrong)}"
            peers.differing.append(
                Told(id=case["id"], kind=case["kind"], text=told, reason=reasons.get(case["id"], ""))
            )
        elif outcome.not_run:
            peers.idle.append(Told(id=case["id"], kind=case["kind"], text=outcome.not_run))
        peers.counts.setdefault(case["kind"], Counter())[word] += 1
    return peers


NOT_OURS = {
    "cross_track_supersedence": "edges made from titles of the update catalogue, which kbgap does not read",
    "kb_verdict_policy": ANOTHER_LIST,
    "kb_constraint": "a model in which advisories list the patch levels that are vulnerable",
    "office_version_parse": "Click-to-Run versions are compared as versions, not split into branch and build",
}


def same(found: object, wanted: object) -> Outcome:
    """Right when both are equal."""
    return Outcome(wrong=[] if found == wanted else [f"found {found}, not {wanted}"])


class Reader:
    """Runs the kinds that are about reading, naming and comparing; a method for each."""

    def __init__(self, catalogue: CatalogueFile, folder: Path) -> None:
        """Keep the catalogue whose products are named, and where small files may be made."""
        self.catalogue = catalogue
        self.folder = folder

    # --- reading ---

    def kb_id_parse(self, case: Case) -> Outcome:
        """The KB in a text."""
        return same(find_kb(case["input"]["text"]), case["expected"]["kb"])

    def kb_id_valid(self, case: Case) -> Outcome:
        """Whether a text is a KB."""
        return same(parse_kb(case["input"]["kb"]) is not None, case["expected"]["is_kb"])

    def supersedence_parse(self, case: Case) -> Outcome:
        """The KBs of a Supercedence text."""
        return same(list(superseded(case["input"]["supersedes_raw"]).kbs), case["expected"]["kbs"])

    def derive_supersedes(self, case: Case) -> Outcome:
        """Superseded-by turned round, read from a scan file made of the case."""
        given = case["input"]
        if not given["superseded_by"]:
            return not_run("starts from edges that it does not give")
        if any(row["update"] and not row["by_update"] for row in given["superseded_by"]):
            return not_run("an update without an id, which no scan file has")
        rows = [row for row in given["superseded_by"] if row["by_kb"]]
        newer = {kb: [int(row["by_kb"]) for row in rows if row["kb"] == kb] for kb in given["known_kbs"]}
        listed = [Listed(revision=int(kb), kb=f"500000{kb}", superseded_by=found) for kb, found in newer.items()]
        path = self.folder / f"{case['id']}.cab"
        path.write_bytes(ScanFile(listed).made())
        edges = join_scans([read_scan(path)], LINES)
        found = {(edge.newer, older) for older, by in edges.items() for edge in by}
        wanted = {(f"500000{row['kb']}", f"500000{row['older_kb']}") for row in case["expected"]["supersedes"]}
        return same(found, wanted)

    def parse_systeminfo(self, case: Case) -> Outcome:
        """A description of a system."""
        partial = read_text(next(iter(case["input"].values())), "x.txt")
        expected = dict(case["expected"])
        kbs = expected.pop("installed_kbs", None)
        outcome = same(described(partial), {**expected, "arch": architecture_in(expected["arch"])})
        outcome.check((list(partial.updates.kbs) if partial.updates else None) == kbs, "other KBs")
        return outcome

    parse_getcomputerinfo = parse_registry = parse_systeminfo

    def parse_gethotfix(self, case: Case) -> Outcome:
        """A list of KBs."""
        updates = read_text(case["input"]["text"], "x.txt", installed_list=True).updates
        return same(list(updates.kbs) if updates else [], case["expected"]["kbs"])

    parse_package_msu = parse_wua_search = parse_gethotfix

    def parse_packages(self, case: Case) -> Outcome:
        """A list of programs, updates among them."""
        partial = read_text(case["input"]["text"], "x.txt")
        found = [{"name": p.name, "version": p.version, "vendor": p.vendor} for p in partial.software]
        return same(found, case["expected"]["packages"])

    def format_build(self, case: Case) -> Outcome:
        """A build as written."""
        values = case["input"]
        text = f"ProductName : Windows 10 Pro\nCurrentVersion : {values['version']}\nCurrentBuild : {values['build']}\n"
        text += f"UBR : {values['revision']}\n" if "revision" in values else ""
        return same(read_text(text, "x.txt").build, case["expected"]["build"])

    # --- comparing ---

    def version_compare(self, case: Case) -> Outcome:
        """Two versions of one family; one that cannot be read compares with nothing."""
        one, other = parse_version(case["input"]["a"]), parse_version(case["input"]["b"])
        if case["expected"].get("error"):
            return same(None in {one, other}, True)
        if one is None or other is None:
            return Outcome(wrong=["a version cannot be read"])
        return same((one > other) - (one < other), case["expected"]["order"])

    office_build_compare = version_compare

    def office_build_verdict(self, case: Case) -> Outcome:
        """A version of Click-to-Run Office against the fixed one of two months of its channel."""
        version = parse_version(case["input"]["version"])
        found = {
            f"vulnerable_{month.replace('-', '_')}": version < fixed
            for month, text in case["input"]["fixed"].items()
            if version is not None and (fixed := parse_version(text)) is not None
        }
        return same(found, case["expected"])

    # --- naming ---

    def package_to_product(self, case: Case) -> Outcome:
        """What a program's name means."""
        program = Software(name=case["input"]["name"], version="1.0")
        items = recognise([program], self.catalogue.index, "x64").items
        ids = [product for item in items for product in item.products]
        names = {product.name for id_ in ids if (product := self.catalogue.index.by_id(id_)) is not None}
        return Outcome(wrong=[] if set(case["expected"]["products"]) <= names else [f"means {sorted(names)}"])

    def product_name(self, case: Case) -> Outcome:
        """The product of what a machine says of its Windows."""
        given, expected = case["input"], case["expected"]
        build = ".".join(filter(None, (given["version"], given["build"], given["revision"])))
        if expected["error"]:
            return same(given["build"].isdigit(), False)
        architecture = architecture_in(given["arch"])
        report = a_report(
            given["product_name"], build, architecture=architecture, installationType=given["installation_type"]
        )
        found = normalise(report, self.catalogue.index, self.catalogue.lines)
        if isinstance(found, Outside):
            return Outcome(wrong=[f"outside the catalogue: {found.reason}"])
        return same(found.machine.products[:1], (expected["product"],))

    def product_match(self, case: Case) -> Outcome:
        """The product of a build among some; where the list lacks it, no other one."""
        if not case["input"]["build"]:
            return not_run("by the display version: kbgap reads the build, which every format has")
        index = an_index(case["input"]["products"])
        number = int(case["input"]["build"].split(".")[2])
        found = index.windows("client", number, "x64").id if index.is_released("client", number) else None
        return same(found, case["expected"]["product_id"])

    def product_has_version(self, case: Case) -> Outcome:
        """Whether a name tells the version of its Windows."""
        name = case["input"]["name"]
        versions = {rule.id: rule.version for rule in load_line_rules()}
        (product,) = product_table({"1": [name]}, load_product_rules()).products.values()
        return same(versions[product.line] in name, case["expected"]["has_display_version"])

    def product_normalise(self, case: Case) -> Outcome:
        """How a name is spelled: names that differ only so are one product."""
        component, joint, windows = case["input"]["name"].rpartition(" on ")
        spelled = component + joint + tidy_name(windows, RULES)
        return Outcome(wrong=[] if name_key(spelled) == name_key(case["expected"]["name"]) else [f"spelled {spelled}"])

    def product_parts(self, case: Case) -> Outcome:
        """Software and architecture of a name; of a server without one we say x64, the peer "all"."""
        product, expected = a_product(case["input"]["name"]), case["expected"]
        outcome = same(product.software, expected["base_product"].lower().replace(" ", "_"))
        if expected["arch"] != "all":
            outcome.check(product.architecture == ARCHITECTURES[expected["arch"]], product.architecture)
        return outcome

    def product_same(self, case: Case) -> Outcome:
        """Whether two names are one Windows."""
        one, other = a_product(case["input"]["a"]), a_product(case["input"]["b"])
        alike = one.architecture == other.architecture or "" in {one.architecture, other.architecture}
        return same((one.software, one.line) == (other.software, other.line) and alike, case["expected"]["match"])

    def product_applicable(self, case: Case) -> Outcome:
        """Whether an update for one name can be for a Windows."""
        if case.get("note", "").startswith(("products outside its list", "peer policy")):
            return not_run("the peer's policy for products that it does not know")
        on, name = case["input"]["os_product"], case["input"]["advisory_product"]
        windows = name.rpartition(" on ")[2]
        platforms: dict[str, Product] = {"2": classify("2", windows, RULES, {})} if windows != name else {}
        advisory = classify("1-2" if platforms else "1", name, RULES, platforms)
        bound_to = platforms.get("2", advisory)
        is_candidate = not on or not advisory.platform or name_key(bound_to.name) == name_key(tidy_name(on, RULES))
        return same(is_candidate, case["expected"]["candidate"])

    # --- verdicts by another tool's list ---

    def cve_verdict(self, case: Case) -> Outcome:
        """Whether an advisory without any fix, or for a program that is not there, makes a row; else not ours."""
        given = case["input"]
        fixes: list[Any] = [fix for product in given["advisory"]["products"] for fix in product["fixes"]]
        return not_run(ANOTHER_LIST if any("kb" in fix for fix in fixes) else "asks about a CVE without a KB")


def an_index(names: Mapping[str, str]) -> ProductIndex:
    """An index of products with these names."""
    table = product_table({key: [name] for key, name in names.items()}, load_product_rules())
    return ProductIndex(table.products.values(), load_lines())
