"""Run what other projects' tests, users and Windows Update itself say through the real pipeline, case by case."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.records import Document, Entry, Remedy
from kbgap.core.builds import parse_os_build
from kbgap.core.errors import Invalid, NotFound
from kbgap.core.gap import cves_of
from kbgap.core.model import Kind
from kbgap.core.product_names import name_key
from kbgap.core.supersedence import newer_by_older, superseding
from kbgap.core.versions import parse_version
from kbgap.inventory.normalise import Outside
from kbgap.operations.refresh_catalogue import compile_documents
from tests.golden.judged import Said, a_report, said_of

Case = Mapping[str, Any]
PROGRAMS_ON = {"name": "Microsoft Windows Server 2019 Standard", "build": "10.0.17763.8755", "architecture": "x64"}


@dataclass
class Outcome:
    """What came of one case: the wrong answers, or why it was not run."""

    wrong: list[str] = field(default_factory=list)
    not_run: str = ""

    def check(self, claim: bool, otherwise: str) -> None:
        """Note what is wrong unless the claim holds."""
        if not claim:
            self.wrong.append(otherwise)


def not_run(reason: str) -> Outcome:
    """A case that says nothing about what kbgap judges."""
    return Outcome(not_run=reason)


class Runner:
    """Runs cases against the real catalogue, and against small ones of its own making in ``folder``."""

    def __init__(self, catalogue: CatalogueFile, documents: tuple[Document, ...], folder: Path) -> None:
        """Keep what the cases are run against."""
        self.catalogue = catalogue
        self.documents = documents
        self.folder = folder

    def run(self, case: Case) -> Outcome:
        """The outcome of a case of any kind that concerns Windows and its components."""
        runner: Callable[[Case], Outcome] = getattr(self, case["kind"])
        return runner(case)

    # --- judging a machine ---

    def judge(
        self, given: Case, catalogue: CatalogueFile | None = None, *, complete: bool | None = None
    ) -> Said | Outside:
        """The machine of a case. One that reports its UBR lists only what the case is about, as real ones do."""
        history = [event for event in given.get("history", []) if event["result"] == "succeeded"]
        report = a_report(
            given.get("os_name") or given["os_product"],
            given["build"],
            [*filter(None, given.get("installed_kbs", [])), *(e["kb"] for e in history if e["operation"] == "install")],
            complete=given["build"].count(".") < 3 if complete is None else complete,
            architecture=given.get("arch", "x64"),
            uninstalled=[event["kb"] for event in history if event["operation"] == "uninstall"],
        )
        return said_of(report, catalogue or self.catalogue, given.get("as_of"))

    def covered(self, given: Case, catalogue: CatalogueFile | None = None, *, complete: bool | None = None) -> Said:
        """The same for a machine that the catalogue must cover."""
        said = self.judge(given, catalogue, complete=complete)
        assert isinstance(said, Said), said
        return said

    def scenario(self, case: Case) -> Outcome:
        """A machine, and what must or must not be said of it."""
        given, expected = case["input"], case["expected"]
        if not given["os_product"]:
            return self.programs(case)
        said = self.judge(given)
        if isinstance(said, Outside):
            return Outcome(wrong=[f"outside the catalogue: {said.reason}"])
        outcome = Outcome()
        checks: dict[str, Callable[[Any], Iterator[str]]] = {
            "must_report_kbs": lambda kbs: (f"KB{kb} is not missing" for kb in kbs if kb not in said.missing),
            "must_not_report_kbs": lambda kbs: (f"KB{kb} is missing" for kb in kbs if kb in said.missing),
            "must_report_any_of_kbs": lambda groups: (
                f"none of {group} is missing" for group in groups if said.missing.isdisjoint(group)
            ),
            "must_report_cves": lambda cves: (f"{cve} is not open" for cve in cves if cve not in said.open_cves),
            "must_not_report_cves": lambda cves: (f"{cve} is open" for cve in cves if cve in said.open_cves),
            "missing_not_empty": lambda wanted: iter(() if said.missing or not wanted else ("nothing is missing",)),
            "missing_kbs": lambda kbs: (
                f"missing {sorted(said.missing)}" for _ in [0] if said.missing != frozenset(kbs)
            ),
            "product": lambda name: (
                f"judged as {said.products}" for _ in [0] if name_key(name) not in map(name_key, said.products)
            ),
            "installed_kbs_effective": lambda kbs: (
                f"installed {sorted(said.evidence.updates.installed)}"
                for _ in [0]
                if said.evidence.updates.installed != frozenset(kbs)
            ),
            "cve_count_direct": lambda counts: (
                f"KB{kb} closes {len(said.cves_of_windows(kb))} CVEs of Windows, not {count}"
                for kb, count in counts.items()
                if len(said.cves_of_windows(kb)) != count
            ),
        }
        for key, value in expected.items():
            outcome.wrong += checks[key](value)
        return outcome

    def programs(self, case: Case) -> Outcome:
        """The same for programs on some Windows; what that Windows misses by itself does not count."""
        given, expected = case["input"], case["expected"]
        if not given.get("software"):
            return not_run("names no machine and no program")
        if "fixed_version" in given:
            return not_run("a file of .NET Framework: kbgap reads versions of programs and Windows, not of files")
        told: dict[str, Any] = {
            "os": PROGRAMS_ON,
            "architecture": given["software"][0].get("arch") or given["arch"],
            "installed": tuple(given["installed_kbs"]),
            "day": given.get("as_of"),
        }
        programs = [(program["name"], program["version"]) for program in given["software"]]
        found, windows_alone = (self.programs_said(some, **told) for some in (programs, []))
        missing = found.missing - windows_alone.missing
        outcome = Outcome()
        lacking = set(expected.get("must_report_kbs", [])) - missing
        outcome.check(not lacking, f"not missing: {sorted(lacking)}")
        invented = missing & set(expected.get("must_not_report_kbs", []))
        outcome.check(not invented, f"missing: {sorted(invented)}")
        is_open = found.open_cves & set(expected.get("must_not_report_cves", []))
        outcome.check(not is_open, f"open: {sorted(is_open)}")
        whole = "missing_kbs" in expected
        outcome.check(not whole or missing == set(expected.get("missing_kbs", [])), f"missing {sorted(missing)}")
        return outcome

    def verdict(self, case: Case) -> Outcome:
        """One program of the case's own catalogue, on its Windows."""
        given, wanted = case["input"], set(case["expected"]["missing_kbs"])
        about = {row["kb"] for row in given["catalogue"]}
        os = {"name": given["os_product"], "build": given["build"], "architecture": "x64"}
        programs = [(program["name"], program["version"]) for program in given["software"]]
        architecture = given["software"][0].get("arch", "x64") if given["software"] else "x64"
        installed = tuple(given["installed_kbs"])
        said = self.programs_said(programs, os=os, architecture=architecture, installed=installed)
        return Outcome(wrong=[] if said.missing & about == wanted else [f"missing {sorted(said.missing & about)}"])

    def programs_said(
        self,
        programs: Sequence[tuple[str, str]],
        *,
        os: Mapping[str, str],
        architecture: str,
        installed: tuple[str, ...],
        day: str | None = None,
    ) -> Said:
        """What is said of a machine with some programs and a complete history of updates."""
        software = [{"name": n, "version": v or None, "architecture": architecture} for n, v in programs]
        report = a_report(
            os["name"], os["build"], installed, architecture=os["architecture"], software=software, sources=["history"]
        )
        said = said_of(report, self.catalogue, day)
        assert isinstance(said, Said), said
        return said

    def kernel_version_kbs(self, case: Case) -> Outcome:
        """A build, and the releases of its line at or below and above it; only those that fix a CVE can be missing."""
        given, expected = case["input"], case["expected"]
        try:
            said = self.judge(given, complete=False)
        except Invalid:
            return Outcome(wrong=[] if expected.get("error") else ["refused"])
        if isinstance(said, Outside):
            return Outcome(wrong=[f"outside the catalogue: {said.reason}"])
        wrong = [f"KB{kb} is missing" for kb in expected["applied_kbs"] if kb in said.missing]
        wrong += [
            f"KB{kb} is not missing"
            for kb in expected["missing_kbs"]
            if said.fixes_windows(kb) and kb not in said.missing
        ]
        return Outcome(wrong=wrong)

    def wua_oracle(self, case: Case) -> Outcome:
        """What Windows Update offered is the install set, not the missing list (semantics 3.6)."""
        said = self.covered(case["input"])
        wanted = case["expected"]["missing_security_kbs_os"]
        return Outcome(wrong=[f"would install {said.install}"] if sorted(said.install) != sorted(wanted) else [])

    def month_analysis(self, case: Case) -> Outcome:
        """One month's documents alone: which KB of Windows is missing, and what it closes."""
        expected = case["expected"]
        month = next(document for document in self.documents if document.id == "2024-Jan")
        with self.compiled([month], case["id"]) as catalogue:
            said = self.covered(case["input"], catalogue)
        windows = sorted(said.missing_for_windows)
        outcome = Outcome()
        outcome.check(windows == expected["missing_kbs"], f"Windows misses {windows}")
        cves = {cve for kb in windows for cve in said.cves_of_windows(kb)}
        outcome.check(len(cves) == expected["cve_count"], f"{len(cves)} CVEs, not {expected['cve_count']}")
        outcome.check(set(expected.get("cves_closed", cves)) == cves, f"other CVEs: {sorted(cves)}")
        outcome.check(set(expected.get("cves_closed_include", [])) <= cves, "a CVE is lacking")
        return outcome

    def kb_twin(self, case: Case) -> Outcome:
        """A later or parallel update that closes all that a KB closes: who has it does not miss the KB."""
        given = case["input"]
        twins = case["expected"]["also_fixed_by"]
        product = self.catalogue.index.by_name(given["os_product"])
        if not twins or product is None:
            return not_run("names no other update")
        line = self.catalogue.lines[product.line]
        outcome = Outcome()
        for twin in twins:
            build = next((release.build for release in line.releases if release.kb == twin), None)
            number = f"{line.prefix}.{build.ubr}" if line.cumulative and build else line.prefix
            machine = {**given, "arch": product.architecture or "x64", "build": number, "installed_kbs": [twin]}
            said = self.covered(machine, complete=False)
            outcome.check(given["kb"] not in said.missing_for_windows, f"KB{given['kb']} is missing beside KB{twin}")
        return outcome

    # --- what the catalogue says ---

    def kb_cve_count(self, case: Case) -> Outcome:
        """Distinct CVE ids that a KB fixes for one product."""
        given = case["input"]
        product = self.catalogue.index.by_name(given["product"])
        fixes = self.catalogue.fixes(product.id) if product is not None else None
        if fixes is None:
            return not_run("not a product that kbgap judges")
        found = len(cves_of(fixes, given["kb"]))
        wanted = case["expected"]["cve_count_direct"]
        return Outcome(wrong=[f"{found} CVEs, not {wanted}"] if found != wanted else [])

    def catalogue_errata(self, case: Case) -> Outcome:
        """The fixed build of one CVE on one product, after corrections; None when what is written there is no build."""
        given = case["input"]
        product = self.catalogue.index.by_name(given["product"])
        if product is None:
            return not_run("the documents of 2026-07-06 have no such product")
        try:
            products = self.catalogue.cve(given["cve"]).products
        except NotFound:
            return not_run("the documents of 2026-07-06 have no fix of this CVE")
        key = name_key(given["product"])
        told = [text for p in products if name_key(p.product) == key for text in p.fixed_build.split(", ")]
        wanted = case["expected"]["fixed_build"]
        if wanted is None:
            return Outcome(wrong=[f"says {told}"] if given["fixed_build_raw"] in told else [])
        return Outcome(wrong=[] if wanted in told else [f"says {told}"])

    fixed_build_normalise = catalogue_errata

    def fixed_build_compare(self, case: Case) -> Outcome:
        """A machine's build against the fixed builds of an advisory: only those of its own line count."""
        given, expected = case["input"], case["expected"]
        if not given["os_product"]:
            return self.fixed_version_compare(case)
        builds = given["advisory"].get("fixed_builds") or [given["advisory"]["fixed_build"]]
        rows = [(str(5_900_000 + place), build, ()) for place, build in enumerate(builds)]
        with self.made(given["os_product"], rows, case["id"]) as catalogue:
            said = self.covered(given, catalogue)
        if not any(parse_os_build(build) for build in builds):
            decided = [build for build, (kb, _, _) in zip(builds, rows, strict=True) if said.by_build(kb)]
            return Outcome(wrong=[f"a text that is no build decided: {decided}"] if decided else [])
        return Outcome(
            wrong=[] if bool(said.missing) is expected["vulnerable"] else [f"missing {sorted(said.missing)}"]
        )

    def fixed_version_compare(self, case: Case) -> Outcome:
        """A program that is known by its version alone."""
        (program,) = case["input"]["software"]
        version, fixed = parse_version(program["version"]), parse_version(case["input"]["advisory"]["fixed_build"])
        if version is None or fixed is None:
            return Outcome(wrong=["a version cannot be read"])
        is_vulnerable = version < fixed
        return Outcome(wrong=[] if is_vulnerable is case["expected"]["vulnerable"] else ["compared wrongly"])

    # --- supersedence ---

    def supersedence_forward(self, case: Case) -> Outcome:
        """What is newer than an installed KB."""
        newer = newer_by_older((new, old) for old, new in edges_of(case))
        found = {kb for installed in case["input"]["installed_kbs"] for kb in superseding(installed, newer)}
        wanted = set(case["expected"]["newer_kbs"])
        return Outcome(wrong=[] if found == wanted else [f"found {sorted(found)}"])

    def supersedence_expand(self, case: Case) -> Outcome:
        """Installed KBs cover what they supersede; of what remains the newer ones are missing."""
        given, expected = case["input"], case["expected"]
        if given.get("sources_allowed"):
            return not_run("kbgap has one source of supersedence")
        if given["reported_missing_kbs"]:
            return not_run("kbgap judges by what is installed, not by another tool's list of what is missing")
        pairs = list(edges_of(case))
        # Numbers of our own: the release table knows the real ones, and for which Windows they are.
        number = {kb: str(5_900_000 + place) for place, kb in enumerate(sorted({kb for pair in pairs for kb in pair}))}
        rows = [(mine, "", tuple(number[old] for old, new in pairs if new == kb)) for kb, mine in number.items()]
        with self.made("Windows Server 2012", rows, case["id"]) as catalogue:
            installed = [number[kb] for kb in given["installed_kbs"]]
            missing = self.covered(
                {"os_product": "Windows Server 2012", "build": "6.2.9200", "installed_kbs": installed}, catalogue
            ).missing
        outcome = Outcome()
        there = {kb for kb, mine in number.items() if mine not in missing}
        outcome.check(there == set(expected["covered_kbs"]), f"covered {sorted(there)}")
        outcome.check({number[kb] for kb in expected["missing_kbs"]} <= missing, f"missing {sorted(missing)}")
        return outcome

    def bulletin_patched(self, case: Case) -> Outcome:
        """A fix is there when it, or something that supersedes it, is installed."""
        given = case["input"]
        supersedes: dict[str, list[str]] = {kb: [] for kb in given["fix_kbs"]} | given.get("supersedes", {})
        number = {kb: str(5_900_000 + int(kb)) for kb in {*supersedes, *given["installed_kbs"], *given["fix_kbs"]}}
        rows = [(number[kb], "", tuple(str(5_900_000 + int(o)) for o in older)) for kb, older in supersedes.items()]
        with self.made("Windows Server 2012", rows, case["id"]) as catalogue:
            installed = [number[kb] for kb in given["installed_kbs"]]
            machine = {"os_product": "Windows Server 2012", "build": "6.2.9200", "installed_kbs": installed}
            missing = self.covered(machine, catalogue).missing
        patched = missing.isdisjoint(number[kb] for kb in given["fix_kbs"])
        return Outcome(wrong=[] if patched is case["expected"]["patched"] else [f"missing {sorted(missing)}"])

    def kb_filter_by_os(self, case: Case) -> Outcome:
        """A KB is only for the products that its rows name."""
        given, expected = case["input"], case["expected"]
        remedies = [a_remedy(kb, "", (), names) for kb, names in given["kb_products"].items()]
        products = {name for names in given["kb_products"].values() for name in names} | set(given["os_products"])
        with self.compiled([a_document(remedies, products)], case["id"]) as catalogue:
            kept: set[str] = set()
            for name in given["os_products"]:
                product = catalogue.index.by_name(name)
                fixes = catalogue.fixes(product.id) if product is not None else None
                kept |= {update.kb for update in fixes.updates} if fixes is not None else set()
        return Outcome(wrong=[] if kept == set(expected["kept"]) else [f"kept {sorted(kept)}"])

    def detect(self, case: Case) -> Outcome:
        """Which of some CVEs a machine has open."""
        given = case["input"]
        if given["reported_missing_kbs"]:
            return not_run("kbgap judges by what is installed, not by another tool's list of what is missing")
        build = "10.0.19041"
        said = self.covered({**given, "build": build})
        asked = {advisory["cve"] for advisory in given["advisories"]}
        found = said.open_cves & asked
        wanted = set(case["expected"]["vulnerable_cves"])
        return Outcome(wrong=[] if found == wanted else [f"open {sorted(found)}"])

    # --- catalogues of our own ---

    def made(self, name: str, rows: Sequence[tuple[str, str, tuple[str, ...]]], label: str) -> CatalogueFile:
        """A catalogue in which each KB fixes a CVE of its own on one Windows: KB, FixedBuild, superseded KBs."""
        remedies = [a_remedy(kb, build, older, (name,)) for kb, build, older in rows]
        return self.compiled([a_document(remedies, {name})], label)

    def compiled(self, documents: list[Document], label: str) -> CatalogueFile:
        """A catalogue file of some documents, with the product rules and the release table that kbgap ships."""
        return CatalogueFile(write_catalogue(compile_documents(documents), self.folder / label))


