"""Programs are judged by their version on a branch, or by the list where it cannot tell (semantics 3.3d and e)."""

import pytest

from kbgap.core.assess import assess
from kbgap.core.explain import explain, settle
from kbgap.core.install import install_set
from kbgap.core.model import (
    ByList,
    ByVersion,
    Closing,
    Evidence,
    Flaw,
    Installed,
    Kind,
    Product,
    ProductFixes,
    Proof,
    Servicing,
    SoftwareState,
    Track,
    Update,
    UpdateList,
)
from kbgap.core.project import project, whole
from kbgap.core.proof import NotValid, Tabled, prove_program
from kbgap.core.standing import PROVEN, is_proven, standing
from kbgap.core.verdicts import (
    IsCovered,
    IsInstalled,
    IsMissing,
    IsUnknown,
    Listed,
    ListedSuperseding,
    ListIncomplete,
    NotAmongPrograms,
    NotListed,
    VersionBelow,
    VersionReached,
)
from kbgap.core.versions import Branch, Version

CU = Branch((15, 0, 4003), (15, 1))
SQL = Product(
    id="16785", name="SQL Server 2019 (CU 32)", software="sql_server_2019", servicing=Servicing.VERSION, branch=CU
)
WORD = Product(
    id="10746",
    name="Word 2016",
    software="word",
    servicing=Servicing.PARTS,
    branch=Branch((16, 0, 4266), (16, 0, 6000)),
)
LISTING = ByList(covered_by=frozenset({"5090407"}), application=True)


def update(kb: str, *build: int, is_whole: bool = True) -> Update:
    """One KB for a program."""
    proof = ByVersion(build=build, whole=is_whole, source="build table", listing=LISTING)
    return Update(kb=kb, kind=Kind.SECURITY, proof=proof, published="2026-02-10")


def machine(*version: int, floor: bool = False, installed: tuple[str, ...] = (), **more: bool) -> SoftwareState:
    """SQL Server 2019 in that version."""
    product = Installed(product="16785", software="sql_server_2019", version=version, floor=floor)
    state = {"software": "sql_server_2019", "products": (product,), "track": Track.ROLLUP, **more}
    return SoftwareState(installed=frozenset(installed), **state)  # type: ignore[arg-type] # by name


def stand(of: Update, state: SoftwareState) -> object:
    """What decides, after seeing that the quick question agrees."""
    found = standing(of, state, state.products[0])
    assert is_proven(of, state, state.products[0]) is isinstance(found, PROVEN)
    return found


FEBRUARY = update("5077469", 15, 0, 4460, 4)
JANUARY = update("5068404", 15, 0, 4455, 2)
FIXES = {
    "16785": ProductFixes(
        product="16785",
        software="sql_server_2019",
        line="",
        updates=(JANUARY, FEBRUARY),
        flaws=(Flaw(cve="CVE-2026-1", published=""), Flaw(cve="CVE-2026-2", published="")),
        closings=(Closing(updates=(0,), flaws=(0,)), Closing(updates=(1,), flaws=(1,))),
    )
}


# --- standing -----------------------------------------------------------------------------------------------------


def test_a_version_at_or_above_the_build_proves_the_update() -> None:
    """Whatever the list says: SQL Server's own updates contain all earlier ones."""
    reached = VersionReached(version=(15, 0, 4460, 4), build=(15, 0, 4460, 4), source="build table")

    assert stand(FEBRUARY, machine(15, 0, 4460, 4)) == reached
    assert isinstance(stand(FEBRUARY, machine(15, 0, 4470, 1)), VersionReached)


def test_a_version_below_the_build_lacks_the_update() -> None:
    """Also where the KB is listed: it may have been rolled back."""
    below = VersionBelow(version=(15, 0, 4455, 2), build=(15, 0, 4460, 4), source="build table")

    assert stand(FEBRUARY, machine(15, 0, 4455, 2)) == below
    assert stand(FEBRUARY, machine(15, 0, 4455, 2, installed=("5077469",))) == below


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (machine(), ListIncomplete),
        (machine(complete=True), NotAmongPrograms),
        (machine(complete=True, applications=True), NotListed),
        (machine(installed=("5077469",)), Listed),
        (machine(installed=("5090407",)), ListedSuperseding),
        (machine(15, 0, 2000, 5, floor=True), ListIncomplete),
        (machine(15, 0, 2000, 5, floor=True, installed=("5077469",)), Listed),
        (machine(15, 0, 4460, 4, floor=True), VersionReached),
    ],
)
def test_without_a_version_that_tells_the_list_decides(state: SoftwareState, expected: type) -> None:
    """The version of the installation media stays what it was, and lists of Windows' own updates name no programs."""
    assert isinstance(stand(FEBRUARY, state), expected)


def test_a_version_below_proves_nothing_where_a_program_has_parts() -> None:
    """Office 2016 by MSI is 16.0.4266.1001 for ever, and each of its parts has updates of its own."""
    part = update("5002542", 16, 0, 5435, 1000, is_whole=False)

    assert isinstance(stand(part, machine(16, 0, 4266, 1001, complete=True, applications=True)), NotListed)
    assert isinstance(stand(part, machine(16, 0, 5435, 1000)), VersionReached)


# --- verdicts, evidence, install set --------------------------------------------------------------------------------


def verdicts(state: SoftwareState) -> dict[str, tuple[type, str]]:
    """KB to verdict and what decided it."""
    return {f.kb: (type(f.verdict), explain(f.kb, f.verdict)) for f in assess(state, FIXES)}


