"""Seeded machines of every Windows in a catalogue, as reports: more or less behind, with whole lists or cut ones."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.levels import cumulative_releases
from kbgap.core.model import (
    ByBuild,
    ByVersion,
    Evidence,
    Installed,
    Line,
    Product,
    Release,
    Track,
    UpdateList,
)
from kbgap.inventory.report import (
    SCHEMA,
    DotNet,
    Machine,
    OperatingSystem,
    Report,
    ReportedList,
    ReportedUpdate,
)

T = TypeVar("T")

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
SEED = 20_260_714

_RECENT = 0.6  # of the machines are within half a year of their line's newest update
_MONTHS = 6
_WITHOUT_UBR, _WITHOUT_WHOLE_LIST, _WITHOUT_DOTNET = 0.05, 0.15, 0.2
_DOTNET_KEYS = (378389, 394802, 461808, 461814, 528040, 528372, 533320, 533509)
_ROLES = {"client": "Client", "server": "Server"}


def reports(catalogue: CatalogueFile, count: int, seed: int = SEED) -> Iterator[Report]:
    """``count`` machines; each Windows release is as likely as any other, and so is each edition of it.

    Each machine has dice of its own: a larger fleet of the same seed begins with the same machines.
    """
    by_line: dict[str, list[Product]] = {}
    for product in catalogue.products:
        if product.platform == product.id and product.role in _ROLES and catalogue.fixes(product.id):
            by_line.setdefault(product.line, []).append(product)
    lines = sorted(by_line)
    parts = {product.id: _parts(catalogue, product) for products in by_line.values() for product in products}
    for number in range(count):
        random = Random(f"{seed}/{number}")
        line = catalogue.lines[random.choice(lines)]
        windows = random.choice(by_line[line.id])
        yield _report(number, windows, line, parts[windows.id], random)


def programs(catalogue: CatalogueFile, count: int, seed: int = SEED) -> Iterator[Evidence]:
    """``count`` times one program alone, each as likely as any other, at a version that some update brings."""
    products = [product for product in catalogue.products if not product.platform and catalogue.fixes(product.id)]
    for number in range(count if products else 0):
        random = Random(f"{seed}/program/{number}")
        product = random.choice(products)
        fixes = catalogue.fixes(product.id)
        updates = fixes.updates if fixes else ()
        versions = [update.proof.build for update in updates if isinstance(update.proof, ByVersion)]
        version = random.choice(versions) if versions else ()
        yield Evidence(
            products=(Installed(product=product.id, software=product.software, version=version),),
            updates=UpdateList(
                installed=frozenset(_some([update.kb for update in updates], random)),
                complete=random.random() >= _WITHOUT_WHOLE_LIST,
                applications=True,
            ),
            track=Track.ROLLUP,
        )


def _parts(catalogue: CatalogueFile, windows: Product) -> tuple[str, ...]:
    """The KBs that only a list proves, of Windows itself and of what is on it, oldest first."""
    products = (windows.id, *(product.id for product in catalogue.index.components(windows.id)))
    fixes = catalogue.fixes_of(products)
    kbs = {u.kb for found in fixes.values() for u in found.updates if not isinstance(u.proof, ByBuild)}
    return tuple(sorted(kbs, key=int))


def _report(number: int, windows: Product, line: Line, parts: Sequence[str], random: Random) -> Report:
    build, kbs = _patched(line, random)
    kbs += _some(parts, random)
    is_whole = random.random() >= _WITHOUT_WHOLE_LIST
    if not is_whole:
        kbs = [kb for kb in kbs if random.random() < 0.6]
    hides_ubr = random.random() < _WITHOUT_UBR
    return Report(
        schema=SCHEMA,
        machine=Machine(computer_dns_name=f"m{number:07}.example.org", rbac_group_name=f"group {number % 20}"),
        os=OperatingSystem(
            name=windows.name,
            build=line.prefix if hides_ubr else build,
            architecture=windows.architecture,  # type: ignore[arg-type]  # the words are the same
            installation_type="Server Core" if windows.core else _ROLES[windows.role],  # type: ignore[arg-type]  # as above
        ),
        installed_updates=tuple(ReportedUpdate(kb=kb) for kb in dict.fromkeys(kbs)),
        update_list=ReportedList(complete=is_whole, sources=("qfe", "cbs")),
        dotnet=None
        if random.random() < _WITHOUT_DOTNET
        else (DotNet(profile="v4", release=random.choice(_DOTNET_KEYS)),),
        reported_at=NOW,
    )


def _patched(line: Line, random: Random) -> tuple[str, list[str]]:
    """How far the machine is: its build, and the KBs that its list names for that."""
    if line.cumulative:
        release = _reached(cumulative_releases(line), random)
        return str(release.build), [release.kb] if random.random() < 0.9 else []
    kind = "security-only" if random.random() < 0.3 else "rollup"
    offered = [release for release in line.releases if release.kind == kind]
    if not offered:
        return f"{line.prefix}.0", []
    newest = offered.index(_reached(offered, random))
    # A rollup replaces the one before it in the list; security-only updates all stay, and some are never taken.
    taken = offered[newest : newest + 1] if kind == "rollup" else _some(offered[: newest + 1], random, 0.9)
    return f"{line.prefix}.0", [release.kb for release in taken]


def _reached(releases: Sequence[Release], random: Random) -> Release:
    back = random.randrange(_MONTHS) if random.random() < _RECENT else random.randrange(len(releases))
    return releases[-1 - min(back, len(releases) - 1)]


def _some(items: Sequence[T], random: Random, diligence: float | None = None) -> list[T]:
    """Each item with the same chance, which is that of careful or of careless people."""
    chance = random.random() ** 2 if diligence is None else diligence
    return [item for item in items if random.random() < chance]
