"""Load the reviewed corrections of Microsoft's data: each says why, by which source, and when it was reviewed.

``catalogue/overrides.py`` applies them. An entry is only right while the data has the error; a test fails for an entry
that changes nothing any more (``data/overrides/*.toml``).
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Generic, TypeVar

from kbgap.catalogue.rules import read_table
from kbgap.core.errors import Invalid
from kbgap.core.model import Value


class Override(Value, frozen=True, forbid_unknown_fields=True):
    """One correction: the ``reason``, the ``source`` that supports it, and the ``date`` of its review."""

    reason: str
    source: str
    date: dt.date


T = TypeVar("T", bound=Override)


class FixedBuildTypo(Override, frozen=True):
    """FixedBuild of a KB is mistyped: where it says ``was``, read ``now``."""

    kb: str
    was: str
    now: str

    @property
    def label(self) -> str:
        """File, KB and the wrong value."""
        return f"fixed_builds: KB{self.kb} {self.was}"


class VersionTypo(Override, frozen=True):
    """A row without a KB of one CVE names a fixed version that is mistyped: where it says ``was``, read ``now``."""

    cve: str
    was: str
    now: str

    @property
    def label(self) -> str:
        """File, CVE and the wrong value."""
        return f"version_fixes: {self.cve} {self.was}"


class WrongProduct(Override, frozen=True):
    """A KB is listed for ``products`` that it cannot be for: take them off, or put ``instead`` in their place."""

    kb: str
    products: tuple[str, ...]
    instead: str = ""

    @property
    def label(self) -> str:
        """File, KB and the wrong products."""
        return f"wrong_products: KB{self.kb} {', '.join(self.products)}"


class ChildLink(Override, frozen=True):
    """The catalogue link of a KB names ``was``, which does not prove it; ``now`` does."""

    kb: str
    was: str
    now: str

    @property
    def label(self) -> str:
        """File, KB and the wrong child."""
        return f"child_links: KB{self.kb} {self.was}"


class SisterProduct(Override, frozen=True):
    """A product has no rows of its own: what names all ``sisters`` also holds for ``product``, called ``name``.

    The same goes for components on it (10486-11801 and 10486-11802 for 10486-11800). ``kb`` narrows the entry to one.
    """

    product: str
    name: str
    sisters: tuple[str, ...]
    kb: str = ""

    @property
    def label(self) -> str:
        """File and product, and the KB if it is for one only."""
        return f"sister_products: {self.product}" + (f" KB{self.kb}" if self.kb else "")


class TracelessKb(Override, frozen=True):
    """A KB that leaves no trace in the build and is in no cumulative update (semantics 3.8)."""

    kb: str

    @property
    def label(self) -> str:
        """File and KB."""
        return f"traceless: KB{self.kb}"


class StandaloneKb(Override, frozen=True):
    """A KB that is installed on its own beside a hotpatch, though SubType calls it something else."""

    kb: str

    @property
    def label(self) -> str:
        """File and KB."""
        return f"standalone: KB{self.kb}"


AnyOverride = FixedBuildTypo | VersionTypo | WrongProduct | ChildLink | SisterProduct | TracelessKb | StandaloneKb


class Overrides(Value, frozen=True):
    """All corrections, by the file that they stand in."""

    fixed_builds: tuple[FixedBuildTypo, ...] = ()
    version_fixes: tuple[VersionTypo, ...] = ()
    wrong_products: tuple[WrongProduct, ...] = ()
    child_links: tuple[ChildLink, ...] = ()
    sister_products: tuple[SisterProduct, ...] = ()
    traceless_kbs: tuple[TracelessKb, ...] = ()
    standalone_kbs: tuple[StandaloneKb, ...] = ()

    @property
    def traceless(self) -> frozenset[str]:
        """KBs that only a complete update history can prove."""
        return frozenset(entry.kb for entry in self.traceless_kbs)

    @property
    def standalone(self) -> frozenset[str]:
        """KBs that are standalone whatever SubType says."""
        return frozenset(entry.kb for entry in self.standalone_kbs)

    def entries(self) -> tuple[AnyOverride, ...]:
        """Every entry of every file."""
        return (
            *self.fixed_builds,
            *self.version_fixes,
            *self.wrong_products,
            *self.child_links,
            *self.sister_products,
            *self.traceless_kbs,
            *self.standalone_kbs,
        )


class _File(Value, Generic[T], frozen=True, forbid_unknown_fields=True):
    """One file: any number of [[override]] tables of one shape."""

    override: tuple[T, ...]


@cache
def load_overrides() -> Overrides:
    """The corrections that come with kbgap."""
    folder = files("kbgap.data").joinpath("overrides")
    named = {file.name: file for file in folder.iterdir() if file.name.endswith(".toml")}
    return parse_overrides({name: named[name].read_text(encoding="utf-8") for name in sorted(named)})


def parse_overrides(texts: Mapping[str, str]) -> Overrides:
    """Read overrides from TOML texts by file name; Invalid says what is wrong and where."""
    rest = dict(texts)
    overrides = Overrides(
        fixed_builds=_take(rest, "fixed_builds.toml", _File[FixedBuildTypo]),
        version_fixes=_take(rest, "version_fixes.toml", _File[VersionTypo]),
        wrong_products=_take(rest, "wrong_products.toml", _File[WrongProduct]),
        child_links=_take(rest, "child_links.toml", _File[ChildLink]),
        sister_products=_take(rest, "sister_products.toml", _File[SisterProduct]),
        traceless_kbs=_take(rest, "traceless.toml", _File[TracelessKb]),
        standalone_kbs=_take(rest, "standalone.toml", _File[StandaloneKb]),
    )
    for name in rest:
        raise Invalid("no rule reads this file", where=f"overrides/{name}", mend="give it the name of its kind")
    _refuse_unsupported(overrides)
    return overrides


def _take(texts: dict[str, str], name: str, shape: type[_File[T]]) -> tuple[T, ...]:
    text = texts.pop(name, None)
    return () if text is None else read_table(text, shape, where=f"overrides/{name}").override


def _refuse_unsupported(overrides: Overrides) -> None:
    for entry in overrides.entries():
        if not entry.reason.strip() or not entry.source.strip():
            raise Invalid("no reason or no source is given", where=entry.label, mend="say why, and who says so")
    for entry in overrides.sister_products:
        if not entry.sisters or entry.product in entry.sisters:
            raise Invalid("a product is not its own sister, and needs one", where=entry.label, mend="name the sisters")
    for label, count in Counter(entry.label for entry in overrides.entries()).items():
        if count > 1:
            raise Invalid("two entries correct the same thing", where=label, mend="keep one")
