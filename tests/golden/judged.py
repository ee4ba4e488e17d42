"""One machine through the whole pipeline, with everything that was said of it in sets."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.assess import assess
from kbgap.core.errors import Invalid
from kbgap.core.gap import cves_of
from kbgap.core.model import ByList, Evidence, Fixes, Kind
from kbgap.core.project import project
from kbgap.core.verdicts import Finding, IsCovered, IsInstalled, IsMissing, IsUnknown
from kbgap.inventory.decode import decode_report
from kbgap.inventory.normalise import Normalised, Outside, normalise
from kbgap.inventory.report import Report
from kbgap.operations.audit import fixes_for, judge


@dataclass(frozen=True)
class Said:
    """What ``kbgap audit`` says of one machine, and the findings behind it by software."""

    products: tuple[str, ...]
    evidence: Evidence
    fixes: Fixes
    findings: Mapping[str, tuple[Finding, ...]]
    missing: frozenset[str]
    unknown: frozenset[str]
    install: tuple[str, ...]
    rows: Mapping[str, int]  # cveAddressed by KB

    @property
    def open_cves(self) -> frozenset[str]:
        """Every CVE that is open for sure."""
        return frozenset(cve for found in self.findings.values() for finding in found for cve in finding.open_cves)

    @property
    def windows(self) -> str:
        """The product id of its Windows: ids of components are composite."""
        return next(item.product for item in self.evidence.products if "-" not in item.product)

    def missing_for(self, software: str) -> frozenset[str]:
        """The KBs that one software misses."""
        return frozenset(f.kb for f in self.findings.get(software, ()) if isinstance(f.verdict, IsMissing))

    @property
    def software(self) -> str:
        """The software that names Windows itself."""
        return next(item.software for item in self.evidence.products if item.product == self.windows)

    @property
    def missing_for_windows(self) -> frozenset[str]:
        """The KBs that Windows itself misses, whatever its components miss."""
        return self.missing_for(self.software)

    def verdict(self, kb: str, software: str) -> str:
        """``missing``, ``unknown``, ``installed``, ``covered``, ``not entitled``; ``nothing`` when nothing is said."""
        words = {IsMissing: "missing", IsUnknown: "unknown", IsInstalled: "installed", IsCovered: "covered"}
        found = [finding for finding in self.findings.get(software, ()) if finding.kb == kb]
        return words.get(type(found[0].verdict), "not entitled") if found else "nothing"

    def by_build(self, kb: str) -> bool:
        """Whether a build decides about the KB for Windows itself."""
        updates = self.fixes[self.windows].updates
        return any(update.kb == kb and not isinstance(update.proof, ByList) for update in updates)

    def cves_of_windows(self, kb: str) -> frozenset[str]:
        """The CVEs that the KB closes for Windows itself."""
        return cves_of(self.fixes[self.windows], kb)

    def fixes_windows(self, kb: str) -> bool:
        """Whether the KB closes a CVE of Windows and is no preview."""
        kinds = {update.kind for update in self.fixes[self.windows].updates if update.kb == kb}
        return bool(kinds - {Kind.PREVIEW_ROLLUP}) and bool(self.cves_of_windows(kb))


def a_report(
    name: str,
    build: str,
    installed: Iterable[str] = (),
    *,
    complete: bool = True,
    architecture: str | None = None,
    uninstalled: Iterable[str] = (),
    pending: Iterable[str] = (),
    **more: Any,  # noqa: ANN401 - further members of "os", as JSON
) -> Report:
    """A report in the documented JSON form, read by the real reader; Invalid is raised."""
    states = {"installed": installed, "pending": pending, "uninstalled": uninstalled}
    top: dict[str, Any] = {key: more.pop(key) for key in ("dotnet", "software") if key in more}
    sources = more.pop("sources", ["qfe"])
    os = {"name": name, "build": build} | ({"architecture": architecture} if architecture else {}) | more
    told: dict[str, Any] = {
        "schema": "kbgap.report/1",
        "os": os,
        "installedUpdates": [{"kb": kb, "state": state} for state, kbs in states.items() for kb in kbs],
        "updateList": {"complete": complete, "sources": sources},
        **top,
    }
    read = decode_report(json.dumps(told))
    if isinstance(read, Invalid):
        raise read
    return read


def said_of(report: Report, catalogue: CatalogueFile, day: str | None = None) -> Said | Outside:
    """What the audit says, with the findings that it was made from."""
    judged = judge(report, catalogue, day)
    normalised = normalise(report, catalogue.index, catalogue.lines)
    if isinstance(judged, Outside) or not isinstance(normalised, Normalised):
        assert isinstance(judged, Outside)
        return judged
    fixes = fixes_for(normalised.evidence, catalogue, day)
    findings = {state.software: assess(state, fixes) for state in project(normalised.evidence, fixes)}
    said = Said(
        products=judged.machine.products,
        evidence=normalised.evidence,
        fixes=fixes,
        findings=findings,
        missing=frozenset(update.kb for update in judged.gap.missing),
        unknown=frozenset(update.kb for update in judged.gap.unknown),
        install=judged.install,
        rows={update.kb: len(update.cves) for update in judged.gap.missing},
    )
    assert said.missing == frozenset(kb for software in findings for kb in said.missing_for(software))
    return said
