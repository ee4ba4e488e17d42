"""Compiling turns rows into proofs and closings, and keeps what it leaves out."""

from collections.abc import Iterable, Sequence

import msgspec

from kbgap.catalogue.compile import Compiled, Corrections, compile_catalogue
from kbgap.catalogue.records import Document, Entry, Remedy, Score
from kbgap.core.builds import Build
from kbgap.core.gap import cves_of
from kbgap.core.model import ByBuild, ByList, Kind, Line, Product, Release

W10, SERVER = "11713", "12436"
PRODUCTS = {
    W10: Product(
        id=W10, name="Windows 10 Version 1909 for x64-based Systems", software="windows_10", line="18363", platform=W10
    ),
    f"10724-{W10}": Product(
        id=f"10724-{W10}", name="Edge on 1909", software="edge", line="18363", platform=W10, component="edge"
    ),
    f"2472-{W10}": Product(
        id=f"2472-{W10}",
        name=".NET 4.8 on 1909",
        software=".net_framework",
        line="18363",
        platform=W10,
        component=".net",
    ),
    "10051": Product(
        id="10051", name="Server 2008 R2", software="windows_server_2008_r2", line="7601", platform="10051"
    ),
}
LINES = {
    "18363": Line(
        id="18363",
        prefix="10.0.18363",
        cumulative=True,
        first=Build(10, 0, 18363, 418),
        releases=(Release(kb="4540673", kind="security", build=Build(10, 0, 18363, 719), date="2020-03-10"),),
    ),
    "7601": Line(
        id="7601",
        prefix="6.1.7601",
        cumulative=False,
        releases=tuple(Release(kb=kb, kind="rollup") for kb in ("4012215", "4015549", "4019264")),
    ),
}


def remedy(
    kb: str, *products: str, kind: Kind = Kind.SECURITY, build: str = "", url: str = "", supersedes: Sequence[str] = ()
) -> Remedy:
    """One Vendor Fix row."""
    return Remedy(
        kb=kb, kind=kind, subtype="", url=url, supersedes=tuple(supersedes), fixed_build=build, products=products
    )


def document(name: str, day: str, *entries: tuple[str, Iterable[Remedy]]) -> Document:
    """One month."""
    return Document(
        id=name,
        title=f"{name} Security Updates",
        initial=f"{day}T07:00:00",
        current=f"{day}T07:00:00",
        products={product.id: (product.name,) for product in PRODUCTS.values()},
        entries=tuple(
            Entry(id=cve, title="", published=day, revised=day, remedies=tuple(remedies)) for cve, remedies in entries
        ),
    )


def compiled(*documents: Document, corrections: Corrections | None = None) -> Compiled:
    """A small catalogue."""
    return compile_catalogue(documents, PRODUCTS, {"99": W10}, LINES, corrections or Corrections())


MARCH = document("2020-Mar", "2020-03-10", ("CVE-2020-1", [remedy("4540673", W10, f"10724-{W10}")]))


def test_windows_and_what_it_carries_are_proved_by_the_build() -> None:
    """Edge is fixed by the operating system's cumulative update."""
    fixes = compiled(MARCH).fixes

    for product in (W10, f"10724-{W10}"):
        (update,) = fixes[product].updates
        assert update.proof == ByBuild(build=Build(10, 0, 18363, 719), source="release table")


def test_cves_of_one_kb_are_counted_over_all_documents() -> None:
    """4540673: 92 CVEs in 2020-Mar and 3 in 2019-Aug; the name is that of the main document (semantics 3.6, 3.7)."""
    august = document("2019-Aug", "2019-08-13", ("CVE-2019-1224", [remedy("4540673", W10)]))
    march = document("2020-Mar", "2020-03-10", *((f"CVE-2020-{n}", [remedy("4540673", W10)]) for n in range(2)))
    update = compiled(march, august).updates["4540673"]

    assert update.software["windows_10"] == ("CVE-2019-1224", "CVE-2020-0", "CVE-2020-1")
    assert update.name == "2020-Mar Security Updates"
    assert update.published == "2020-03-10"


def test_advisories_never_make_a_kb_missing() -> None:
    """4497932 has only ADV190012; 5012170 has four CVEs and one advisory."""
    flash = document("2019-May", "2019-05-14", ("ADV190012", [remedy("4497932", W10)]))

    fixes = compiled(flash).fixes[W10]

    assert [closing.advisory for closing in fixes.closings] == [True]
    assert cves_of(fixes, "4497932") == frozenset()
    assert compiled(flash).updates["4497932"].software == {}


def test_ids_that_microsoft_gives_one_product_are_joined() -> None:
    """One name has had several ids 220 times (semantics 2, Products)."""
    joined = document("2020-Mar", "2020-03-10", ("CVE-2020-1", [remedy("4540673", "99", W10)]))

    assert list(compiled(joined).fixes) == [W10]


