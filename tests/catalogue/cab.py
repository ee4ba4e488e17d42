"""Make small cabinets for tests: stored, packed with MSZIP, or packed with LZX.

No program at hand packs with LZX, so there is a packer here. It writes verbatim blocks with Huffman trees of their own
and matches, near and far and repeated, over several frames of 32 KiB: what a reader of the real file meets.
"""

import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from struct import pack

FRAME = 1 << 15
STORED, MSZIP, LZX = 0, 1, 3 | 15 << 8  # LZX with a window of 2^15


def cabinet(
    members: Mapping[str, bytes], method: int = STORED, *, flags: int = 0, folder: int = 0, trailing: bytes = b""
) -> bytes:
    """A cabinet with one folder; ``folder`` and ``flags`` are what its directory claims, rightly or not."""
    content = b"".join(members.values())
    packers: dict[int, Callable[[bytes], Iterator[bytes]]] = {STORED: _stored, MSZIP: _mszip, LZX: lzx_frames}
    frames = [content[place : place + FRAME] for place in range(0, len(content), FRAME)]
    blocks = b"".join(
        _block(packed, len(frame)) for packed, frame in zip(packers[method](content), frames, strict=True)
    )
    entries, place = b"", 0
    for name, data in members.items():
        entries += pack("<IIHHHH", len(data), place, folder, 0, 0, 0x20) + name.encode("cp1252") + b"\0"
        place += len(data)
    start = 36 + 8
    data_start = start + len(entries)
    size = data_start + len(blocks)
    head = pack("<4sIIIIIBBHHHHH", b"MSCF", 0, size, 0, start, 0, 3, 1, 1, len(members), flags, 0, 0)
    return head + pack("<IHH", data_start, len(frames), method) + entries + blocks + trailing


def _stored(content: bytes) -> Iterator[bytes]:
    return (content[place : place + FRAME] for place in range(0, len(content), FRAME))


def _mszip(content: bytes) -> Iterator[bytes]:
    before = b""
    for frame in _stored(content):
        packer = zlib.compressobj(wbits=-15, zdict=before) if before else zlib.compressobj(wbits=-15)
        yield b"CK" + packer.compress(frame) + packer.flush()
        before = frame


def _block(packed: bytes, size: int) -> bytes:
    tail = pack("<HH", len(packed), size)
    return pack("<I", slow_checksum(tail, slow_checksum(packed, 0))) + tail + packed


def slow_checksum(data: bytes, seed: int) -> int:
    """As the format's description gives it: word by word."""
    whole = len(data) // 4 * 4
    for place in range(0, whole, 4):
        seed ^= int.from_bytes(data[place : place + 4], "little")
    return seed ^ int.from_bytes(data[whole:], "big")


# --- LZX ------------------------------------------------------------------------------------------------------------

_SLOTS = 30  # of a window of 2^15
_ELEMENTS = 256 + 8 * _SLOTS
_LENGTHS = 249
_BLOCK_SIZE = 50_000  # blocks end within frames
_FOOTER_BITS = [0, 0, 0, 0, *(bits for bits in range(1, 14) for _ in (0, 1))]
_BASES = [sum(1 << bits for bits in _FOOTER_BITS[:slot]) for slot in range(_SLOTS)]

Token = tuple[int, int | None, int, int]  # main element, length element, footer bits, footer
Codes = dict[int, tuple[int, int]]  # symbol to (length, code)


