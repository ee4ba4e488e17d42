"""Small values and catalogues for tests: sensible defaults, override what matters."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kbgap.catalogue.compile import Corrections, compile_catalogue
from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.records import Document, Entry, Remedy
from kbgap.core.builds import Build
from kbgap.core.model import (
    Basis,
    ByBuild,
    Closing,
    Flaw,
    Installed,
    Kind,
    Level,
    Line,
    Product,
    ProductFixes,
    Release,
    SoftwareState,
    Track,
    Update,
)
from kbgap.inventory.report import Machine, OperatingSystem, Report, ReportedList, ReportedUpdate, State
from kbgap.operations.audit_log import By

NOW = datetime(2020, 3, 20, 8, tzinfo=UTC)
BY = By(actor="somebody", at=NOW)
TENANT = "11111111-1111-4111-8111-111111111111"
OTHER_TENANT = "22222222-2222-4222-8222-222222222222"

WINDOWS_1909, WINDOWS_1903, SERVER_2012_R2 = "11713", "11703", "10483"
EDGE, EDGE_1903, IE = f"10724-{WINDOWS_1909}", f"10724-{WINDOWS_1903}", f"10050-{WINDOWS_1909}"


def later(**amount: float) -> datetime:
    """A moment after ``NOW``: ``later(days=31)``."""
    return NOW + timedelta(**amount)


def a_build(ubr: int, number: int = 18363) -> Build:
    """A build of Windows 10 1909, or of another line by its number."""
    return Build(10, 0, number, ubr)


# --- a small catalogue, made as the real one is -----------------------------------------------------------------------


def _windows(key: str, name: str, software: str, line: str, role: str) -> Product:
    return Product(id=key, name=name, software=software, line=line, role=role, architecture="x64", platform=key)


def _part(key: str, component: str, software: str, on: Product) -> Product:
    name = f"{component} on {on.name}"
    return Product(id=key, name=name, software=software, line=on.line, platform=on.id, component=component, in_box=True)


_W1909 = _windows(WINDOWS_1909, "Windows 10 Version 1909 for x64-based Systems", "windows_10", "18363", "client")
_W1903 = _windows(WINDOWS_1903, "Windows 10 Version 1903 for x64-based Systems", "windows_10", "18362", "client")
_R2 = _windows(SERVER_2012_R2, "Windows Server 2012 R2", "windows_server_2012_r2", "9600", "server")
PRODUCTS = {
    product.id: product
    for product in (
        _W1909,
        _W1903,
        _R2,
        _part(EDGE, "edge", "edge", _W1909),
        _part(EDGE_1903, "edge", "edge", _W1903),
        _part(IE, "ie", "internet_explorer", _W1909),
    )
}


def a_release(kb: str, ubr: int, number: int = 18363, date: str = "2020-03-10") -> Release:
    """A row of the release table."""
    return Release(kb=kb, kind="security", build=a_build(ubr, number), date=date)


LINES = {
    "18363": Line(
        id="18363",
        prefix="10.0.18363",
        cumulative=True,
        first=a_build(418),
        releases=(a_release("4532693", 657, date="2020-02-11"), a_release("4540673", 719), a_release("4549951", 778)),
    ),
    "18362": Line(
        id="18362",
        prefix="10.0.18362",
        cumulative=True,
        first=a_build(116, 18362),
        releases=(a_release("4540673", 719, 18362), a_release("4549951", 778, 18362)),
    ),
    "9600": Line(id="9600", prefix="6.3.9600", cumulative=False, releases=(Release(kb="4541509", kind="rollup"),)),
}


def an_update(kb: str, cves: Sequence[str], *products: str, kind: Kind = Kind.SECURITY) -> list[Entry]:
    """One KB as Microsoft's documents say it: an entry for each CVE that it closes in the products."""
    remedy = Remedy(kb=kb, kind=kind, subtype="", url="", supersedes=(), fixed_build="", products=products)
    return [Entry(id=cve, title="", published="2020-03-10", revised="2020-03-10", remedies=(remedy,)) for cve in cves]


