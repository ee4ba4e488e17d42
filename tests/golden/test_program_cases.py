"""What users of other projects reported of programs, case by case, through the real pipeline."""

import json
from pathlib import Path
from typing import Any

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.gap import cves_of
from kbgap.inventory.report import Software
from kbgap.inventory.software import recognise
from tests.golden.test_programs import said

Case = dict[str, Any]
# scenario-049 compares a file of .NET Framework, which no product is; 069 asks for a look at Microsoft's pages.
NO_MACHINES = {"scenario-049"}


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> list[Case]:
    """All of them."""
    found: list[Case] = json.loads((shared_data / "peer_cases.json").read_text("utf-8"))["cases"]
    return found


def test_scenarios_with_programs_end_as_they_should(real_catalogue: CatalogueFile, cases: list[Case]) -> None:
    """SQL Server, Exchange, Office by MSI and by Click-to-Run; other KBs may be missing or not."""
    run = 0
    for case in cases:
        given, expected = case["input"], case["expected"]
        if case["kind"] != "scenario" or given["os_product"] or not given.get("software") or case["id"] in NO_MACHINES:
            continue
        programs = [(program["name"], program["version"]) for program in given["software"]]
        found = said(real_catalogue, *programs, installed=tuple(given["installed_kbs"]), day=given.get("as_of"))
        windows_alone = said(real_catalogue, installed=tuple(given["installed_kbs"]), day=given.get("as_of"))
        missing = found.missing - windows_alone.missing
        run += 1

        assert missing >= set(expected.get("must_report_kbs", [])), case["id"]
        assert not missing & set(expected.get("must_not_report_kbs", [])), case["id"]
        assert not found.open_cves & set(expected.get("must_not_report_cves", [])), case["id"]
        if "missing_kbs" in expected:
            assert missing == set(expected["missing_kbs"]), case["id"]
    assert run >= 7


def test_names_of_programs_mean_the_products_that_peers_say(real_catalogue: CatalogueFile, cases: list[Case]) -> None:
    """Edge, Visual Studio Code and its Insiders, and Teams, which is two products."""
    run = 0
    for case in cases:
        if case["kind"] == "package_to_product":
            program = Software(name=case["input"]["name"], version="1.0")
            (item,) = recognise([program], real_catalogue.index, "x64").items
            names = [product.name for p in item.products if (product := real_catalogue.index.by_id(p)) is not None]
            run += 1

            assert set(case["expected"]["products"]) <= set(names), case["id"]
    assert run >= 4


def test_a_kb_closes_as_many_cves_of_a_program_as_peers_count(real_catalogue: CatalogueFile, cases: list[Case]) -> None:
    """Distinct ids of fix rows for the product, over all documents, nothing inherited (semantics 3.6)."""
    counted = 0
    for case in cases:
        product = (
            real_catalogue.index.by_name(case["input"].get("product", "")) if case["kind"] == "kb_cve_count" else None
        )
        published = real_catalogue.fixes(product.id) if product is not None and not product.platform else None
        if published is not None:
            counted += 1

            assert len(cves_of(published, case["input"]["kb"])) == case["expected"]["cve_count_direct"], case["id"]
    assert counted >= 21
