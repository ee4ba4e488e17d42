"""A seeded fleet: machines install updates month by month, skip some, roll back, wait for a restart, and report."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from kbgap.catalogue.compile import Compiled, Corrections, compile_catalogue
from kbgap.catalogue.gather import children_of
from kbgap.catalogue.records import Document
from kbgap.core.builds import Build, parse_os_build
from kbgap.core.entitlement import entitlement_of
from kbgap.core.levels import derive_level, track_of
from kbgap.core.model import Basis, Entitlement, Evidence, Installed, Kind, Level, Line, Product, UpdateList
from tests.oracle import Machine, Oracle

NO_CORRECTIONS = Corrections()


@dataclass(frozen=True)
class World:
    """What both assessors judge with: documents, product rules, release table, overrides."""

    documents: tuple[Document, ...]
    products: Mapping[str, Product]
    canonical: Mapping[str, str]
    lines: Mapping[str, Line]
    corrections: Corrections = NO_CORRECTIONS

    def compiled(self) -> Compiled:
        """The catalogue that the product judges with."""
        return compile_catalogue(self.documents, self.products, self.canonical, self.lines, self.corrections)

    def oracle(self) -> Oracle:
        """The second assessor over the same facts."""
        corrections = self.corrections
        return Oracle(
            self.documents,
            self.products,
            self.canonical,
            self.lines,
            corrections.traceless,
            corrections.standalone,
            corrections.scanned,
        )


@dataclass(frozen=True)
class Simulated:
    """One machine: what it reports, and how far it really is patched (None where builds do not decide)."""

    machine: Machine
    level: Build | None


def evidence_of(machine: Machine, compiled: Compiled) -> Evidence:
    """The facts as normalising hands them to judging: level and track derived, what is pending not installed."""
    products = {product.id: product for product in compiled.products}
    line = compiled.lines[products[machine.windows].line]
    installed = machine.installed - machine.pending
    if machine.build is not None:
        level: Level | None = Level(build=machine.build, basis=Basis.REPORTED)
    else:
        level = derive_level(line, installed, complete=machine.complete)
    parts = {machine.windows: "", **machine.components}
    return Evidence(
        products=tuple(Installed(product=p, software=products[p].software, doubt=parts[p]) for p in sorted(parts)),
        updates=UpdateList(
            installed=installed, pending=machine.pending, complete=machine.complete, history=machine.history
        ),
        track=track_of(line, installed, hotpatch=machine.hotpatch),
        level=level,
        entitlement=entitlement_of(
            machine.esu, products[machine.windows].free_until, line, level, installed, Entitlement(machine.esu_untold)
        ),
    )


# --- what there is to install -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """One update that a machine may take, the KBs by which its list can show it (parent, children), and its build."""

    day: str
    kb: str
    kind: str
    shown: tuple[str, ...]
    build: Build | None = None


class Offers:
    """The updates of each Windows product and component, oldest first, read from release table and documents."""

    def __init__(self, world: World) -> None:
        """Look through all fix rows once."""
        self.world = world
        found: dict[str, dict[str, Offer]] = defaultdict(dict)
        for document in sorted(world.documents, key=lambda item: item.initial):
            for entry in document.entries:
                for remedy in entry.remedies:
                    shown = (remedy.kb, *children_of(remedy.url))
                    build = parse_os_build(remedy.fixed_build)
                    offer = Offer(document.initial, remedy.kb, remedy.kind.value, shown, build)
                    for product in {world.canonical.get(named, named) for named in remedy.products}:
                        found[product].setdefault(remedy.kb, offer)
        self._documents = found

    def of_line(self, line: Line) -> list[Offer]:
        """The releases of a line, previews and out-of-band ones too, oldest first."""
        tabled = [Offer(r.date, r.kb, r.kind, (r.kb,), r.build) for r in line.releases]
        return sorted(tabled, key=lambda offer: (offer.build or Build(0, 0, 0, 0), offer.day))

    def of_product(self, product: Product) -> list[Offer]:
        """What documents offer for one product, except what its line's release table has."""
        tabled = {release.kb for release in self.world.lines[product.line].releases} if product.line else set()
        return [offer for kb, offer in self._documents[product.id].items() if kb not in tabled]


# --- machines -----------------------------------------------------------------------------------------------------


@dataclass
class _Life:
    """What happens to one machine until it reports."""

    level: Build | None
    before: Build | None = None
    newest: str = ""
    shown: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)

    def take(self, offer: Offer) -> None:
        comparable = offer.build is not None and self.level is not None and offer.build.prefix == self.level.prefix
        self.before, self.newest = self.level, offer.kb
        self.level = offer.build if comparable else self.level
        self.shown.add(offer.kb)


