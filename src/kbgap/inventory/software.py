"""Say which software a machine has: Microsoft's products by version and branch, all else under an id of its own.

1. Every program is looked up by its name (``inventory.program_names``). An update with an entry of its own is no
   program: its KB counts as installed, and its version is that of the software where the entry of the software keeps
   the version of the installation media.
2. The version decides the product: a product is there when the version is on its branch. Without a version each
   branch may be the one, which is a doubt.
3. Several entries of one instance say together how new it is; of several instances the oldest counts.
4. What no rule knows stays in the inventory under "vendor-_-product" and gets no verdict.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial

from kbgap.core.application_names import product_part
from kbgap.core.memo import Memo
from kbgap.core.model import Installed, Product, Value
from kbgap.core.product_names import software_id
from kbgap.core.products import ProductIndex
from kbgap.core.versions import Version
from kbgap.inventory.program_names import Sighting, sight, tidy
from kbgap.inventory.report import Software

_COMPANY = re.compile(
    r"[,.]? ?\b(?:inc|incorporated|corp|corporation|co|company|llc|ltd|limited|gmbh|ag|s\.?a|b\.?v|oy|ab|sarl|kg)\b\.?"
    r"|[,.] *$",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NUMBERS = re.compile(r"\b(?:version |v|build )?\d+(?:\.\d+)+\S*|\b(?:x64|x86|amd64|(?:32|64)-bit)\b", re.IGNORECASE)
_UNKNOWN = "unknown"


class SoftwareItem(Value, frozen=True, cache_hash=True):
    """One program of a machine for the inventory: the id of its software, and what the machine says of it.

    ``products`` are ids of the catalogue's products that it is, those that no KB is for included.
    """

    software: str
    vendor: str
    name: str
    version: str
    products: tuple[str, ...] = ()


class Found(Value, frozen=True):
    """What the list of software shows: ``components`` are kinds of Windows components that are there."""

    items: tuple[SoftwareItem, ...] = ()
    installed: tuple[Installed, ...] = ()
    kbs: frozenset[str] = frozenset()
    components: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def recognise(software: Sequence[Software], index: ProductIndex, windows: str) -> Found:
    """Recognise the programs of one machine; ``windows`` is the architecture of its system, or empty."""
    seen = _seen(software, windows)
    items = dict.fromkeys([item for item in seen if isinstance(item, SoftwareItem)])
    sightings = [item for item in seen if not isinstance(item, SoftwareItem)]
    patches = [sighting for sighting in sightings if sighting.rule.patch]
    programs = [_patched(sighting, patches, index) for sighting in sightings if not sighting.rule.patch]
    present: dict[str, dict[str, list[Installed]]] = defaultdict(lambda: defaultdict(list))
    notes = []
    for sighting in _without_blank_ones(programs):
        by_part = {part: _products(sighting, part, index) for part in sighting.software}
        items.update(dict.fromkeys(_items(sighting, by_part)))
        for product in (product for found in by_part.values() for product in found):
            if product.servicing.by_kb:
                present[product.id][sighting.instance].append(_installed(sighting, product, by_part))
        if sighting.version and not any(by_part.values()) and any(map(index.of_software, sighting.software)):
            notes.append(f"no update of this catalogue is for {_called(sighting.program)}")
    return Found(
        items=tuple(items),
        installed=tuple(_oldest(_newest(seen) for seen in found.values()) for _, found in sorted(present.items())),
        kbs=frozenset(sighting.kb for sighting in patches if sighting.kb),
        components=frozenset(sighting.rule.component for sighting in programs if sighting.rule.component),
        notes=tuple(dict.fromkeys(notes)),
    )


def _see(program: Software, windows: str) -> Sighting | SoftwareItem:
    """Step 1, or step 4 at once for what no rule knows."""
    return sight(program, windows) or _third_party(program)


@lru_cache(maxsize=16)
def _plain_on(windows: str) -> Memo[Software, Sighting | SoftwareItem]:
    """What programs without attributes are: a fleet lists the same few thousand over and over."""
    return Memo(partial(_see, windows=windows), 65_536)


def _seen(software: Sequence[Software], windows: str) -> list[Sighting | SoftwareItem]:
    try:
        return list(map(_plain_on(windows).__getitem__, software))
    except TypeError:  # attributes are a dictionary, which cannot be looked up
        return [_see(program, windows) for program in software]


# --- versions -----------------------------------------------------------------------------------------------------


def _patched(sighting: Sighting, patches: Sequence[Sighting], index: ProductIndex) -> Sighting:
    """Step 1: the version that an update of the same software brought, where the entry itself does not tell it."""
    if sighting.version and not sighting.floor:
        return sighting
    brought = [
        patch.version
        for patch in patches
        for part in set(patch.software) & set(sighting.software)
        if any(
            product.branch is not None and product.branch.holds(patch.version) for product in index.of_software(part)
        )
    ]
    newest = max(brought, default=())
    return sighting._replace(version=newest, floor=False) if newest > sighting.version else sighting


def _without_blank_ones(programs: Sequence[Sighting]) -> list[Sighting]:
    """Leave out "Microsoft SQL Server 2019 (64-bit)", which has no version where its engine beside it has."""
    told = {(part, sighting.instance) for sighting in programs if sighting.version for part in sighting.software}
    return [
        sighting
        for sighting in programs
        if sighting.version or not any((part, sighting.instance) in told for part in sighting.software)
    ]


def _newest(seen: Sequence[Installed]) -> Installed:
    """Of several entries of one instance: an exact version before that of the media, the higher of two."""
    return max(seen, key=lambda one: (not one.doubt, bool(one.version) and not one.floor, one.version))


def _oldest(instances: Iterable[Installed]) -> Installed:
    """Of several instances the one that lacks most; an unknown version may be the oldest."""
    return min(instances, key=lambda one: (one.version, one.floor))


# --- products -----------------------------------------------------------------------------------------------------


def _products(sighting: Sighting, part: str, index: ProductIndex) -> list[Product]:
    """Step 2."""
    version = sighting.version
    named = sighting.products or (() if version else sighting.unversioned)
    pool = [p for name in named if (p := index.by_name(name)) is not None] if named else index.of_software(part)
    return [
        product
        for product in pool
        if product.software == part
        and (not sighting.architecture or product.architecture in {"", sighting.architecture})
        and (_is_of_version(product, version) if version else named or sighting.year in product.name)
    ]


def _is_of_version(product: Product, version: Version) -> bool:
    return product.branch is None or product.branch.holds(version)


def _installed(sighting: Sighting, product: Product, by_part: dict[str, list[Product]]) -> Installed:
    """The product, with what is not sure about it: which branch or which bitness."""
    rivals = [rival for rival in by_part[product.software] if rival.servicing is product.servicing]
    doubt = ""
    if not sighting.version and any(rival.branch != product.branch for rival in rivals):
        doubt = f"the version of {tidy(sighting.program.name)}"
    elif not sighting.architecture and any(rival.architecture != product.architecture for rival in rivals):
        doubt = f"the architecture of {tidy(sighting.program.name)}"
    return Installed(
        product=product.id,
        software=product.software,
        doubt=doubt,
        version=sighting.version,
        floor=sighting.floor,
    )


# --- the inventory ------------------------------------------------------------------------------------------------


def _items(sighting: Sighting, by_part: dict[str, list[Product]]) -> Iterable[SoftwareItem]:
    """One item for each software that the entry shows; the first alone where no product is known."""
    parts = [part for part in sighting.software if by_part[part]] or sighting.software[:1]
    for part in parts:
        yield SoftwareItem(
            software=software_id(part),
            vendor="microsoft",
            name=tidy(sighting.program.name),
            version=sighting.program.version or "",
            products=tuple(sorted(product.id for product in by_part[part])),
        )


def _third_party(program: Software) -> SoftwareItem:
    """Step 4."""
    name = tidy(program.name)
    vendor = product_part(_COMPANY.sub("", tidy(program.vendor or ""))) or _UNKNOWN
    plain = _NUMBERS.sub(" ", _BRACKETS.sub(" ", name)).strip(" -,")
    part = product_part(plain) or product_part(name) or _UNKNOWN
    if part.startswith(f"{vendor}_"):
        part = part.removeprefix(f"{vendor}_")
    return SoftwareItem(software=f"{vendor}-_-{part}", vendor=vendor, name=name, version=program.version or "")


def _called(program: Software) -> str:
    name, version = tidy(program.name), program.version or ""
    return name if version in name else f"{name} {version}"