def test_a_kb_of_another_line_is_dropped_and_kept_for_the_quality_report() -> None:
    """5055528 is listed for 24H2 in two CVEs though it belongs to 22621."""
    wrong = document("2020-Mar", "2020-03-10", ("CVE-2020-1", [remedy("4015549", W10), remedy("4540673", W10)]))
    catalogue = compiled(wrong)

    assert [update.kb for update in catalogue.fixes[W10].updates] == ["4540673"]
    cve = catalogue.cves["CVE-2020-1"]
    assert [product.kbs for product in cve.products] == [("4540673",)]
    assert [(row.kb, row.product) for row in cve.left_out] == [("4015549", PRODUCTS[W10].name)]
    (oddity,) = catalogue.oddities["update listed for a wrong product"]
    assert oddity.where == "KB4015549 for Windows 10 Version 1909 for x64-based Systems"


def test_the_commonest_fixed_build_extends_the_release_table() -> None:
    """A month newer than our table needs no new table."""
    later = document(
        "2020-Jun",
        "2020-06-09",
        ("CVE-2020-1", [remedy("4560960", W10, build="10.0.18363.900")]),
        ("CVE-2020-2", [remedy("4560960", W10, build="10.0.18363.900")]),
        ("CVE-2020-3", [remedy("4560960", W10, build="10.0.18363.999")]),
    )
    catalogue = compiled(MARCH, later)

    assert catalogue.lines["18363"].releases[-1] == Release(
        kb="4560960", kind="security", build=Build(10, 0, 18363, 900), date="2020-06-09", source="FixedBuild"
    )
    assert catalogue.newest == "2020-Jun"


def test_an_exempt_build_does_not_enter_the_release_table() -> None:
    """A recovery image's FixedBuild is not a build that a machine shows (5042320)."""
    image = document("2020-Jun", "2020-06-09", ("CVE-2020-1", [remedy("5042320", W10, build="10.0.18363.900")]))

    catalogue = compiled(image, corrections=Corrections(traceless=frozenset({"5042320"})))

    assert len(catalogue.lines["18363"].releases) == 1
    assert catalogue.fixes[W10].updates[0].proof == ByList(history_only=True)


def test_the_child_of_a_dotnet_update_is_read_from_its_link() -> None:
    """5066741 is listed as 5066140 for .NET 4.8 (semantics 4, .NET parent and child)."""
    url = "https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB5066140"
    row = remedy("5066741", f"2472-{W10}", kind=Kind.ROLLUP, url=url, build="4.8.04798.04")

    (update,) = compiled(document("2025-Oct", "2025-10-14", ("CVE-2025-1", [row]))).fixes[f"2472-{W10}"].updates

    assert isinstance(update.proof, ByList)
    assert update.proof.children == {"5066140"}


def test_a_later_rollup_covers_an_earlier_one_without_any_supersedence() -> None:
    """Chains are broken by empty Supercedence fields (semantics 4); the release table's order mends them."""
    rows = [remedy("4012215", "10051", kind=Kind.ROLLUP)]

    (update,) = compiled(document("2017-Mar", "2017-03-14", ("CVE-2017-0143", rows))).fixes["10051"].updates

    assert update.proof == ByList(covered_by=frozenset({"4015549", "4019264"}))


def test_a_rollup_newer_than_the_release_table_stands_where_its_day_puts_it() -> None:
    """Next month's documents come before our next table; of two rollups of one day neither contains the other."""
    days = {"5070001": "2026-06-09", "5070002": "2026-07-14"}
    lines = {
        "7601": msgspec.structs.replace(
            LINES["7601"], releases=tuple(Release(kb=kb, kind="rollup", date=day) for kb, day in days.items())
        )
    }
    published = {"5070001": "2026-06-09", "5070003": "2026-08-11", "5070004": "2026-09-08", "5070005": "2026-09-08"}
    months = [
        document(day[:7], day, (f"CVE-2026-{kb}", [remedy(kb, "10051", kind=Kind.ROLLUP)]))
        for kb, day in published.items()
    ]

    catalogue = compile_catalogue(months, PRODUCTS, {}, lines, Corrections())

    proofs = {update.kb: update.proof for update in catalogue.fixes["10051"].updates}
    assert proofs["5070001"] == ByList(covered_by=frozenset({"5070002", "5070003"}))
    assert {kb for kb, proof in proofs.items() if proof == ByList()} == {"5070003", "5070004", "5070005"}


def test_a_later_dotnet_rollup_covers_an_earlier_one_without_any_supersedence() -> None:
    """Most .NET updates name no predecessor; each contains the one before (docs/adr/0003)."""
    product = f"2472-{W10}"
    catalogue = compiled(
        document("2023-Nov", "2023-11-14", ("CVE-2023-1", [remedy("5032337", product)])),
        document("2024-Jan", "2024-01-09", ("CVE-2024-1", [remedy("5034273", product)])),
    )

    first, second = catalogue.fixes[product].updates

    assert first.proof == ByList(covered_by=frozenset({"5034273"}))
    assert second.proof == ByList()