def edges_of(case: Case) -> Iterator[tuple[str, str]]:
    """All edges of a case, older first, whatever their source."""
    return ((old, new) for pairs in case["input"]["edges_older_to_newer"].values() for old, new in pairs)


def a_remedy(kb: str, fixed_build: str, supersedes: tuple[str, ...], names: tuple[str, ...] | list[str]) -> Remedy:
    """A plain fix row; its products are named, not numbered, until ``a_document`` numbers them."""
    return Remedy(
        kb=kb,
        kind=Kind.SECURITY,
        subtype="Security Update",
        url="",
        supersedes=supersedes,
        fixed_build=fixed_build,
        products=tuple(names),
    )


def a_document(remedies: list[Remedy], names: set[str]) -> Document:
    """One document in which each remedy closes one CVE."""
    ids = {name: str(90_000 + place) for place, name in enumerate(sorted(names))}
    day = "2099-01-01"
    return Document(
        id="2099-Jan",
        title="A month",
        initial=day,
        current=day,
        products={ids[name]: (name,) for name in ids},
        entries=tuple(
            Entry(
                id=f"CVE-2099-{place:04}",
                title="A flaw",
                published=day,
                revised=day,
                remedies=(msgspec.structs.replace(row, products=tuple(ids[name] for name in row.products)),),
            )
            for place, row in enumerate(remedies)
        ),
    )
