"""Every product name in Microsoft's documents of 25 years has a rule of ours, and none with a KB is declared away."""

from collections import Counter

import pytest

from kbgap.catalogue.overrides import apply, load_overrides
from kbgap.catalogue.records import Document
from kbgap.catalogue.rules import load_product_rules
from kbgap.core.model import Product
from kbgap.core.product_names import classify, product_table

Names = dict[str, set[str]]


@pytest.fixture(scope="module")
def names(real_documents: tuple[Document, ...]) -> Names:
    """All names of each of the 7,355 ids."""
    found: Names = {}
    for document in real_documents:
        for product, spelled in document.products.items():
            found.setdefault(product, set()).update(spelled)
    return found


@pytest.fixture(scope="module")
def meant(names: Names) -> dict[str, list[Product]]:
    """What each name of each id means."""
    rules = load_product_rules()
    single = {key: [classify(key, n, rules, {}) for n in spelled] for key, spelled in names.items() if "-" not in key}
    platforms = {key: found[0] for key, found in single.items() if found[0].platform}
    parts = {key: [classify(key, n, rules, platforms) for n in spelled] for key, spelled in names.items() if "-" in key}
    return single | parts


def test_every_name_has_a_rule(meant: dict[str, list[Product]]) -> None:
    """A name is a product with a software id, or is on no Windows machine for a reason; a new one must be looked at."""
    without = {p.name for found in meant.values() for p in found if not p.software and not p.reason and not p.platform}

    assert len(meant) == 7_355
    assert without == set()


def test_all_names_of_one_id_mean_one_software(meant: dict[str, list[Product]]) -> None:
    """An id has had up to two names, which differ in spelling; a rule that tells them apart is wrong."""
    differing = {key for key, found in meant.items() if len({(p.software, p.branch, p.line) for p in found}) > 1}

    assert differing == set()


def test_no_product_with_a_kb_is_declared_away(
    real_documents: tuple[Document, ...], meant: dict[str, list[Product]]
) -> None:
    """Every id that a fix with a KB names, after our corrections, is a product with a software id."""
    corrected, _ = apply(real_documents, load_overrides())
    rows = {p for d in real_documents for entry in d.entries for remedy in entry.remedies for p in remedy.products}
    with_kbs = {p for d in corrected for entry in d.entries for remedy in entry.remedies for p in remedy.products}

    # An override gives 20H2 the rows of its sisters, also under ids of components that Microsoft never named there.
    away = {product: meant[product][0].name for product in with_kbs & set(meant) if not meant[product][0].software}

    assert len(rows) == 1_159
    assert {product.partition("-")[2] for product in with_kbs - set(meant)} <= {"11800"}
    assert away == {}


def test_the_classes_of_names_are_known_by_number(meant: dict[str, list[Product]], names: Names) -> None:
    """A rule that takes too much or too little shows here first; `pytest -s` prints the numbers."""
    firsts = [found[0] for found in meant.values()]
    classes = Counter(p.reason or (f"{p.servicing}, {p.system}" if p.system else str(p.servicing)) for p in firsts)

    print(*(f"{count:6} {name}" for name, count in classes.most_common()), sep="\n")
    assert classes["a package or program for Linux"] == 5_209
    assert {name: count for name, count in classes.items() if name in {"version", "parts", "click-to-run"}} == {
        "version": 165,
        "parts": 155,
        "click-to-run": 20,
    }
    assert len(product_table(names, load_product_rules()).products) > 1_600
