"""Keep the last good documents on disk as Microsoft served them, packed with zstd, and what is known of each.

A manifest names the current file of every document, and replacing it is the one step that makes new ones current: a
crash before that step leaves the old documents, and one after it the new ones.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import zstandard

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.files import Item, open_item
from kbgap.catalogue.guard import key
from kbgap.catalogue.published import DocumentFacts
from kbgap.core.errors import Unavailable
from kbgap.core.model import Value

_MANIFEST = "manifest.json"
_FORMAT = 1
_LEVEL = 3
_CHUNK = 1 << 17


class Validators(Value, frozen=True):
    """What the service sent to ask again by: ETag and Last-Modified, either may be empty."""

    etag: str = ""
    last_modified: str = ""


class Kept(Value, frozen=True):
    """One document in the cache: its file there, and the SHA-256 of its content before packing."""

    facts: DocumentFacts
    file: str
    sha256: str
    validators: Validators = Validators()


class Addition(Value, frozen=True):
    """One document to keep: where it lies now, what is known of it, and whether it is ``xml`` or ``json``."""

    item: Item
    facts: DocumentFacts
    format: str
    sha256: str
    validators: Validators = Validators()


class _Manifest(Value, frozen=True):
    format: int
    documents: tuple[Kept, ...] = ()


class Cache:
    """The documents in ``folder``. One process at a time may add to it: its caller sees to that."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which need not exist yet."""
        self.folder = folder

    def documents(self) -> Mapping[str, Kept]:
        """What is kept, by the case-blind key of the id (``guard.key``); Unavailable when the manifest is broken."""
        path = self.folder / _MANIFEST
        mend = f"delete the folder {self.folder} and run: kbgap catalogue refresh"
        try:
            manifest = msgspec.json.decode(path.read_bytes(), type=_Manifest)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Unavailable(f"the kept documents cannot be read: {error.strerror}", where=str(path)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"the list of kept documents is broken: {error}", where=str(path), mend=mend) from error
        if manifest.format != _FORMAT:
            raise Unavailable("the kept documents are of another version of kbgap", where=str(path), mend=mend)
        return {key(kept.facts.id): kept for kept in manifest.documents}

    def item(self, kept: Kept) -> Item:
        """The file of a kept document, for reading."""
        path = self.folder / Path(kept.file).name
        return Item(path=str(path), size=path.stat().st_size if path.is_file() else 0)

    def has(self, kept: Kept) -> bool:
        """Whether the file of a kept document is there; its content is checked when it is read."""
        return (self.folder / Path(kept.file).name).is_file()

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A folder for files on their way in, on the same disk; gone afterwards."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.folder))
        except OSError as error:
            raise Unavailable(f"the folder cannot be written: {error.strerror}", where=str(self.folder)) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, additions: Iterable[Addition], limits: Limits) -> None:
        """Keep documents in place of older ones of the same ids, all of them in one step."""
        new = {key(addition.facts.id): addition for addition in additions}
        if not new:
            return
        try:
            with self.incoming() as folder:
                taken_in = {id_: self._take_in(addition, folder, limits) for id_, addition in new.items()}
                self._replace(lambda before: {**before, **taken_in}, folder)
        except OSError as error:
            raise Unavailable(f"documents cannot be kept: {error.strerror}", where=str(self.folder)) from error

    def forget(self, ids: Iterable[str]) -> None:
        """Drop documents whose files are damaged, so that they are fetched again."""
        gone = {key(id_) for id_ in ids}
        if gone:
            with self.incoming() as folder:
                self._replace(lambda before: {id_: one for id_, one in before.items() if id_ not in gone}, folder)

    def _replace(self, change: Callable[[Mapping[str, Kept]], Mapping[str, Kept]], folder: Path) -> None:
        before = self.documents()
        after = change(before)
        manifest = _Manifest(format=_FORMAT, documents=tuple(after[id_] for id_ in sorted(after)))
        partial = folder / _MANIFEST
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        _sync(partial)
        partial.replace(self.folder / _MANIFEST)
        current = {kept.file for kept in after.values()}
        for kept in before.values():
            if kept.file not in current:
                (self.folder / Path(kept.file).name).unlink(missing_ok=True)

    def _take_in(self, addition: Addition, folder: Path, limits: Limits) -> Kept:
        # In lower case: on a disk that ignores case, two spellings of one id would be one file, then deleted as old.
        file = f"{key(addition.facts.id)}-{addition.sha256[:16]}.{addition.format}.zst"
        partial = folder / file
        with open_item(addition.item, limits) as source, partial.open("wb") as target:
            with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(target, closefd=False) as packer:
                while data := source.read(_CHUNK):
                    packer.write(data)
            if source.sha256 != addition.sha256:
                raise Unavailable("the file changed while it was read", where=addition.item.where, mend="try again")
        _sync(partial)
        partial.replace(self.folder / file)
        return Kept(facts=addition.facts, file=file, sha256=addition.sha256, validators=addition.validators)


def _sync(path: Path) -> None:
    """Wait until the disk has it, so that the new name never stands for half a file."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
