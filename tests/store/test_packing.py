"""Keys and packed values depend on what a value says, never on how it happens to lie in memory."""

import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.errors import Unavailable
from kbgap.core.model import SoftwareState
from kbgap.store.packing import digest, encode, in_pieces, pack, unpack, unpacked
from tests.builders import a_state


def test_a_value_comes_back() -> None:
    """Packing loses nothing."""
    state = a_state()

    assert unpack(pack(encode(state)), SoftwareState) == state


def test_rows_of_older_versions_are_read() -> None:
    """They are packed with zlib, and stay as they are until they are written again."""
    state = a_state()

    assert unpack(zlib.compress(encode(state)), SoftwareState) == state


def test_threads_do_not_disturb_each_other() -> None:
    """Every request packs and unpacks in a thread of its own."""
    texts = [f'"{number}"'.encode() * 1_000 for number in range(200)]

    with ThreadPoolExecutor(8) as pool:
        back = list(pool.map(unpacked, pool.map(pack, texts)))

    assert back == texts


def test_equal_values_have_equal_bytes_in_every_process() -> None:
    """Sets have another order in each process; keys must not."""
    code = "from kbgap.store.packing import encode; print(encode({str(n) for n in range(99)}).decode())"
    texts = {subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(3)}

    assert len(texts) == 1


@given(st.lists(st.binary(max_size=3), max_size=4), st.lists(st.binary(max_size=3), max_size=4))
def test_different_parts_have_different_keys(one: list[bytes], other: list[bytes]) -> None:
    """Also when they are the same bytes, cut elsewhere."""
    assert (digest(one) == digest(other)) == (one == other)


@pytest.mark.parametrize("damaged", [b"", b"x", pack(b"{}"), pack(b"")])
def test_damaged_bytes_are_told(damaged: bytes) -> None:
    """One line, and what to do."""
    with pytest.raises(Unavailable, match=r"a row of the database is damaged .*; restore a backup"):
        unpack(damaged, SoftwareState)


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
def test_pieces_are_the_whole(items: list[int], size: int) -> None:
    """In order, none larger than asked."""
    pieces = list(in_pieces(items, size))

    assert [item for piece in pieces for item in piece] == items
    assert all(0 < len(piece) <= size for piece in pieces)