def lzx_frames(content: bytes) -> Iterator[bytes]:
    """The frames of one LZX stream, each to stand in a block of a cabinet."""
    bits = _Bits()
    bits.put(0, 1)  # no translation of calls in programs
    before: tuple[Sequence[int], Sequence[int]] = ([0] * _ELEMENTS, [0] * _LENGTHS)
    repeated = [1, 1, 1]
    position = 0
    for start in range(0, len(content), _BLOCK_SIZE):
        end = min(start + _BLOCK_SIZE, len(content))
        tokens = list(_tokens(content, start, end, repeated))
        main = _code_lengths(Counter(token[0] for _, token in tokens), _ELEMENTS)
        lengths = _code_lengths(Counter(token[1] for _, token in tokens if token[1] is not None), _LENGTHS)
        bits.put(1, 3)
        bits.put(end - start, 24)
        bits.tree(main[:256], before[0][:256])
        bits.tree(main[256:], before[0][256:])
        bits.tree(lengths, before[1])
        before = main, lengths
        codes, length_codes = _codes(main), _codes(lengths)
        for size, (element, length, footer_bits, footer) in tokens:
            bits.put(codes[element][1], codes[element][0])
            if length is not None:
                bits.put(length_codes[length][1], length_codes[length][0])
            bits.put(footer, footer_bits)
            position += size
            if position % FRAME == 0 or position == len(content):
                yield bits.flush()


def _tokens(content: bytes, start: int, end: int, repeated: list[int]) -> Iterator[tuple[int, Token]]:
    """Literals and matches with how many bytes each stands for; a match ends within its block and its frame."""
    place = start
    while place < end:
        most = min(257, end - place, FRAME - place % FRAME)
        offset, size = _match(content, place, most)
        if size < 3:
            yield 1, (content[place], None, 0, 0)
            place += 1
            continue
        slot, footer = 0, 0
        if offset != repeated[0]:
            slot = max(number for number, base in enumerate(_BASES) if base <= offset + 2)
            footer = offset + 2 - _BASES[slot]
            repeated[:] = [offset, *repeated[:2]]
        head = min(size - 2, 7)
        yield size, (256 + slot * 8 + head, size - 9 if head == 7 else None, _FOOTER_BITS[slot], footer)
        place += size


def _match(content: bytes, place: int, most: int) -> tuple[int, int]:
    """The nearest earlier place with the same four bytes, as (offset, length)."""
    found = content.rfind(content[place : place + 4], max(0, place - FRAME + 300), place + 3) if most >= 4 else -1
    if found < 0 or found >= place:
        return 0, 0
    size = next((n for n in range(4, most) if content[found + n] != content[place + n]), most)
    return place - found, size


def _code_lengths(counts: Counter[int], symbols: int) -> list[int]:
    """Lengths of a Huffman code: every symbol that occurs has one, and at least two do."""
    lengths = [0] * symbols
    if not counts:
        return lengths
    weights = dict(counts)
    for spare in range(symbols):
        if len(weights) < 2:
            weights.setdefault(spare, 1)
    order = count()
    heap = [(weight, next(order), [symbol]) for symbol, weight in sorted(weights.items())]
    heapq.heapify(heap)
    while len(heap) > 1:
        (one, _, left), (other, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in left + right:
            lengths[symbol] += 1
        heapq.heappush(heap, (one + other, next(order), left + right))
    assert max(lengths) <= 16
    return lengths


def _codes(lengths: Sequence[int]) -> Codes:
    codes: Codes = {}
    code = before = 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
        code <<= length - before
        codes[symbol] = length, code
        code, before = code + 1, length
    return codes


class _Bits:
    """Bits from the highest on, in words of 16 that stand low byte first; a frame ends on a whole word."""

    def __init__(self) -> None:
        self._text: list[str] = []

    def put(self, value: int, size: int) -> None:
        if size:
            self._text.append(f"{value:0{size}b}")

    def tree(self, lengths: Sequence[int], before: Sequence[int]) -> None:
        """Code lengths as differences, in a code that has 4 bits for 15 of the 17 differences and 5 for two."""
        sizes = [4] * 15 + [5] * 2 + [0] * 3
        for size in sizes:
            self.put(size, 4)
        codes = _codes(sizes)
        for length, old in zip(lengths, before, strict=True):
            size, code = codes[(old - length) % 17]
            self.put(code, size)

    def flush(self) -> bytes:
        text = "".join(self._text)
        self._text = []
        text += "0" * (-len(text) % 16)
        words = (int(text[place : place + 16], 2) for place in range(0, len(text), 16))
        return b"".join(word.to_bytes(2, "little") for word in words)
