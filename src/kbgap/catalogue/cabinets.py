"""Read cabinets (.cab) as streams, within a budget: what is stored or packed with MSZIP here, LZX with cabextract.

Nothing is ever written to disk under a name from a cabinet. Its directory is read here, checked against the file and
the budget before anything is unpacked, and says where one member ends and the next begins, also in what cabextract
gives: that program only unpacks. The format is Microsoft's [MS-CAB].
"""

import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from struct import Struct
from typing import IO

from kbgap.catalogue.bounded import Limits
from kbgap.core.errors import Invalid, Unavailable
from kbgap.core.model import Value

_HEADER = Struct("<4s4xI4xI4xBBHHHHH")
_RESERVE = Struct("<HBB")
_FOLDER = Struct("<IHH")
_FILE = Struct("<IIHHHH")
_BLOCK = Struct("<IHH")
_LARGEST_BLOCK = 1 << 15
_LONGEST_NAME = 257  # with the zero at its end
_UTF_8 = 0x80
_SPANS, _HAS_RESERVE = 0x0003, 0x0004
_STORED, _MSZIP, _OTHERS = 0, 1, {2: "Quantum", 3: "LZX"}
_CHUNK = 1 << 16
_CUT = "fetch it again"


class Member(Value, frozen=True):
    """One file in a cabinet; ``name`` has forward slashes, ``size`` and ``offset`` are in bytes after unpacking."""

    name: str
    size: int
    folder: int
    offset: int


class Folder(Value, frozen=True):
    """One stream of a cabinet, in which members lie one after another: where its blocks begin, and how it is packed."""

    start: int
    blocks: int
    method: int


class MemberReader:
    """The content of one member, which has to be read before the next one is asked for."""

    def __init__(self, stream: "_Stream", size: int) -> None:
        """Give at most ``size`` bytes of ``stream``."""
        self._stream = stream
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, empty at the end; Invalid when the cabinet ends before the member does."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.take(wanted) if wanted else b""
        self._left -= len(data)
        return data

    def rest(self) -> None:
        """Pass by what was not read."""
        while self.read(_CHUNK):
            pass


Contents = Iterator[tuple[Member, MemberReader]]


