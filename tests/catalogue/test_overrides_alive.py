"""Every override of the package still corrects something in Microsoft's documents, and the names still say all."""

from collections import Counter

import pytest

from kbgap.catalogue.overrides import apply, load_overrides
from kbgap.catalogue.records import Document
from kbgap.catalogue.rules import load_product_rules
from kbgap.core.product_names import product_table


@pytest.fixture(scope="session")
def names(real_documents: tuple[Document, ...]) -> dict[str, set[str]]:
    """Every product id of the documents with all names that it has had."""
    found: dict[str, set[str]] = {}
    for document in real_documents:
        for product, spelled in document.products.items():
            found.setdefault(product, set()).update(spelled)
    return found


def test_every_override_still_changes_something(real_documents: tuple[Document, ...]) -> None:
    """One that does not is dead: Microsoft has mended the data, or the entry never fitted. Take it out."""
    corrected, use = apply(real_documents, load_overrides())

    assert use.unused == ()
    assert len(corrected) == len(real_documents)


def test_windows_10_20h2_on_x64_has_the_months_that_its_sisters_have(real_documents: tuple[Document, ...]) -> None:
    """In 25 documents Microsoft lost its rows."""
    corrected, _ = apply(real_documents, load_overrides())

    def documents_naming(product: str) -> set[str]:
        return {
            document.id
            for document in corrected
            if any(product in remedy.products for entry in document.entries for remedy in entry.remedies)
        }

    assert documents_naming("11800") >= documents_naming("11801") & documents_naming("11802")
    assert len(documents_naming("11800")) >= 31


def test_the_families_of_products_with_kbs_are_known_by_number(
    real_documents: tuple[Document, ...], names: dict[str, set[str]]
) -> None:
    """A rule that takes too much or too little shows here first."""
    with_kbs = {p for d in real_documents for entry in d.entries for remedy in entry.remedies for p in remedy.products}
    table = product_table(names, load_product_rules())

    known = [table.products[table.canonical[product]] for product in with_kbs & set(table.canonical)]
    families = Counter(product.component or "windows" for product in known if product.platform)

    assert families == {
        ".net": 396,
        "windows": 89,
        "internet-explorer": 45,
        "windows-part": 41,
        "ie-mode": 39,
        "flash": 34,
        "defender-for-endpoint": 39,
        "edgehtml": 31,
    }
