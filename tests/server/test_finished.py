"""ETags, 304 and gzip: what saves bytes never changes what an answer says."""

import asyncio
import gzip
from collections.abc import Callable

import pytest
from starlette.responses import Response

from kbgap.server.finished import Finished, finish, is_among, takes_gzip

TAG = b'W/"abc"'


def finished(body: bytes, *, pack: bool = False, headers: dict[str, str] | None = None) -> Finished:
    """A finished answer."""

    async def in_thread(work: Callable[[], Finished]) -> Finished:
        return await asyncio.to_thread(work)

    async def run() -> Finished:
        return await finish(Response(body, media_type="application/json", headers=headers), in_thread, pack=pack)

    return asyncio.run(run())


@pytest.mark.parametrize("size", [0, 1_023, 1_024, 70_000])
@pytest.mark.parametrize("pack", [False, True])
def test_packed_or_not_the_answer_is_the_same(size: int, pack: bool) -> None:
    """Small ones stay plain: packing them saves nothing."""
    body = b"x" * size

    response = finished(body, pack=pack).answer(None)

    is_packed = response.headers.get("content-encoding") == "gzip"
    assert is_packed is (pack and size >= 1_024)
    assert (gzip.decompress(response.body) if is_packed else response.body) == body
    assert response.headers["content-length"] == str(len(response.body))
    assert response.headers["vary"] == "Accept-Encoding"


def test_the_tag_is_that_of_the_body() -> None:
    """The same on every process, in either encoding, and another for another body."""
    plain, packed, other = finished(b"a" * 2_000), finished(b"a" * 2_000, pack=True), finished(b"b" * 2_000)

    assert plain.tag == packed.tag
    assert plain.tag != other.tag
    assert plain.tag.startswith(b'W/"')


def test_who_has_it_gets_no_body() -> None:
    """304 with the tag, and without what describes a body."""
    one = finished(b"a" * 2_000, pack=True)

    response = one.answer(one.tag)

    assert (response.status_code, response.body) == (304, b"")
    assert response.headers["etag"] == one.tag.decode()
    assert not {name for name in response.headers if name.startswith("content-")}


def test_a_cache_control_of_the_handler_s_own_stays() -> None:
    """Otherwise the client may keep its copy, and asks before it uses it."""
    own = finished(b"", headers={"Cache-Control": "no-store"}).answer(None)
    usual = finished(b"").answer(None)

    assert own.headers["cache-control"] == "no-store"
    assert usual.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ('W/"abc"', True),
        ('"abc"', True),
        ('"x", W/"abc" , "y"', True),
        (" * ", True),
        ('"ab"', False),
        ("abc", False),
        ("", False),
        ('"' * 9_000, False),
    ],
)
def test_tags_are_compared_weakly(given: str, same: bool) -> None:
    """RFC 9110, 13.1.2: with or without W/, one of several, or any."""
    assert is_among(TAG, given) is same


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br, zstd", True),
        ("deflate;q=0.5, gzip;q=1.0", True),
        ("x-gzip", True),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip; q=0.000", False),
        ("gzip;q=x", False),
        ("identity", False),
        ("deflate", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_those_that_take_it(accepted: str, takes: bool) -> None:
    """Kenna asks for identity, most for gzip; zero means never."""
    assert takes_gzip(accepted) is takes
