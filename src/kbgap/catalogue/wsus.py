"""Read Microsoft's offline scan file wsusscn2.cab: which update supersedes which, by the GUIDs of the updates.

1. The outer cabinet: ``index.xml``, and ``package.cab`` with ``package.xml``: the updates and who supersedes whom.
2. The other inner cabinets, one after another: for each update of 1 its KB (``x``), the KB in its title (``l``) and
   what it supersedes (``c``), taken only from the cabinet in whose range its revision lies.
3. Revisions become GUIDs and are forgotten, because they mean something else in the next month's file.

The title's KB goes before the other: where they differ, the title names the update and the field a page about several
(.NET parents). An update without either has no KB, and none is made up for it.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kbgap.catalogue.bounded import Limits, Readable
from kbgap.catalogue.cabinets import Cabinet, Member
from kbgap.catalogue.offers import Progress, silent
from kbgap.catalogue.records import Oddity
from kbgap.catalogue.wsus_fragments import read_article, read_superseded, read_title_kb
from kbgap.catalogue.wsus_package import KIND, Index, Package, read_index, read_package
from kbgap.core.errors import Invalid, NotFound
from kbgap.core.model import Value

_MIB = 1 << 20
SCAN_LIMITS = Limits(document=4095 * _MIB, total=16384 * _MIB)
_LARGEST_FRAGMENT = 16 * _MIB
_LARGEST_INDEX = 4 * _MIB
_CHUNK = 1 << 17
_INDEX, _PACKAGE, _UPDATES = "index.xml", "package.cab", "package.xml"
_FRAGMENT = re.compile(r"(c|x|l/en)/([0-9]{1,10})", re.IGNORECASE)
_MEND = "give Microsoft's file wsusscn2.cab, whole"


class ScanUpdate(Value, frozen=True):
    """One update of a scan file: its GUID, its KB (may be empty), the GUIDs of its products.

    ``titled``: the KB stands in its title. Otherwise it may be the number of a page about many updates.
    """

    id: str
    kb: str = ""
    titled: bool = False
    products: tuple[str, ...] = ()


class Scan(Value, frozen=True):
    """One scan file: its day (ISO), the SHA-256 of its bytes, its updates, and who supersedes whom.

    ``edges`` are positions in ``updates``, newer first. Updates that only a newer one names have a GUID and no more:
    another month's file may know them. ``unresolved`` counts superseding revisions that the file does not hold.
    """

    day: str
    sha256: str
    updates: tuple[ScanUpdate, ...]
    edges: tuple[tuple[int, int], ...]
    unresolved: int = 0
    oddities: tuple[Oddity, ...] = ()


def read_scan(path: Path, limits: Limits = SCAN_LIMITS, progress: Progress = silent) -> Scan:
    """Read one scan file.

    Fragments that cannot be read are noted and left out. Raises NotFound when there is no file, Invalid when it is no
    scan file, is cut or holds more than ``limits`` allow, Unavailable when it needs cabextract and that is missing.
    """
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "no such file"
        raise NotFound(what, where=str(path), mend=_MEND)
    outer = Cabinet(path, limits)
    index, package = _read_lists(outer, limits)
    collected = _Collected(package)
    inner = [member for member in outer.members if member.name.casefold() in index.cabinets]
    if lacking := set(index.cabinets) - {member.name.casefold() for member in inner}:
        what = f"the file lacks {min(lacking)}, which its index names"
        raise Invalid(what, where=str(path), mend=_MEND)
    for done, (member, content) in enumerate(outer.contents(lambda member: member in inner)):
        progress("scan file", done, len(inner))
        with _nested(content, f"{path}: {member.name}", limits) as cabinet:
            collected.take(cabinet, index, member.name.casefold())
    progress("scan file", len(inner), len(inner))
    return collected.finish(_sha256(path))


def _read_lists(outer: Cabinet, limits: Limits) -> tuple[Index, Package]:
    index = package = None
    for member, content in outer.contents(lambda member: member.name.casefold() in (_INDEX, _PACKAGE)):
        where = f"{outer.path}: {member.name}"
        if member.name.casefold() == _INDEX:
            _refuse_large(member, _LARGEST_INDEX, where)
            index = read_index(content, where)
        else:
            with _nested(content, where, limits) as cabinet:
                for _, updates in cabinet.contents(lambda member: member.name.casefold() == _UPDATES):
                    package = read_package(updates, f"{where}: {_UPDATES}")
    if index is None or package is None:
        lacking = _INDEX if index is None else f"{_PACKAGE} with {_UPDATES}"
        raise Invalid(f"this is not an offline scan file: it holds no {lacking}", where=str(outer.path), mend=_MEND)
    return index, package


@contextmanager
def _nested(content: Readable, where: str, limits: Limits) -> Iterator[Cabinet]:
    """An inner cabinet, kept as a file of ours while it is read; errors name the place where it lies."""
    with tempfile.TemporaryDirectory(prefix="kbgap-") as folder:
        path = Path(folder) / "inner.cab"
        with path.open("wb") as file:
            while data := content.read(_CHUNK):
                file.write(data)
        yield Cabinet(path, limits, where=where)


def _refuse_large(member: Member, most: int, where: str) -> None:
    if member.size > most:
        raise Invalid(f"larger than {most // _MIB} MiB", where=where, mend=_MEND)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Collected:
    """What the fragments say of each revision; filled cabinet by cabinet, then turned into a Scan."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._articles: dict[int, str] = {}
        self._titles: dict[int, str] = {}
        self._superseded: dict[int, tuple[str, ...]] = {}
        self._oddities = list(package.oddities)

    def take(self, cabinet: Cabinet, index: Index, name: str) -> None:
        """All fragments of one inner cabinet that are for updates of the package."""

        def concerns(member: Member) -> bool:
            found = _FRAGMENT.fullmatch(member.name)
            revision = int(found[2]) if found else -1
            return revision in self._package.updates and index.cabinet_of(revision) == name

        for member, content in cabinet.contents(concerns):
            kind, revision = member.name.casefold().rsplit("/", 1)
            try:
                _refuse_large(member, _LARGEST_FRAGMENT, f"{cabinet.where}: {member.name}")
                self._note(kind, int(revision), content.read(), f"{cabinet.where}: {member.name}")
            except Invalid as error:
                self._oddities.append(Oddity(kind=KIND, where=error.where, text=error.what))

    def _note(self, kind: str, revision: int, fragment: bytes, where: str) -> None:
        match kind:
            case "x":
                self._articles[revision] = read_article(fragment, where)
            case "c":
                self._superseded[revision] = read_superseded(fragment, where)
            case _:
                self._titles[revision] = read_title_kb(fragment, where)

    def finish(self, sha256: str) -> Scan:
        """Step 3: GUIDs in place of revisions; the same update in two revisions is one."""
        updates = self._package.updates
        found: dict[str, ScanUpdate] = {}
        pairs: set[tuple[str, str]] = set()
        unresolved = 0
        for revision in sorted(updates):
            update = updates[revision]
            title = self._titles.get(revision, "")
            kb = title or self._articles.get(revision, "")
            found[update.id] = ScanUpdate(id=update.id, kb=kb, titled=bool(title), products=update.products)
            newer = [updates[other].id for other in update.superseded_by if other in updates]
            unresolved += len(update.superseded_by) - len(newer)
            pairs.update((id_, update.id) for id_ in newer)
            pairs.update((update.id, older) for older in self._superseded.get(revision, ()))
        for _, older in pairs:
            found.setdefault(older, ScanUpdate(id=older))
        place = {id_: number for number, id_ in enumerate(sorted(found))}
        return Scan(
            day=self._package.day,
            sha256=sha256,
            updates=tuple(found[id_] for id_ in sorted(found)),
            edges=tuple(sorted((place[newer], place[older]) for newer, older in pairs if newer != older)),
            unresolved=unresolved,
            oddities=tuple(self._oddities),
        )
