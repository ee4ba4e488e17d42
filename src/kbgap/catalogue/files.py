"""Find the files that may hold documents, in a folder or a zip archive, and open them within a budget.

Nothing is ever unpacked to disk, and a member of an archive that names a place outside it is refused all the same.
"""

import os
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from kbgap.catalogue.bounded import BoundedReader, Limits, unpacked
from kbgap.core.errors import Invalid, NotFound
from kbgap.core.model import Value

_PACKED = (".zst", ".gz")
_FORMATS = (".xml", ".json")


class Item(Value, frozen=True):
    """One file on disk, or one member of a zip archive; ``size`` is in bytes as stored."""

    path: str
    member: str = ""
    size: int = 0

    @property
    def where(self) -> str:
        """The place as people write it."""
        return f"{self.path}: {self.member}" if self.member else self.path

    @property
    def name(self) -> str:
        """The file's own name, which says how it is packed."""
        return self.member or self.path

    @property
    def is_packed(self) -> bool:
        """Whether it unpacks to something many times larger."""
        return bool(self.member) or self.name.lower().endswith(_PACKED)


class Listing(Value, frozen=True):
    """Files that may hold documents, how many others lie beside them, and places that could not be looked at."""

    items: tuple[Item, ...] = ()
    ignored: int = 0
    refused: tuple[Invalid, ...] = ()


def find(path: Path, limits: Limits) -> Listing:
    """List the XML and JSON files (also as .zst and .gz) of a folder with all its folders, of a zip, or the one file.

    Raises ``NotFound`` when there is nothing at ``path`` and ``Invalid`` when it holds no such file.
    """
    if path.is_dir():
        listing = _join(_of_folder(path, limits))
    elif path.is_file():
        listing = _of_file(path, limits)
    else:
        raise NotFound("no such file or folder", where=str(path))
    if not listing.items and not listing.refused:
        raise Invalid(
            "no document here",
            where=str(path),
            mend="give CVRF documents: .xml or .json, also packed as .zst, .gz, .zip",
        )
    return listing


@contextmanager
def open_item(item: Item, limits: Limits) -> Iterator[BoundedReader]:
    """Open one listed file, unpacked as it is read; raises ``Invalid`` for what cannot be opened."""
    with ExitStack() as stack:
        try:
            if item.member:
                archive = stack.enter_context(zipfile.ZipFile(item.path))
                stream = stack.enter_context(archive.open(item.member))
            else:
                stream = stack.enter_context(Path(item.path).open("rb"))
        except (OSError, KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise Invalid(f"cannot be opened: {error}", where=item.where, mend="check the file") from error
        yield BoundedReader(unpacked(stream, item.name), item.where, limits)


def _is_document_name(name: str) -> bool:
    lower = name.lower()
    for suffix in _PACKED:
        lower = lower.removesuffix(suffix)
    return lower.endswith(_FORMATS)


def _of_folder(folder: Path, limits: Limits) -> Iterator[Listing]:
    seen = 0
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            seen += 1
            if seen > limits.files:
                raise Invalid(f"more than {limits.files:,} files", where=str(folder), mend="give a smaller folder")
            yield _of_file(Path(parent) / name, limits)


def _of_file(path: Path, limits: Limits) -> Listing:
    try:
        status = path.stat()
    except OSError as error:
        return Listing(refused=(Invalid(f"cannot be read: {error.strerror}", where=str(path)),))
    if not S_ISREG(status.st_mode):
        return Listing(ignored=1)
    if path.suffix.lower() == ".zip":
        return _of_archive(path, limits)
    if _is_document_name(path.name):
        return Listing(items=(Item(path=str(path), size=status.st_size),))
    return Listing(ignored=1)


def _of_archive(path: Path, limits: Limits) -> Listing:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        return Listing(refused=(Invalid(f"not a readable zip: {error}", where=str(path), mend="fetch it again"),))
    if len(members) > limits.files:
        return Listing(refused=(Invalid(f"more than {limits.files:,} members", where=str(path)),))
    return _join(_of_member(path, member) for member in sorted(members, key=lambda member: member.filename))


def _of_member(path: Path, member: zipfile.ZipInfo) -> Listing:
    name = member.filename
    if not _is_document_name(name):
        return Listing(ignored=1)
    inside = PurePosixPath(name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
        return Listing(refused=(Invalid("a member that names a place outside its archive", where=f"{path}: {name}"),))
    return Listing(items=(Item(path=str(path), member=name, size=member.compress_size),))


def _join(listings: Iterator[Listing]) -> Listing:
    items: list[Item] = []
    refused: list[Invalid] = []
    ignored = 0
    for listing in listings:
        items.extend(listing.items)
        refused.extend(listing.refused)
        ignored += listing.ignored
    return Listing(items=tuple(items), ignored=ignored, refused=tuple(refused))