def machines(
    world: World, seed: int, count: int, windows: Sequence[str] = (), *, esu: bool = False
) -> Iterator[Simulated]:
    """``count`` machines of the Windows products of the world (or of ``windows``), the same for the same seed.

    With ``esu`` some have extended security updates, some have not, and some do not tell; else none tells.
    """
    random, entitled = Random(f"{seed}"), Random(f"{seed} esu")
    offers = Offers(world)
    platforms = windows or sorted(p.id for p in world.products.values() if p.line and not p.component)
    for _ in range(count):
        simulated = _machine(world, offers, world.products[random.choice(platforms)], random)
        if esu:
            told = entitled.choice([True, False, None])
            untold = entitled.choice(["entitled", "not-entitled", "unknown"])
            simulated = replace(simulated, machine=replace(simulated.machine, esu=told, esu_untold=untold))
        yield simulated


def _machine(world: World, offers: Offers, platform: Product, random: Random) -> Simulated:
    line = world.lines[platform.line]
    life = _Life(level=line.first)
    on_hotpatch = line.cumulative and random.random() < 0.2
    components = _components(world, platform, random)
    if line.cumulative:
        _live_cumulative(life, offers.of_line(line), offers.of_product(platform), on_hotpatch, random)
    else:
        _live_by_rollups(life, offers.of_line(line), random)
    for product in [platform, *(world.products[component] for component in components)]:
        _live_with_parts(life, offers.of_product(product), random)
    return Simulated(_report(life, platform, components, on_hotpatch, random), life.level if line.cumulative else None)


def _components(world: World, platform: Product, random: Random) -> dict[str, str]:
    """In-box components mostly there, others sometimes, some in doubt."""
    chosen = {}
    for product in sorted(world.products.values(), key=lambda item: item.id):
        if product.platform == platform.id and product.id != platform.id:
            luck = random.random()
            if luck < (0.85 if product.in_box else 0.3):
                chosen[product.id] = ""
            elif luck > 0.93:
                chosen[product.id] = "not reported"
    return chosen


def _live_cumulative(
    life: _Life, releases: list[Offer], documented: list[Offer], on_hotpatch: bool, random: Random
) -> None:
    hotpatches = [offer for offer in documented if offer.kind == Kind.HOTPATCH]
    luck = {"security": random.uniform(0.3, 1), "preview": random.random() * 0.5, "out-of-band": random.random() * 0.6}
    start = random.randrange(len(releases) + 1)
    stop = random.randrange(start, len(releases) + 1)
    for offer in releases[start:stop]:
        if random.random() > luck.get(offer.kind, 0.7):
            continue
        hotpatch = next((h for h in hotpatches if h.day[:7] == offer.day[:7]), None) if on_hotpatch else None
        if random.random() < 0.7:
            life.shown.discard(life.newest)  # a cumulative update takes its forerunner off the list
        life.take(hotpatch if hotpatch is not None and random.random() < 0.8 else offer)
    _end_of_life(life, random)


def _end_of_life(life: _Life, random: Random) -> None:
    """Rolled back, or waiting for a restart, with the newest update still on the list or not."""
    luck = random.random()
    if not life.newest or luck > 0.2:
        return
    life.level = life.before
    if luck < 0.1:
        life.pending.add(life.newest)
    if luck < 0.05 or luck > 0.17:
        life.shown.discard(life.newest)


def _live_by_rollups(life: _Life, releases: list[Offer], random: Random) -> None:
    """Rollups, or security-only updates, or both; the list keeps them all."""
    security_only = random.random() < 0.35
    kinds = {"security-only"} if security_only else {"rollup", "preview-rollup"}
    if random.random() < 0.1:
        kinds |= {"rollup", "security-only"}
    diligence = random.random()
    last = random.randrange(len(releases) + 1)
    for offer in releases[:last]:
        if offer.kind in kinds and random.random() < diligence:
            life.take(offer)


def _live_with_parts(life: _Life, offers: list[Offer], random: Random) -> None:
    """Servicing stacks, .NET, Flash and whatever else the release table does not hold."""
    diligence = random.random() ** 2
    for offer in offers:
        if random.random() < diligence:
            life.shown.add(random.choice(offer.shown))
        elif random.random() < 0.02:
            life.pending.add(random.choice(offer.shown))


def _report(
    life: _Life, platform: Product, components: Mapping[str, str], on_hotpatch: bool, random: Random
) -> Machine:
    """With or without the UBR; the list whole, or cut anywhere."""
    complete = random.random() < 0.5
    shown = frozenset(life.shown)
    if not complete:
        shown = frozenset(kb for kb in sorted(shown) if random.random() < 0.6)
    return Machine(
        windows=platform.id,
        components=components,
        build=life.level if random.random() < 0.7 else None,
        installed=shown,
        pending=frozenset(life.pending),
        complete=complete,
        history=complete and random.random() < 0.4,
        hotpatch=on_hotpatch,
    )
