"""Reading Microsoft's 190 documents of 2026-07-06 gives the figures that were measured on them by other means."""

from collections import Counter
from collections.abc import Iterator

from kbgap.catalogue.guard import facts_of
from kbgap.catalogue.offers import Offer
from kbgap.catalogue.records import Document, Remedy
from kbgap.core.model import Kind

Documents = tuple[Document, ...]


def remedies(documents: Documents) -> Iterator[Remedy]:
    """Every fix row with a KB."""
    return (remedy for document in documents for entry in document.entries for remedy in entry.remedies)


def test_every_document_is_read(real_offer: Offer) -> None:
    """190 documents, none refused, and the index beside them names exactly those with exactly those dates."""
    dates = {document.id: document.current for document in real_offer.documents}

    assert len(dates) == 190
    assert real_offer.listed == dates
    assert (real_offer.refused, real_offer.older, real_offer.ignored) == ((), (), 0)


def test_entries_ids_and_remediations_are_complete(real_documents: Documents) -> None:
    """26,281 entries with 23,310 distinct ids, 23,204 CVE and 106 ADV, and 239,890 remediations of all types."""
    ids = [entry.id for document in real_documents for entry in document.entries]

    assert len(ids) == 26_281
    assert Counter(id[:3] for id in set(ids)) == {"CVE": 23_204, "ADV": 106}
    assert sum(document.remediations for document in real_documents) == 239_890


def test_fix_rows_with_a_kb_are_complete(real_documents: Documents) -> None:
    """104,058 rows and 5,234 KBs in plain digits, and four rows with two KBs that carry the prefix (KB29166583)."""
    kbs = Counter(remedy.kb for remedy in remedies(real_documents))
    prefixed = {kb: kbs.pop(kb) for kb in ("29166583", "31909343")}

    assert (kbs.total(), len(kbs)) == (104_058, 5_234)
    assert prefixed == {"29166583": 3, "31909343": 1}
    assert Counter(len(kb) for kb in kbs) == {7: 5_231, 6: 1, 8: 2}


def test_supersedence_is_split_into_kbs(real_documents: Documents) -> None:
    """3,742 KBs supersede any, 3,812 are superseded, 525 of those are never a fix themselves, two name themselves."""
    edges = {(remedy.kb, older) for remedy in remedies(real_documents) for older in remedy.supersedes}
    newer, older = {edge[0] for edge in edges}, {edge[1] for edge in edges}
    fixes = {remedy.kb for remedy in remedies(real_documents)}

    assert (
        sum(len(remedy.supersedes) == 1 for remedy in remedies(real_documents)) == 80_621
    )  # 80,561 of them bare digits
    assert (len(newer), len(older), len(older - fixes)) == (3_742, 3_812, 525)
    assert {new for new, old in edges if new == old} == {"5002191", "5077469"}
    assert {len(kb) for kb in older} <= {6, 7, 8}


def test_fixed_builds_by_year_are_those_measured(real_documents: Documents) -> None:
    """Rows with a KB and those with a FixedBuild, by the year of the document: none before spring 2021 to speak of."""
    rows: Counter[str] = Counter()
    with_build: Counter[str] = Counter()
    for document in real_documents:
        for remedy in remedies((document,)):
            rows[document.id[:4]] += 1
            with_build[document.id[:4]] += bool(remedy.fixed_build)

    assert (rows["2016"], with_build["2016"]) == (5_604, 0)
    assert (rows["2020"], with_build["2020"]) == (11_213, 52)
    assert (rows["2021"], with_build["2021"]) == (6_789, 4_012)
    assert (rows["2026"], with_build["2026"]) == (6_046, 6_046)


def test_every_spelling_of_subtype_is_known(real_documents: Documents) -> None:
    """Nothing falls to OTHER because of a spelling, and the four hotpatch spellings are one kind."""
    kinds = Counter(remedy.kind for remedy in remedies(real_documents))
    unknown = [oddity for document in real_documents for oddity in document.oddities if "SubType" in oddity.kind]

    assert unknown == []
    assert kinds[Kind.HOTPATCH] == 1_149 + 806 + 19 + 1
    assert kinds[Kind.ROLLUP] == 20_690 + 9
    assert kinds[Kind.SERVICING_STACK] == 45 + 17


def test_what_is_dirty_is_counted(real_documents: Documents) -> None:
    """Truncated values, the entry that stands twice and bulletins without a KB are told, and nothing else is."""
    oddities = Counter(oddity.kind for document in real_documents for oddity in document.oddities)

    assert oddities == {
        "Supercedence names bulletins only": 33,
        "entry given more than once": 1,
        "unreadable Supercedence": 3,
    }


def test_known_issue_rows_are_no_fixes(real_documents: Documents) -> None:
    """5020880 (.NET) hangs as a known issue on 19 Windows CVEs; it fixes one."""
    fixing = {
        entry.id
        for document in real_documents
        for entry in document.entries
        if any(remedy.kb == "5020880" for remedy in entry.remedies)
    }
    known_issue = {
        entry.id for document in real_documents for entry in document.entries if "5020880" in entry.known_issue_kbs
    }

    assert len(fixing) == 1
    assert len(known_issue - fixing) == 19


def test_the_march_2020_update_fixes_14_of_edge(real_documents: Documents) -> None:
    """The sample of Defender's documentation: KB4540673 addresses 14 CVEs of EdgeHTML, over all documents."""
    names = {id: name for document in real_documents for id, named in document.products.items() for name in named}
    cves = {
        entry.id
        for document in real_documents
        for entry in document.entries
        for remedy in entry.remedies
        if remedy.kb == "4540673"
        and any(names[product].startswith("Microsoft Edge (EdgeHTML-based)") for product in remedy.products)
    }

    assert len(cves) == 14


def test_two_names_of_one_product_are_kept(real_documents: Documents) -> None:
    """A name that differs by a double blank is one name; one that differs in words is another."""
    names: dict[str, set[str]] = {}
    for document in real_documents:
        for product, named in document.products.items():
            names.setdefault(product, set()).update(named)

    assert max(len(named) for named in names.values()) > 1
    assert not any("  " in name for named in names.values() for name in named)


def test_facts_tell_what_the_guard_compares(real_documents: Documents) -> None:
    """2026-Jun has 1,279 entries and 33 KBs."""
    june = next(facts_of(document) for document in real_documents if document.id == "2026-Jun")

    assert (june.entries, june.kbs, june.current) == (1_279, 33, "2026-07-05T14:46:17")