def test_a_rollup_does_not_contain_what_came_after_it_in_the_same_month() -> None:
    """4483187 (December 19, 2018) stands in the document of December 11, whose rollup does not contain it."""
    lines = {
        "7601": msgspec.structs.replace(
            LINES["7601"],
            releases=tuple(
                Release(kb=kb, kind="rollup", date=day)
                for kb, day in (("4471318", "2018-12-11"), ("4480970", "2019-01-08"))
            ),
        )
    }
    flaw = Entry(
        id="CVE-2018-8653",
        title="",
        published="2018-12-19",
        revised="2018-12-19",
        remedies=(remedy("4483187", "10051", kind=Kind.IE_CUMULATIVE),),
    )
    month = msgspec.structs.replace(document("2018-Dec", "2018-12-11"), entries=(flaw,))

    (update,) = compile_catalogue([month], PRODUCTS, {}, lines, Corrections()).fixes["10051"].updates

    assert update.proof == ByList(covered_by=frozenset({"4480970"}))


def test_a_security_only_update_contains_no_other_month() -> None:
    """5003228 of May 2021 names 5001392 of April, and 5004951 the rollup 5003667: it holds what its own month fixes."""
    kinds = {"5001392": "security-only", "5003667": "rollup", "5003228": "security-only"}
    lines = {
        "7601": msgspec.structs.replace(
            LINES["7601"], releases=tuple(Release(kb=kb, kind=kind) for kb, kind in kinds.items())
        )
    }
    month = document(
        "2021-May",
        "2021-05-11",
        ("CVE-2021-1", [remedy("5001392", "10051", kind=Kind.SECURITY_ONLY)]),
        ("CVE-2021-2", [remedy("5003667", "10051", kind=Kind.ROLLUP)]),
        ("CVE-2021-3", [remedy("5003228", "10051", kind=Kind.SECURITY_ONLY, supersedes=["5001392", "5003667"])]),
    )

    catalogue = compile_catalogue([month], PRODUCTS, {}, lines, Corrections())

    for update in catalogue.fixes["10051"].updates:
        assert isinstance(update.proof, ByList)
        assert "5003228" not in update.proof.covered_by
    told = catalogue.oddities["security-only update that supersedes another month"]
    assert [oddity.text for oddity in told] == ["names KB5001392 on line 7601", "names KB5003667 on line 7601"]


def test_supersedence_is_taken_on_the_same_platform_only() -> None:
    """A chain of one Windows says nothing of another (semantics 3.3e)."""
    month = document(
        "2018-Feb",
        "2018-02-13",
        ("CVE-1-1", [remedy("1000001", f"2472-{W10}")]),
        ("CVE-1-2", [remedy("1000002", "10051", supersedes=["1000001"])]),
        ("CVE-1-3", [remedy("1000003", W10, supersedes=["1000001", "1000003"], build="10.0.18363.800")]),
    )

    (update,) = compiled(month).fixes[f"2472-{W10}"].updates

    assert update.proof == ByList(covered_by=frozenset({"1000003"}), reached=Build(10, 0, 18363, 800))


def test_alternatives_of_one_cve_share_a_closing() -> None:
    """Rollup and security-only close the same CVE."""
    rows = [remedy("4012215", "10051", kind=Kind.ROLLUP), remedy("4012212", "10051", kind=Kind.SECURITY_ONLY)]
    fixes = compiled(document("2017-Mar", "2017-03-14", ("CVE-2017-0143", rows), ("CVE-2017-0144", rows))).fixes[
        "10051"
    ]

    (closing,) = fixes.closings

    assert [fixes.updates[index].kb for index in closing.updates] == ["4012212", "4012215"]
    assert cves_of(fixes, "4012215") == {"CVE-2017-0143", "CVE-2017-0144"}


def test_a_cve_is_described_with_the_corrected_build() -> None:
    """``fixedBuild`` of ``catalogue show CVE`` is after our corrections (ARCHITECTURE 5)."""
    entry = Entry(
        id="CVE-2020-1",
        title="A title",
        published="2020-03-10",
        revised="2020-03-11",
        severities={W10: "Important"},
        scores=(Score(base=7.8, vector="CVSS:3.1/AV:L", products=(W10,)),),
        remedies=(remedy("4540673", W10, build="10.0.18363.993"),),
    )
    march = Document(id="2020-Mar", title="", initial="2020-03-10", current="", products={}, entries=(entry,))

    cve = compiled(march).cves["CVE-2020-1"]

    assert (cve.severity, cve.cvss) == ("High", 7.8)
    assert [(p.kbs, p.fixed_build) for p in cve.products] == [(("4540673",), "10.0.18363.719")]