def test_verdicts_name_version_and_source() -> None:
    """One line for people: which version, which build, who says so."""
    assert verdicts(machine(15, 0, 4455, 2)) == {
        "5068404": (IsInstalled, "version 15.0.4455.2 is the one that KB5068404 brings"),
        "5077469": (IsMissing, "version 15.0.4455.2 is below 15.0.4460.4, which KB5077469 brings"),
    }
    assert verdicts(machine(15, 0, 4470, 1))["5077469"] == (
        IsCovered,
        "version 15.0.4470.1 is at or above 15.0.4460.4, which KB5077469 brings",
    )


def test_a_list_that_names_no_programs_is_said_to_prove_nothing() -> None:
    """And what would settle it."""
    (finding, _) = assess(machine(complete=True), FIXES)

    assert isinstance(finding.verdict, IsUnknown)
    assert explain("5068404", finding.verdict) == (
        "KB5068404 is for a program, and the update lists that were sent never name those"
    )
    assert settle(finding.verdict.reason) == "send the complete update history"


def test_the_newest_update_of_a_branch_is_the_one_to_install() -> None:
    """It contains the others; each instance has its own."""
    assert install_set([machine(15, 0, 4003, 23)], FIXES) == ("5077469",)
    assert install_set([machine(15, 0, 4455, 2)], FIXES) == ("5077469",)
    assert install_set([machine(15, 0, 4460, 4)], FIXES) == ()


def test_parts_are_installed_until_they_supersede_each_other() -> None:
    """Nothing says that the newest part contains another one."""
    parts = (update("5002600", 16, 0, 5448, 1000, is_whole=False), update("5002542", 16, 0, 5435, 1000, is_whole=False))
    published = ProductFixes(
        product="16785",
        software="office",
        line="",
        updates=parts,
        flaws=(Flaw(cve="CVE-2024-1", published=""),),
        closings=(Closing(updates=(0, 1), flaws=(0,), needs_all=True),),
    )

    assert install_set([machine(complete=True, applications=True)], {"16785": published}) == ("5002542", "5002600")


@pytest.mark.parametrize("version", [(), (15, 0, 4003, 23), (15, 0, 4460, 4)])
@pytest.mark.parametrize("floor", [True, False])
@pytest.mark.parametrize("listed", [(), ("5077469",), ("5090407", "1234567")])
@pytest.mark.parametrize("complete", [True, False])
def test_judging_the_projection_gives_what_judging_everything_gives(
    version: Version,
    floor: bool,
    listed: tuple[str, ...],
    complete: bool,
) -> None:
    """The law of software states holds for programs too, and what the version decides is projected away."""
    product = Installed(product="16785", software="sql_server_2019", version=version, floor=floor)
    updates = UpdateList(installed=frozenset(listed), complete=complete, applications=complete)
    evidence = Evidence(products=(product,), updates=updates, track=Track.ROLLUP)

    (projected,), (everything,) = project(evidence, FIXES), whole(evidence)

    assert assess(projected, FIXES) == assess(everything, FIXES)
    assert "1234567" not in projected.installed
    if version and not floor:
        assert (projected.installed, projected.complete, projected.applications) == (frozenset(), False, False)


# --- proofs -------------------------------------------------------------------------------------------------------


def proof(product: Product, *tabled: Tabled, fixed: tuple[str, ...] = ()) -> Proof | NotValid:
    """How one KB of a product is proved."""
    return prove_program("5077469", product, tabled, fixed, LISTING)


def test_the_build_table_comes_before_fixed_build() -> None:
    """5007409 says 15.02.0792.019 for Exchange 2019 CU 10, true is 15.2.922.19."""
    tabled = (Tabled(version=(15, 0, 2160, 4), brings=True), Tabled(version=(15, 0, 4460, 4), brings=True))

    found = proof(SQL, *tabled, fixed=("15.0.4459.1",))

    assert found == ByVersion(build=(15, 0, 4460, 4), whole=True, source="build table", listing=LISTING)


def test_fixed_build_counts_only_on_the_branch_of_the_product() -> None:
    """Never across branches: a GDR build says nothing of the CU branch."""
    found = proof(SQL, fixed=("15.0.2160.4", "15.0.4460.4"))

    assert found == ByVersion(build=(15, 0, 4460, 4), whole=True, source="FixedBuild", listing=LISTING)
    assert proof(SQL, fixed=("15.0.2160.4", "KB5077470")) == LISTING


def test_a_kb_of_another_branch_is_not_valid() -> None:
    """5058718 is for Service Pack 3, and listed for Service Pack 2 too; 5035606 is CU 14, and listed for CU 13."""
    assert isinstance(proof(SQL, Tabled(version=(15, 0, 2160, 4), brings=True)), NotValid)


def test_a_version_that_only_contains_the_update_proves_but_does_not_rule_out() -> None:
    """Nothing is known below it: the update itself left no version."""
    found = proof(SQL, Tabled(version=(15, 0, 4460, 4), brings=False))

    assert isinstance(found, ByVersion)
    assert not found.whole


def test_programs_with_parts_are_never_ruled_out_by_their_version() -> None:
    """Word's version moves with Word's updates, not with those of shared parts."""
    found = proof(WORD, fixed=("5215.1000",))

    assert found == ByVersion(build=(16, 0, 5215, 1000), whole=False, source="FixedBuild", listing=LISTING)


def test_a_program_without_branch_is_judged_by_the_list() -> None:
    """Its versions cannot be compared."""
    assert proof(Product(id="1", name="x", software="x", servicing=Servicing.LIST), fixed=("1.0",)) == LISTING