class Cabinet:
    """A cabinet on disk, with its directory read and checked."""

    def __init__(self, path: Path, limits: Limits, *, where: str = "") -> None:
        """Read the directory of ``path``; ``where`` names it in errors, when that is not its path.

        ``limits.document`` bounds one member and ``limits.total`` all of them, in bytes after unpacking. Raises
        Invalid when it is no whole cabinet, is one part of several, or holds too much or a name outside itself.
        """
        self.path = path
        self.where = where or str(path)
        try:
            with path.open("rb") as file:
                self.folders, self.members, self._spare = self._read_directory(file)
        except OSError as error:
            raise Invalid(f"cannot be read: {error.strerror}", where=self.where) from error
        self._check(limits)

    def contents(self, wanted: Callable[[Member], bool]) -> Contents:
        """The wanted members in the order of the cabinet, each with a reader to use before the next is asked for.

        Raises Invalid where the cabinet is damaged, Unavailable when it needs cabextract, which is not installed.
        """
        methods = {folder.method for folder in self.folders} - {_STORED, _MSZIP}
        if methods:
            yield from self._through_cabextract(_OTHERS.get(min(methods), "an unknown method"), wanted)
            return
        for number, folder in enumerate(self.folders):
            mine = [member for member in self.members if member.folder == number]
            if any(map(wanted, mine)):
                with self.path.open("rb") as file:
                    yield from self._one_after_another(_Stream(self._blocks(file, folder), self.where), mine, wanted)

    def _read_directory(self, file: IO[bytes]) -> tuple[tuple[Folder, ...], tuple[Member, ...], int]:
        signature, size, start, _, major, folders, files, flags, *_ = _HEADER.unpack(self._exactly(file, _HEADER.size))
        if signature != b"MSCF" or major != 1:
            raise Invalid("this is not a cabinet", where=self.where, mend="give a .cab file")
        if flags & _SPANS:
            raise Invalid("this is one part of a cabinet in several parts", where=self.where, mend="give a whole one")
        if self.path.stat().st_size < size:
            told = f"the cabinet is cut after {self.path.stat().st_size:,} of {size:,} bytes"
            raise Invalid(told, where=self.where, mend=_CUT)
        spare = spare_of_folder = spare_of_block = 0
        if flags & _HAS_RESERVE:
            spare, spare_of_folder, spare_of_block = _RESERVE.unpack(self._exactly(file, _RESERVE.size))
            self._exactly(file, spare)
        entries = [self._exactly(file, _FOLDER.size + spare_of_folder)[: _FOLDER.size] for _ in range(folders)]
        found = [_FOLDER.unpack(entry) for entry in entries]
        file.seek(start)
        members = tuple(self._members(file.read(files * (_FILE.size + _LONGEST_NAME)), files))
        return tuple(Folder(start=s, blocks=n, method=m & 0x0F) for s, n, m in found), members, spare_of_block

    def _members(self, directory: bytes, files: int) -> Iterator[Member]:
        place = 0
        for _ in range(files):
            end = directory.find(b"\0", place + _FILE.size, place + _FILE.size + _LONGEST_NAME)
            if end < 0:
                raise Invalid("the cabinet is cut in its directory", where=self.where, mend=_CUT)
            size, offset, folder, _, _, attributes = _FILE.unpack_from(directory, place)
            name = directory[place + _FILE.size : end].decode("utf-8" if attributes & _UTF_8 else "cp1252", "replace")
            yield Member(name=name.replace("\\", "/"), size=size, folder=folder, offset=offset)
            place = end + 1

    def _check(self, limits: Limits) -> None:
        for member in self.members:
            inside = PurePosixPath(member.name)
            if not inside.parts or inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
                place = f"{self.where}: {member.name}"
                raise Invalid("a member that names a place outside its cabinet", where=place)
            if member.folder >= len(self.folders):
                raise Invalid(f"{member.name} lies in no folder of the cabinet", where=self.where, mend=_CUT)
            if member.size > limits.document:
                told = f"larger than {limits.document >> 20:,} MiB when unpacked"
                raise Invalid(told, where=f"{self.where}: {member.name}")
        if sum(member.size for member in self.members) > limits.total:
            raise Invalid(f"more than {limits.total >> 20:,} MiB when unpacked", where=self.where)

    def _exactly(self, file: IO[bytes], size: int) -> bytes:
        data = file.read(size)
        if len(data) < size:
            raise Invalid("the cabinet is cut", where=self.where, mend=_CUT)
        return data

    # --- unpacking ----------------------------------------------------------------------------------------------------

    def _one_after_another(self, stream: "_Stream", mine: list[Member], wanted: Callable[[Member], bool]) -> Contents:
        """The members of one folder."""
        position = 0
        for member in mine:
            if member.offset < position:
                raise Invalid(f"{member.name} lies upon another member", where=self.where, mend=_CUT)
            MemberReader(stream, member.offset - position).rest()
            reader = MemberReader(stream, member.size)
            if wanted(member):
                yield member, reader
            reader.rest()
            position = member.offset + member.size

    def _blocks(self, file: IO[bytes], folder: Folder) -> Iterator[bytes]:
        file.seek(folder.start)
        before = b""
        for _ in range(folder.blocks):
            head = self._exactly(file, _BLOCK.size + self._spare)
            expected, packed, size = _BLOCK.unpack_from(head)
            data = self._exactly(file, packed)
            if expected and _checksum(head[4:], _checksum(data, 0)) != expected:
                raise Invalid("a block of the cabinet has another checksum", where=self.where, mend=_CUT)
            block = data if folder.method == _STORED else self._inflate(data, before)
            if len(block) != size or size > _LARGEST_BLOCK:
                raise Invalid("a block of the cabinet has another size", where=self.where, mend=_CUT)
            before = (before + block)[-_LARGEST_BLOCK:]
            yield block

    def _inflate(self, data: bytes, before: bytes) -> bytes:
        """One block of MSZIP: a deflate stream of its own, that may refer to the block before it."""
        if data[:2] != b"CK":
            raise Invalid("a block of the cabinet is not MSZIP", where=self.where, mend=_CUT)
        unzip = zlib.decompressobj(wbits=-15, zdict=before)
        try:
            return unzip.decompress(data[2:], _LARGEST_BLOCK + 1)
        except zlib.error as error:
            raise Invalid(f"cannot be unpacked: {error}", where=self.where, mend=_CUT) from error

    def _through_cabextract(self, method: str, wanted: Callable[[Member], bool]) -> Contents:
        """All members as cabextract prints them, in the order of the directory; its exit code is minded at the end."""
        tool = shutil.which("cabextract")
        if tool is None:
            raise Unavailable(
                f"this cabinet is packed with {method}, which kbgap leaves to cabextract, and that is not installed",
                where=self.where,
                mend="install the package cabextract",
            )
        with tempfile.TemporaryFile() as complaints:
            command = [tool, "-q", "-p", str(self.path.absolute())]
            with subprocess.Popen(  # noqa: S603 - a fixed command; the path is absolute and no option
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            ) as process:
                try:
                    yield from self._of_output(process, wanted)
                    failed = process.wait() != 0
                finally:
                    process.kill()
            if failed:
                complaints.seek(0)
                told = complaints.read(_CHUNK).decode(errors="replace").strip().splitlines()
                reason = told[-1].rpartition(": ")[2] if told else "it did not say why"
                raise Invalid(f"cabextract cannot unpack it: {reason}", where=self.where, mend=_CUT)

    def _of_output(self, process: subprocess.Popen[bytes], wanted: Callable[[Member], bool]) -> Contents:
        output = process.stdout
        if output is None:
            return
        with closing(output):
            stream = _Stream(iter(lambda: output.read(_CHUNK), b""), self.where)
            for member in self.members:
                reader = MemberReader(stream, member.size)
                if wanted(member):
                    yield member, reader
                reader.rest()
            if not stream.is_at_end():
                raise Invalid("there is more in it than its directory says", where=self.where, mend=_CUT)