def a_document(title: str, day: str, *entries: Iterable[Entry]) -> Document:
    """One month of Microsoft's: ``a_document("March 2020", "2020-03-10", an_update(...))``."""
    merged: dict[str, Entry] = {}
    for entry in (entry for group in entries for entry in group):
        known = merged.get(entry.id)
        remedies = (*known.remedies, *entry.remedies) if known else entry.remedies
        merged[entry.id] = Entry(id=entry.id, title="", published=day, revised=day, remedies=remedies)
    month, year = title.split()
    return Document(
        id=f"{year}-{month[:3]}",
        title=f"{title} Security Updates",
        initial=f"{day}T07:00:00",
        current=f"{day}T07:00:00",
        products={product.id: (product.name,) for product in PRODUCTS.values()},
        entries=tuple(merged.values()),
    )


FEBRUARY = a_document(
    "February 2020",
    "2020-02-11",
    an_update("4532693", ["CVE-2020-0601", "CVE-2020-0602"], WINDOWS_1909),
    an_update("4532693", ["CVE-2020-0603"], EDGE),
)
MARCH = a_document(
    "March 2020",
    "2020-03-10",
    an_update("4540673", ["CVE-2020-0701", "CVE-2020-0702", "CVE-2020-0703"], WINDOWS_1909, WINDOWS_1903),
    an_update("4540673", ["CVE-2020-0703", "CVE-2020-0704"], EDGE, EDGE_1903),
    an_update("4541509", ["CVE-2020-0701"], SERVER_2012_R2, kind=Kind.ROLLUP),
)
APRIL = a_document(
    "April 2020",
    "2020-04-14",
    an_update("4549951", ["CVE-2020-0801"], WINDOWS_1909, WINDOWS_1903),
)


def a_catalogue(folder: Path, *documents: Document) -> CatalogueFile:
    """A catalogue file in ``folder``, by default of February and March 2020; the caller closes it."""
    same = {product: product for product in PRODUCTS}
    compiled = compile_catalogue(documents or (FEBRUARY, MARCH), PRODUCTS, same, LINES, Corrections())
    return CatalogueFile(write_catalogue(compiled, folder))


# --- what machines report ---------------------------------------------------------------------------------------------


def a_report(
    name: str = "ws-1",
    *,
    ubr: int | None = 657,
    number: int = 18363,
    kbs: Iterable[str] = (),
    machine: Machine | None = None,
    at: datetime | None = None,
    **members: object,
) -> Report:
    """What a Windows 10 1909 at the level of February 2020 reports; ``number`` 9600 is Server 2012 R2."""
    head = "6.3" if number == 9600 else "10.0"
    system = OperatingSystem(
        name="Windows Server 2012 R2" if number == 9600 else "Microsoft Windows 10 Enterprise",
        build=f"{head}.{number}" + ("" if ubr is None else f".{ubr}"),
        architecture="x64",
    )
    fields: dict[str, object] = {
        "schema": "kbgap.report/1",
        "os": system,
        "machine": machine or Machine(computer_dns_name=name),
        "installed_updates": tuple(ReportedUpdate(kb=kb, state=State.INSTALLED) for kb in kbs),
        "update_list": ReportedList(complete=True),
        "reported_at": at,
    }
    return Report(**(fields | members))  # type: ignore[arg-type] # by name


# --- values of the rules ----------------------------------------------------------------------------------------------


def a_product_fixes(kb: str = "4540673", ubr: int = 719, cves: Sequence[str] = ("CVE-2020-0701",)) -> ProductFixes:
    """Windows 10 1909 with one cumulative update."""
    proof = ByBuild(build=a_build(ubr), source="release table")
    return ProductFixes(
        product=WINDOWS_1909,
        software="windows_10",
        line="18363",
        updates=(Update(kb=kb, kind=Kind.SECURITY, proof=proof, published="2020-03-10"),),
        flaws=tuple(Flaw(cve=cve, published="2020-03-10") for cve in cves),
        closings=(Closing(updates=(0,), flaws=tuple(range(len(cves)))),),
    )


def a_state(ubr: int = 657, software: str = "windows_10", product: str = WINDOWS_1909) -> SoftwareState:
    """Windows 10 1909 on a machine that reports its build."""
    return SoftwareState(
        software=software,
        products=(Installed(product=product, software=software),),
        track=Track.ROLLUP,
        level=Level(build=a_build(ubr), basis=Basis.REPORTED),
    )
