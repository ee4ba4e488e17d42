"""The folder of catalogue files on this machine, and which of them is current."""

import os
import shutil
from collections.abc import Collection
from datetime import date
from pathlib import Path

from kbgap.catalogue.file import SUFFIX, CatalogueFile
from kbgap.core.errors import Invalid, Unavailable

_POINTER, _PREVIOUS = "current", "previous"


class Shelf:
    """Catalogue files by revision, in ``folder``; the file ``current`` there names the one in use."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which need not exist yet."""
        self.folder = folder

    def current(self) -> CatalogueFile:
        """Open the current catalogue; Unavailable, with the command that mends it, when there is none."""
        revision = self._named(_POINTER)
        if revision is None:
            mend = "run: kbgap catalogue refresh"
            raise Unavailable("there is no catalogue yet", where=str(self.folder), mend=mend)
        return self.open(revision)

    def previous(self) -> str | None:
        """The revision that was current before the one that is, by name; None when there was none."""
        return self._named(_PREVIOUS)

    def _named(self, pointer: str) -> str | None:
        try:
            return (self.folder / pointer).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"the {pointer} catalogue cannot be told ({error})", where=str(self.folder)) from error

    def open(self, revision: str) -> CatalogueFile:
        """Open one revision; Invalid when the name is none, Unavailable when the file is not here."""
        if not revision or any(character in revision for character in "/\\\0") or revision.startswith("."):
            raise Invalid(f"{revision!r} is not the name of a catalogue revision")
        return CatalogueFile(self.folder / f"{revision}{SUFFIX}")

    def make_current(self, path: Path) -> None:
        """Point to a file that is already in the folder, in one step: readers see the old or the new revision."""
        self.folder.mkdir(parents=True, exist_ok=True)
        revision, before = path.name.removesuffix(SUFFIX), self._named(_POINTER)
        if before not in {None, revision}:
            self._point(_PREVIOUS, before or "")
        self._point(_POINTER, revision)

    def _point(self, pointer: str, revision: str) -> None:
        partial = self.folder / f".{pointer}-{os.getpid()}"
        try:
            with partial.open("w", encoding="ascii") as stream:
                stream.write(revision + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(self.folder / pointer)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise Unavailable(f"the folder cannot be written ({error.strerror})", where=str(self.folder)) from error

    def prune(self, keep: Collection[str]) -> list[str]:
        """Delete the files of revisions that are neither current, nor the one before, nor to be kept; gives those."""
        current = self._named(_POINTER)
        if current is None:
            return []
        kept = {current, self.previous(), *keep}
        gone = [revision for revision in self.revisions() if revision not in kept]
        for revision in gone:
            (self.folder / f"{revision}{SUFFIX}").unlink(missing_ok=True)  # who has it open reads on
        return gone

    def take_in(self, catalogue: CatalogueFile) -> Path:
        """Copy a verified catalogue from elsewhere into the folder, whole or not at all; gives the copy's path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".taking-in-{os.getpid()}"
        try:
            shutil.copyfile(catalogue.path, partial)
            target = self.folder / f"{catalogue.revision}{SUFFIX}"
            partial.replace(target)
        except OSError as error:
            raise Unavailable(f"the catalogue cannot be copied ({error.strerror})", where=str(self.folder)) from error
        finally:
            partial.unlink(missing_ok=True)
        return target

    def revisions(self) -> list[str]:
        """The revisions in the folder, by name."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"[!.]*{SUFFIX}"))


def age_in_days(catalogue: CatalogueFile, today: date) -> int | None:
    """Days since the newest revision date of any of its documents; None for a catalogue without dated documents."""
    newest = max((facts.current for facts in catalogue.documents), default="")[:10]
    return (today - date.fromisoformat(newest)).days if newest else None
