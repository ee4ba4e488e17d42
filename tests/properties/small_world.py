"""Small random worlds with everything that is dirty in Microsoft's documents, for properties without shared data."""

from collections.abc import Sequence
from random import Random

from kbgap.catalogue.compile import Corrections
from kbgap.catalogue.edges import ScanEdge
from kbgap.catalogue.records import Document, Entry, Remedy
from kbgap.core.builds import Build
from kbgap.core.model import Kind, Line, Product, Release
from tests.fleet import World

TRACELESS = "5000001"
SETUP = "5000002"

WINDOWS = Product(
    id="1", name="Windows 10 22H2", software="windows_10", line="19045", platform="1", free_until="2024-06-09"
)
SERVER = Product(
    id="2",
    name="Windows Server 2012 R2",
    software="windows_server_2012_r2",
    line="9600",
    platform="2",
    free_until="2024-04-09",
)
SISTER = Product(id="3", name="Windows Server 2019", software="windows_server_2019", line="17763", platform="3")


def _on(platform: Product, key: str, component: str, *versions: str, in_box: bool = True) -> Product:
    return Product(
        id=f"{key}-{platform.id}",
        name=f"{component} {key} on {platform.name}",
        software=component.removeprefix(".") or component,
        line=platform.line,
        platform=platform.id,
        component=component,
        versions=versions,
        in_box=in_box,
        free_until=platform.free_until,
    )


IE, EDGE, FLASH = _on(WINDOWS, "10", "ie"), _on(WINDOWS, "11", "edge"), _on(WINDOWS, "12", "flash")
NET_48, NET_35 = _on(WINDOWS, "13", ".net", "4.8"), _on(WINDOWS, "14", ".net", "3.5", in_box=False)
NET_BOTH = _on(WINDOWS, "15", ".net", "3.5", "4.8")
OLD_IE, OLD_NET = _on(SERVER, "10", "ie"), _on(SERVER, "13", ".net", "4.8")
PRODUCTS = (WINDOWS, SERVER, SISTER, IE, EDGE, FLASH, NET_48, NET_35, NET_BOTH, OLD_IE, OLD_NET)


def small_world(seed: int) -> World:
    """A few products on two cumulative lines and a rollup line, five to nine months of documents."""
    return _Maker(Random(f"world {seed}")).world()


def small_documents(seed: int) -> tuple[Document, ...]:
    """The documents of ``small_world``."""
    return small_world(seed).documents