class _Stream:
    """Bytes that come in pieces, given out in any size."""

    def __init__(self, pieces: Iterator[bytes], where: str) -> None:
        self._pieces = pieces
        self._where = where
        self._piece = memoryview(b"")

    def take(self, size: int) -> bytes:
        """Exactly ``size`` bytes; Invalid when there are fewer."""
        taken = []
        while size:
            if not self._piece and not self._next():
                raise Invalid("the cabinet is cut", where=self._where, mend=_CUT)
            taken.append(self._piece[:size])
            self._piece = self._piece[size:]
            size -= len(taken[-1])
        return b"".join(taken)

    def is_at_end(self) -> bool:
        """Whether no byte is left."""
        return not self._piece and not self._next()

    def _next(self) -> bool:
        self._piece = memoryview(next(self._pieces, b""))
        return len(self._piece) > 0


def _checksum(data: bytes, seed: int) -> int:
    """Microsoft's checksum: the exclusive or of all words of 32 bits; of a last short word the bytes are turned round.

    Halves of one long number are laid upon each other until one word is left, which is quicker than word by word.
    """
    whole = len(data) & ~3
    number = int.from_bytes(data[:whole], "little")
    width = 32
    while width < whole * 8:
        width *= 2
    while width > 32:
        width //= 2
        number = (number >> width) ^ (number & ((1 << width) - 1))
    return number ^ int.from_bytes(data[whole:], "big") ^ seed
