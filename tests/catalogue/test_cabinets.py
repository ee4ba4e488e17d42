"""Cabinets are read whole or refused with one line: stored and MSZIP here, LZX through cabextract."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.cabinets import Cabinet, _checksum
from kbgap.core.errors import Invalid, Unavailable
from tests.catalogue.cab import LZX, MSZIP, STORED, cabinet, slow_checksum

NEEDS_CABEXTRACT = pytest.mark.skipif(shutil.which("cabextract") is None, reason="cabextract is not installed")
METHODS = [STORED, MSZIP, pytest.param(LZX, marks=NEEDS_CABEXTRACT)]
PARTS = {
    "index.xml": b"<INDEX/>",
    "c\\12": b"".join(f"rule {n} of {n % 97} ".encode() for n in range(9000)),
    "empty": b"",
    "zeros": bytes(70_000),
}


def read(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    """Every member of a cabinet."""
    return {
        member.name: content.read() for member, content in Cabinet(path, limits or Limits()).contents(lambda _: True)
    }


def written(folder: Path, content: bytes) -> Path:
    """A file with that content."""
    path = folder / "a.cab"
    path.write_bytes(content)
    return path


def refusal(path: Path, limits: Limits | None = None) -> str:
    """The one line that reading it ends with."""
    with pytest.raises(Invalid) as error:
        read(path, limits)
    assert "\n" not in str(error.value)
    return error.value.what


@pytest.mark.parametrize("method", METHODS)
def test_members_come_out_as_they_went_in(method: int, tmp_path: Path) -> None:
    """Over many blocks of 32 KiB, empty members among them; names have forward slashes."""
    path = written(tmp_path, cabinet(PARTS, method))

    assert read(path) == {name.replace("\\", "/"): content for name, content in PARTS.items()}


@pytest.mark.parametrize("method", METHODS)
def test_only_what_is_wanted_is_given(method: int, tmp_path: Path) -> None:
    """The rest is passed by, also the rest of a member that is not read to its end."""
    path = written(tmp_path, cabinet(PARTS, method))

    found = [
        (member.name, content.read(7))
        for member, content in Cabinet(path, Limits()).contents(lambda member: member.name in ("c/12", "zeros"))
    ]

    assert found == [("c/12", PARTS["c\\12"][:7]), ("zeros", bytes(7))]


def test_what_follows_a_cabinet_is_its_signature(tmp_path: Path) -> None:
    """Microsoft signs the scan file, and the signature lies behind the cabinet."""
    path = written(tmp_path, cabinet(PARTS, trailing=b"signature"))

    assert len(read(path)) == len(PARTS)


@NEEDS_CABEXTRACT
def test_a_second_cabinet_behind_the_first_is_not_taken_for_it(tmp_path: Path) -> None:
    """Cabextract looks for further cabinets in a file, but the directory that counts is the first one's."""
    path = written(tmp_path, cabinet(PARTS, LZX, trailing=cabinet({"evil": b"evil"})))

    assert refusal(path) == "there is more in it than its directory says"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_cabinet_is_refused(method: int, share: float, tmp_path: Path) -> None:
    """Wherever it is cut, before anything is unpacked."""
    whole = cabinet(PARTS, method)
    path = written(tmp_path, whole[: int(len(whole) * share)])

    assert "cut after" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"", b"MSCF", b"PK\x03\x04" + bytes(100), b"<xml/>" * 20], ids=["empty", "head", "zip", "xml"]
)
def test_what_is_no_cabinet_is_refused(content: bytes, tmp_path: Path) -> None:
    """An empty file, a head and nothing else, another kind of file."""
    assert refusal(written(tmp_path, content)) in {"the cabinet is cut", "this is not a cabinet"}


@pytest.mark.parametrize("method", METHODS)
def test_a_changed_byte_is_noticed(method: int, tmp_path: Path) -> None:
    """Each block has a checksum."""
    content = bytearray(cabinet(PARTS, method))
    content[-1000] ^= 0x10

    assert refusal(written(tmp_path, bytes(content)))


@pytest.mark.parametrize("name", ["..\\evil", "c\\..\\..\\evil", "\\evil", "C:\\evil", "/etc/passwd", ".", ""])
def test_a_name_outside_the_cabinet_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing is unpacked under such a name, and a cabinet with one is not to be trusted at all."""
    path = written(tmp_path, cabinet({"index.xml": b"", name: b"x"}))

    assert refusal(path) == "a member that names a place outside its cabinet"


def test_budgets_hold_before_anything_is_unpacked(tmp_path: Path) -> None:
    """The directory says how large members are, one by one and together."""
    path = written(tmp_path, cabinet({"a": bytes(3 << 20), "b": bytes(3 << 20)}, MSZIP))

    assert refusal(path, Limits(document=2 << 20)) == "larger than 2 MiB when unpacked"
    assert refusal(path, Limits(total=5 << 20)) == "more than 5 MiB when unpacked"


def test_one_part_of_several_is_refused(tmp_path: Path) -> None:
    """The scan file is one cabinet; a part would need the others, under names of its own choice."""
    assert refusal(written(tmp_path, cabinet(PARTS, flags=2))) == "this is one part of a cabinet in several parts"


def test_a_member_of_no_folder_is_refused(tmp_path: Path) -> None:
    """65535 marks a member that goes on in another file."""
    assert refusal(written(tmp_path, cabinet({"a": b"x"}, folder=65535))) == "a lies in no folder of the cabinet"


def test_without_cabextract_lzx_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the program; what needs no program is read without it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    path = written(tmp_path, cabinet(PARTS, LZX))

    with pytest.raises(Unavailable) as error:
        read(path)

    assert str(error.value) == (
        f"{path}: this cabinet is packed with LZX, which kbgap leaves to cabextract, and that is not installed; "
        "install the package cabextract"
    )
    assert read(written(tmp_path, cabinet(PARTS, MSZIP)))


@given(st.binary(max_size=40), st.integers(0, 2**32 - 1))
def test_the_quick_checksum_is_the_slow_one(data: bytes, seed: int) -> None:
    """Laying halves upon each other gives what going word by word gives, for every length."""
    assert _checksum(data, seed) == slow_checksum(data, seed)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary(max_size=2000), max_size=5))
def test_every_small_cabinet_is_read(tmp_path_factory: pytest.TempPathFactory, parts: Mapping[str, bytes]) -> None:
    """Whatever the members hold."""
    path = written(tmp_path_factory.mktemp("cab"), cabinet(parts, MSZIP))

    assert read(path) == parts
