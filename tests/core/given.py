"""Small values for tests of the rules: one product on one line, with the defaults that most tests want."""

from collections.abc import Sequence

from kbgap.core.builds import Build
from kbgap.core.model import (
    Basis,
    ByBuild,
    ByList,
    ByMark,
    Closing,
    Flaw,
    Installed,
    Kind,
    Level,
    Line,
    ProductFixes,
    Release,
    SoftwareState,
    Track,
    Update,
)

WINDOWS = "11713"
LINE = "18363"


def build(ubr: int, number: int = 18363) -> Build:
    """A build of Windows 10."""
    return Build(10, 0, number, ubr)


def reported(ubr: int) -> Level:
    """A machine that reports its UBR."""
    return Level(build=build(ubr), basis=Basis.REPORTED)


def cumulative(kb: str, ubr: int, published: str = "2020-03-10") -> Update:
    """An operating-system cumulative update."""
    proof = ByBuild(build=build(ubr), source="release table")
    return Update(kb=kb, kind=Kind.SECURITY, proof=proof, published=published)


def listed(kb: str, kind: Kind = Kind.SECURITY, **proof: object) -> Update:
    """An update that only the list proves."""
    return Update(kb=kb, kind=kind, proof=ByList(**proof), published="2020-03-10")  # type: ignore[arg-type]  # by name


def marked(kb: str, ubr: int, reached: int | None, *, kind: Kind = Kind.HOTPATCH) -> Update:
    """A hotpatch, servicing stack or standalone update."""
    proof = ByMark(
        build=build(ubr),
        reached=None if reached is None else build(reached),
        equal=kind is not Kind.STANDALONE,
        listed=kind is not Kind.HOTPATCH,
    )
    return Update(kb=kb, kind=kind, proof=proof, published="2020-03-10")


def fixes(
    updates: Sequence[Update], closings: Sequence[tuple[str, Sequence[str]]] | None = None, *, product: str = WINDOWS
) -> dict[str, ProductFixes]:
    """One product; ``closings`` are (CVE, KBs) pairs, by default one CVE for each update."""
    pairs = closings or [(f"CVE-2020-{update.kb[-4:]}", [update.kb]) for update in updates]
    places = {update.kb: index for index, update in enumerate(updates)}
    compiled = ProductFixes(
        product=product,
        software="windows_10",
        line=LINE,
        updates=tuple(updates),
        flaws=tuple(Flaw(cve=cve, published="2020-03-10") for cve, _ in pairs),
        closings=tuple(
            Closing(updates=tuple(places[kb] for kb in kbs), flaws=(number,)) for number, (_, kbs) in enumerate(pairs)
        ),
    )
    return {product: compiled}


def state(
    level: Level | None = None,
    *,
    installed: Sequence[str] = (),
    pending: Sequence[str] = (),
    complete: bool = True,
    history: bool = False,
    track: Track = Track.ROLLUP,
    doubt: str = "",
) -> SoftwareState:
    """Windows 10 1909 on one machine."""
    return SoftwareState(
        software="windows_10",
        products=(Installed(product=WINDOWS, software="windows_10", doubt=doubt),),
        track=track,
        level=level,
        installed=frozenset(installed),
        pending=frozenset(pending),
        complete=complete,
        history=history,
    )


def line(*releases: Release, cumulative: bool = True, first: Build | None = None) -> Line:
    """A line with its release table."""
    return Line(id=LINE, prefix="10.0.18363", cumulative=cumulative, first=first or build(418), releases=releases)


def release(kb: str, ubr: int, kind: str = "security", date: str = "2020-03-10") -> Release:
    """A row of the release table."""
    return Release(kb=kb, kind=kind, build=build(ubr), date=date)
