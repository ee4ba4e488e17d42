"""Programs are compiled into proofs by version and closings with parts; what no table knows is said, not lost."""

from collections.abc import Iterable

from kbgap.catalogue.application_builds import Builds
from kbgap.catalogue.compile import Compiled, Corrections, compile_catalogue
from kbgap.catalogue.records import Document, Entry, Remedy
from kbgap.catalogue.rules import load_product_rules
from kbgap.core.model import ByList, ByVersion, Kind
from kbgap.core.product_names import product_table
from kbgap.core.proof import Tabled
from kbgap.core.versions import Branch

NAMES = {
    "11585": "Microsoft SharePoint Server 2019",
    "11887": "Microsoft Exchange Server 2019 Cumulative Update 9",
    "99991": "Microsoft Exchange Server 2019 Cumulative Update 16",
    "16785": "Microsoft SQL Server 2019 for x64-based Systems (CU 32)",
    "11762": "Microsoft 365 Apps for Enterprise for 32-bit Systems",
    "99992": "Microsoft Brand New Server 2027",
}


def remedy(kb: str, product: str, build: str = "", kind: Kind = Kind.SECURITY) -> Remedy:
    """One fix row."""
    return Remedy(kb=kb, kind=kind, subtype="", url="", supersedes=(), fixed_build=build, products=(product,))


def compiled(*entries: tuple[str, Iterable[Remedy]], builds: Builds | None = None) -> Compiled:
    """A catalogue of one month."""
    month = Document(
        id="2026-Mar",
        title="March 2026 Security Updates",
        initial="2026-03-10T07:00:00",
        current="2026-03-10T07:00:00",
        products={key: (name,) for key, name in NAMES.items()},
        entries=tuple(
            Entry(id=cve, title="", published="2026-03-10", revised="2026-03-10", remedies=tuple(remedies))
            for cve, remedies in entries
        ),
    )
    table = product_table({key: [name] for key, name in NAMES.items()}, load_product_rules())
    corrections = Corrections(application_builds=builds or {})
    return compile_catalogue([month], table.products, table.canonical, {}, corrections)


def test_several_security_updates_of_a_program_with_parts_are_all_needed() -> None:
    """SharePoint's server and its language parts are two updates (semantics 3.4)."""
    catalogue = compiled(
        ("CVE-2020-0923", [remedy("4484292", "11585"), remedy("4484291", "11585")]),
        ("CVE-2020-0924", [remedy("4484292", "11585")]),
    )

    parts = {closing.flaws: closing.needs_all for closing in catalogue.fixes["11585"].closings}

    assert parts == {(0,): True, (1,): False}


def test_a_cumulative_update_beside_a_security_update_is_another_way() -> None:
    """SharePoint 2013 had both, and the cumulative one contains the other."""
    (closing,) = (
        compiled(("CVE-2022-30158", [remedy("5002219", "11585"), remedy("5002218", "11585", kind=Kind.OTHER)]))
        .fixes["11585"]
        .closings
    )

    assert not closing.needs_all


def test_several_updates_of_any_other_program_are_alternatives() -> None:
    """Two KBs of SQL Server for one CVE are two levels."""
    (closing,) = (
        compiled(("CVE-2026-1", [remedy("5077469", "16785"), remedy("5084816", "16785")])).fixes["16785"].closings
    )

    assert not closing.needs_all


def test_a_new_level_of_a_program_gets_the_branch_of_its_own_builds() -> None:
    """So that a new cumulative update of Exchange is judged before our tables know it, and never across branches."""
    catalogue = compiled(("CVE-2026-1", [remedy("5090001", "99991", "15.02.1900.012")]))

    (product,) = (product for product in catalogue.products if product.id == "99991")
    (update,) = catalogue.fixes["99991"].updates
    assert product.branch == Branch((15, 2, 1900), (15, 2, 1901))
    assert isinstance(update.proof, ByVersion)
    assert update.proof.build == (15, 2, 1900, 12)


def test_the_list_proves_what_has_no_version_and_says_that_it_is_for_a_program() -> None:
    """Windows' own lists never name it."""
    (update,) = compiled(("CVE-2021-1", [remedy("5000871", "11887", "V1.003")])).fixes["11887"].updates

    assert update.proof == ByList(application=True)


def test_a_cve_shows_the_build_that_counts() -> None:
    """Not what the document says of another level; an address or nothing where there is no build."""
    tabled = {("exchange_server_2019", "5007409"): (Tabled(version=(15, 2, 858, 19), brings=True),)}
    catalogue = compiled(
        (
            "CVE-2021-42321",
            [
                remedy("5007409", "11887", "15.02.0792.019"),
                remedy("4484292", "11585", "10378.20002"),
                remedy("4484299", "11762", "https://aka.ms/OfficeSecurityReleases"),
            ],
        ),
        builds=tabled,
    )

    shown = {product.product: product.fixed_build for product in catalogue.cves["CVE-2021-42321"].products}

    assert shown == {
        "Microsoft Exchange Server 2019 Cumulative Update 9": "15.2.858.19",
        "Microsoft SharePoint Server 2019": "16.0.10378.20002",
        "Microsoft 365 Apps for Enterprise for 32-bit Systems": "https://aka.ms/OfficeSecurityReleases",
    }


def test_a_kb_of_another_branch_is_left_out_and_said() -> None:
    """5035606 is Cumulative Update 14 itself, and is listed for 13 too."""
    tabled = {("exchange_server_2019", "5035606"): (Tabled(version=(15, 2, 1544, 4), brings=True),)}

    catalogue = compiled(("CVE-2024-21410", [remedy("5035606", "11887")]), builds=tabled)

    (oddity,) = catalogue.oddities["update listed for a wrong product"]
    assert catalogue.fixes["11887"].updates == ()
    assert "KB5035606 brings 15.2.1544.4, which is on another branch" in oddity.text


def test_a_product_that_no_rule_knows_is_said() -> None:
    """A new product of Microsoft's is judged once the tables know it; until then people see what is left out."""
    catalogue = compiled(("CVE-2026-1", [remedy("5099999", "99992")]))

    (oddity,) = catalogue.oddities["product that no rule knows"]

    assert (oddity.where, oddity.text) == ("Microsoft Brand New Server 2027", "KB5099999 not judged for it")
