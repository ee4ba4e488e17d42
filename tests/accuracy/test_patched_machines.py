"""Fully patched machines of June 2026 miss nothing, and nothing is unknown but what no list and no build can tell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.overrides import load_overrides
from kbgap.core.levels import cumulative_releases
from kbgap.core.model import Kind, Product, Release
from tests.golden.judged import Said, a_report, said_of

LAST_DAY = "2026-06-30"
# Updates that leave no trace (semantics 3.8): what the overrides name, and kinds that are in no cumulative update.
LEAVE_NO_TRACE = {Kind.SERVICING_STACK, Kind.SETUP}
ROLES = {"client": "Client", "server": "Server"}


def patched(catalogue: CatalogueFile) -> Iterator[tuple[Product, Release]]:
    """Every Windows of every line but HoloLens, with the newest update of its line at the end of June 2026."""
    for product in catalogue.products:
        line = catalogue.lines.get(product.line)
        fixes = catalogue.fixes(product.id)
        if line is None or fixes is None or product.platform != product.id or product.role not in ROLES:
            continue
        # Some releases have no date in the table; those that fix something are dated by Microsoft's documents.
        fixing = {update.kb for update in fixes.updates if update.published <= LAST_DAY}
        known = [r for r in line.releases if ("" < r.date <= LAST_DAY) or (not r.date and r.kb in fixing)]
        if line.cumulative:
            cumulative = {release.kb for release in cumulative_releases(line)}
            built = [(r.build, r) for r in known if r.build is not None and r.kb in cumulative]
            yield product, max(built, key=lambda pair: pair[0])[1]
        elif rollups := [release for release in known if release.kind == "rollup"]:
            yield product, rollups[-1]


def asked(catalogue: CatalogueFile, product: Product, release: Release) -> Said:
    """What is said of one that lists nothing else: no list is called complete, and no history was sent."""
    line = catalogue.lines[product.line]
    build = str(release.build) if release.build is not None else line.prefix
    # KB4103728 came after all that the release table knows of 1511, and nobody tells its build: it is the newest there.
    fixes = catalogue.fixes(product.id)
    later = [u.kb for u in fixes.updates if release.date and LAST_DAY >= u.published > release.date] if fixes else []
    listed = {r.kb for r in line.releases}
    newest = [kb for kb in later if kb not in listed] if line.cumulative else []
    name = product.name.partition(" for ")[0].replace(" (Server Core installation)", "")
    said = said_of(
        a_report(
            name,
            build,
            [release.kb, *newest],
            complete=False,
            architecture=product.architecture or "x64",
            installationType="Server Core" if product.core else ROLES[product.role],
        ),
        catalogue,
        LAST_DAY,
    )
    assert isinstance(said, Said), product.name
    return said


@pytest.mark.timeout(300)
def test_nothing_is_missing_on_a_patched_machine_of_any_line(real_catalogue: CatalogueFile, shared_data: Path) -> None:
    """Of Windows, unknown is only what section 3.8 names; of .NET, whatever no list proves."""
    traceless = load_overrides().traceless
    missing: dict[str, set[str]] = {}
    unknown: dict[str, set[str]] = {}
    cumulative = 0

    for product, release in patched(real_catalogue):
        said = asked(real_catalogue, product, release)
        fixes = real_catalogue.fixes(product.id)
        assert fixes is not None
        exempt = traceless | {update.kb for update in fixes.updates if update.kind in LEAVE_NO_TRACE}
        if said.missing:
            missing[product.name] = set(said.missing)
        if real_catalogue.lines[product.line].cumulative:
            cumulative += 1
            left = {f.kb for f in said.findings[said.software] if f.kb in said.unknown} - exempt
            if left:
                unknown[product.name] = left

    assert cumulative >= 60
    assert missing == {}
    assert unknown == {}