class _Maker:
    """Makes one world month by month, with one source of luck."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.months = random.randint(5, 9)
        self.releases: dict[str, list[Release]] = {"19045": [], "9600": [], "17763": []}
        self.last: dict[str, str] = {}
        self.cves = 0
        self.drafts: list[list[Entry]] = [[] for _ in range(self.months)]

    def luck(self, chance: float) -> bool:
        return self.random.random() < chance

    def day(self, month: int, day: int = 9) -> str:
        return f"2024-{month + 1:02}-{day:02}"

    def world(self) -> World:
        for month in range(self.months):
            self.modern(month, WINDOWS, (IE, EDGE), 5_010_000)
            self.modern(month, SISTER, (), 5_020_000)
            self.parts(month)
            self.legacy(month)
        lines = {
            "19045": Line(id="19045", prefix="10.0.19045", cumulative=True, first=Build(10, 0, 19045, 2006)),
            "17763": Line(id="17763", prefix="10.0.17763", cumulative=True, first=Build(10, 0, 17763, 1)),
            "9600": Line(id="9600", prefix="6.3.9600", cumulative=False),
        }
        documents = tuple(
            Document(
                id=f"2024-{month + 1:02}",
                title=f"Month {month + 1}",
                initial=self.day(month),
                current=self.day(month),
                products={product.id: (product.name,) for product in PRODUCTS},
                entries=tuple(entries),
            )
            for month, entries in enumerate(self.drafts)
        )
        tables = {
            key: Line(id=key, prefix=line.prefix, cumulative=line.cumulative, first=line.first, releases=releases)
            for key, line in lines.items()
            for releases in [tuple(self.releases[key])]
        }
        standalone = frozenset(kb for kb in (f"50100{month}6" for month in range(self.months)) if self.luck(0.5))
        return World(
            documents=documents,
            products={product.id: product for product in PRODUCTS},
            canonical={"99": WINDOWS.id},
            lines=tables,
            corrections=Corrections(
                traceless=frozenset({TRACELESS}), standalone=standalone, scanned=self.told_besides()
            ),
        )

    def told_besides(self) -> dict[str, tuple[ScanEdge, ...]]:
        """What another source says of supersedence, here and there, and of KBs that no document names."""
        named = sorted({remedy.kb for entries in self.drafts for entry in entries for remedy in entry.remedies})
        told: dict[str, tuple[ScanEdge, ...]] = {}
        for older in named:
            later = [kb for kb in (*named, f"{older[:-1]}9", "5099999") if kb > older]
            if later and self.luck(0.25):
                told[older] = tuple(
                    ScanEdge(
                        newer=newer,
                        source="another",
                        day="2025-02-11",
                        lines=frozenset(line for line in ("9600", "7601") if self.luck(0.5)),
                        elsewhere=self.luck(0.5),
                    )
                    for newer in sorted({self.random.choice(later) for _ in range(self.random.randint(1, 3))})
                )
        return told

    # --- one month ---

    def modern(self, month: int, windows: Product, parts: Sequence[Product], number: int) -> None:
        """Security update, preview, out-of-band, hotpatch, servicing stack and standalone update of one line."""
        five = int(windows.line)
        revision = 2100 + 100 * month + self.random.randrange(20)
        kb = str(number + 10 * month + 1)
        self.table(windows.line, kb, "security", Build(10, 0, five, revision), self.day(month), 0.85)
        fixes = [self.fix(kb, Kind.SECURITY, windows, revision)]
        if self.luck(0.5):
            preview = str(number + 10 * month + 2)
            self.table(windows.line, preview, "preview", Build(10, 0, five, revision + 40), self.day(month, 18), 1)
        if self.luck(0.3):
            out_of_band = str(number + 10 * month + 3)
            build = Build(10, 0, five, revision + 4)
            self.table(windows.line, out_of_band, "out-of-band", build, self.day(month, 11), 1)
            fixes += [self.fix(out_of_band, Kind.SECURITY, windows, revision + 4)] * self.luck(0.6)
        if self.luck(0.3):
            fixes.append(self.fix(str(number + 10 * month + 4), Kind.HOTPATCH, windows, revision - 8))
        if self.luck(0.2):
            kind = self.random.choice([Kind.STANDALONE, Kind.SECURITY_ONLY, Kind.SECURITY])
            fixes.append(self.fix(str(number + 10 * month + 6), kind, windows, revision - 8))
        self.entries(month, [windows, *parts], fixes)
        self.apart(month, windows, fixes, revision, number)
        if self.luck(0.1):
            self.entries(month, [WINDOWS], [self.fix(str(5_020_001 + 10 * month), Kind.SECURITY, SISTER, revision)])
        self.last[windows.line] = kb

    def apart(self, month: int, windows: Product, fixes: Sequence[Remedy], revision: int, number: int) -> None:
        """What is no part of the month's update: servicing stack, a KB without trace, setup, an older document."""
        alone = [self.fix(str(number + 10 * month + 5), Kind.SERVICING_STACK, windows, revision - 20)]
        alone += [self.fix(TRACELESS, Kind.SECURITY, windows, 0)] if self.luck(0.3) else []
        alone += [self.fix(SETUP, Kind.SETUP, windows, 0)] if self.luck(0.1) else []
        if self.luck(0.3):
            self.entries(month, [windows], alone[-1:])
        if self.luck(0.2) and month:
            self.entries(self.random.randrange(month), [windows], fixes[:1])  # an older document names a newer KB

    def parts(self, month: int) -> None:
        """.NET with its children in the link, and Flash."""
        parent = str(5_030_000 + 10 * month)
        older = self.last.get("net", "")
        named = str(int(older) + 1) if older and self.luck(0.3) else older  # some rows name the older child
        for place, product in enumerate((NET_48, NET_35, NET_BOTH), start=1):
            if self.luck(0.4):  # not every month is for every name of the same .NET
                continue
            child = "" if self.luck(0.1) else str(int(parent) + place)
            supersedes = (named,) if named and self.luck(0.8) else ()
            self.entries(month, [product], [_remedy(parent, Kind.ROLLUP, child=child, supersedes=supersedes)])
        if self.luck(0.2):  # .NET inside the operating system's update
            self.entries(month, [NET_48], [self.fix(str(5_010_001 + 10 * month), Kind.SECURITY, WINDOWS, 0)])
        self.last["net"] = parent
        if self.luck(0.6):
            flash = str(5_040_000 + month)
            supersedes = (self.last["flash"],) if "flash" in self.last and self.luck(0.8) else ()
            self.entries(month, [FLASH], [_remedy(flash, Kind.SECURITY, supersedes=supersedes)])
            self.last["flash"] = flash

    def legacy(self, month: int) -> None:
        """Rollup, security-only, cumulative update of Internet Explorer, preview, sometimes a plain update."""
        first = 5_050_000 + 10 * month
        rollup, security_only, browser, preview, plain = (str(first + place) for place in range(1, 6))
        self.releases["9600"].append(Release(kb=rollup, kind="rollup", date=self.day(month)))
        if self.luck(0.9):
            self.releases["9600"].append(Release(kb=security_only, kind="security-only", date=self.day(month)))
        if self.luck(0.5):
            self.releases["9600"].append(Release(kb=preview, kind="preview-rollup", date=self.day(month, 17)))
        older = (self.last["9600"],) if "9600" in self.last and self.luck(0.6) else ()
        monthly = _remedy(rollup, Kind.ROLLUP, supersedes=older)
        before = (self.last["9600"], str(first - 8)) if month and self.luck(0.2) else ()  # it contains neither
        alone = _remedy(security_only, Kind.SECURITY_ONLY, supersedes=before)
        self.entries(month, [SERVER], [monthly, alone])
        self.entries(month, [SERVER], [monthly])
        self.entries(month, [OLD_IE], [monthly, _remedy(browser, Kind.IE_CUMULATIVE)])
        self.entries(month, [OLD_NET], [_remedy(str(first + 6), Kind.ROLLUP, child=str(first + 7))])
        if self.luck(0.3):
            also = [monthly] if self.luck(0.4) else []
            self.entries(month, [SERVER], [_remedy(plain, Kind.SECURITY), *also])
        if self.luck(0.2):
            self.entries(month, [SERVER], [_remedy(preview, Kind.PREVIEW_ROLLUP)])
        self.last["9600"] = rollup

    # --- rows ---

    def table(self, line: str, kb: str, kind: str, build: Build, day: str, chance: float) -> None:
        if self.luck(chance):
            self.releases[line].append(Release(kb=kb, kind=kind, build=build, date=day))

    def fix(self, kb: str, kind: Kind, windows: Product, revision: int) -> Remedy:
        """A row on a cumulative line, with a FixedBuild that is right, absent, too high, another line's or junk."""
        five = windows.line
        texts = [f"10.0.{five}.{revision}"] * 7 + [
            "",
            "",
            f"10.0.{five}.{revision + 500}",
            f"10.0.20348.{revision}",
            "-",
        ]
        if kind in {Kind.STANDALONE, Kind.SECURITY_ONLY}:  # these always say their build
            texts = texts[:7]
        older = self.last.get(windows.line, "")
        supersedes = (older,) if older and self.luck(0.7) else (kb,) if self.luck(0.05) else ()
        return _remedy(kb, kind, supersedes=supersedes, fixed_build=self.random.choice(texts) if revision else "")

    def entries(self, month: int, products: Sequence[Product], remedies: Sequence[Remedy]) -> None:
        """One to three CVEs, sometimes an advisory, that some of the products have and all or some remedies close."""
        for _ in range(self.random.randint(1, 3)):
            self.cves += 1
            name = "ADV24" if self.luck(0.05) else "CVE-2024-"
            chosen = [product for product in products if self.luck(0.8)] or list(products[:1])
            ids = tuple("99" if product is WINDOWS and self.luck(0.1) else product.id for product in chosen)
            closing = [remedy for remedy in remedies if self.luck(0.85)] or list(remedies[:1])
            rows = tuple(_remedy(r.kb, r.kind, r.url, r.supersedes, r.fixed_build, products=ids) for r in closing)
            day = self.day(month)
            entry = Entry(id=f"{name}{self.cves:04}", title="A flaw", published=day, revised=day, remedies=rows)
            self.drafts[month].append(entry)


def _remedy(
    kb: str,
    kind: Kind,
    url: str = "",
    supersedes: tuple[str, ...] = (),
    fixed_build: str = "",
    *,
    child: str = "",
    products: tuple[str, ...] = (),
) -> Remedy:
    link = f"https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB{child}" if child else url
    return Remedy(
        kb=kb,
        kind=kind,
        subtype=kind.value,
        url=link,
        supersedes=supersedes,
        fixed_build=fixed_build,
        products=products,
    )
