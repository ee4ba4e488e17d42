"""What the overrides mend is told by KB and product: what is wrong, and which entry deals with it."""

import datetime as dt

from kbgap.catalogue.mended import mended_errors
from kbgap.catalogue.override_files import (
    ChildLink,
    FixedBuildTypo,
    Overrides,
    SisterProduct,
    StandaloneKb,
    TracelessKb,
    VersionTypo,
    WrongProduct,
)
from kbgap.catalogue.overrides import apply
from kbgap.catalogue.records import Document, Entry, Oddity, Remedy, VersionFix
from kbgap.core.model import Kind

NAMES: dict[str, tuple[str, ...]] = {"1": ("Windows 11",), "2": ("Windows Server 2022",), "3": ("Windows Server 2019",)}
WHY = {"reason": "digits mistyped", "source": "Microsoft's update history", "date": dt.date(2026, 7, 6)}


def told(
    overrides: Overrides, *remedies: Remedy, versions: tuple[VersionFix, ...] = ()
) -> dict[str, tuple[Oddity, ...]]:
    """What the report says after these corrections of one document."""
    document = Document(
        id="2022-Dec",
        title="December 2022 Security Updates",
        initial="2022-12-13",
        current="2022-12-13",
        products=NAMES,
        entries=(
            Entry(id="CVE-2022-1", title="A flaw", published="", revised="", remedies=remedies, version_fixes=versions),
        ),
    )
    corrected, use = apply([document], overrides)
    return mended_errors(overrides, use, corrected)


def remedy(*products: str, fixed_build: str = "10.0.22621.993", url: str = "") -> Remedy:
    """One row of KB5021255."""
    return Remedy(
        kb="5021255",
        kind=Kind.SECURITY,
        subtype="Security Update",
        url=url,
        supersedes=(),
        fixed_build=fixed_build,
        products=products,
    )


TYPO = FixedBuildTypo(kb="5021255", was="10.0.22621.993", now="10.0.22621.963", **WHY)  # type: ignore[arg-type]  # by name


def test_an_error_names_kb_products_values_and_entry() -> None:
    """All that a reader needs to look it up at Microsoft, and to find the correction."""
    found = told(Overrides(fixed_builds=(TYPO,)), remedy("1", "2"), remedy("1"))

    assert found == {
        "mistyped fixed build": (
            Oddity(
                kind="mistyped fixed build",
                where="KB5021255 for Windows 11 and 1 more",
                text="FixedBuild is 10.0.22621.993, true is 10.0.22621.963 in 2 rows: digits mistyped",
                kb="5021255",
                product="Windows 11 and 1 more",
                override="fixed_builds: KB5021255 10.0.22621.993",
            ),
        )
    }


def test_a_mistyped_version_is_told_by_its_cve() -> None:
    """Such a row has no KB."""
    typo = VersionTypo(cve="CVE-2022-1", was="6.0.101", now="6.0.1", **WHY)  # type: ignore[arg-type]  # by name
    row = VersionFix(label="Release Notes", fixed_build="6.0.101", products=("1",))

    (oddity,) = told(Overrides(version_fixes=(typo,)), versions=(row,))["mistyped fixed build"]

    assert oddity.where == "CVE-2022-1 for Windows 11"
    assert oddity.text == "FixedBuild is 6.0.101, true is 6.0.1 in 1 row: digits mistyped"
    assert (oddity.kb, oddity.override) == ("", "version_fixes: CVE-2022-1 6.0.101")


def test_an_entry_that_changes_nothing_is_not_told() -> None:
    """Documents without the error have nothing to mend."""
    assert told(Overrides(fixed_builds=(TYPO,)), remedy("1", fixed_build="10.0.22621.963")) == {}


def test_every_kind_of_entry_has_its_words() -> None:
    """One row in each of them, with the products that are wrong alone."""
    overrides = Overrides(
        wrong_products=(WrongProduct(kb="5021255", products=("2",), **WHY),),  # type: ignore[arg-type]  # by name
        child_links=(ChildLink(kb="5021255", was="5000001", now="5000002", **WHY),),  # type: ignore[arg-type]  # by name
        sister_products=(
            SisterProduct(product="4", name="Windows 12", sisters=("1",), **WHY),  # type: ignore[arg-type]  # by name
        ),
        traceless_kbs=(TracelessKb(kb="5021255", **WHY),),  # type: ignore[arg-type]  # by name
        standalone_kbs=(StandaloneKb(kb="5021255", **WHY),),  # type: ignore[arg-type]  # by name
    )

    found = told(overrides, remedy("1", "2", url="https://catalog.update.microsoft.com/?q=KB5000001"))

    assert {kind: oddity.product for kind, (oddity,) in found.items()} == {
        "mistaken kind": "Windows 11 and 1 more",
        "mistyped link": "Windows 11",
        "product without its rows": "Windows 12",
        "update with a wrong product": "Windows Server 2022",
        "update without a trace": "Windows 11 and 1 more",
    }
    assert found["product without its rows"][0].kb == ""


def test_what_is_meant_instead_is_named() -> None:
    """By its name, not by its id."""
    moved = WrongProduct(kb="5021255", products=("2",), instead="3", **WHY)  # type: ignore[arg-type]  # by name

    (oddity,) = told(Overrides(wrong_products=(moved,)), remedy("2"))["update with a wrong product"]

    assert oddity.text == "Windows Server 2019 is meant in 1 row: digits mistyped"
