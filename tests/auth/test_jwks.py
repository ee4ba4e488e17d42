"""The keys of external issuers: fetched when needed, kept when the issuer is down, and nothing else taken."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from kbgap.auth import jwks
from kbgap.auth.issuers import Issuer, OneTenant
from kbgap.auth.jwks import FRESH_FOR, KEPT_FOR, NOT_AGAIN_WITHIN, PublishedKeys
from kbgap.core.errors import Unavailable
from tests.issuing import AUDIENCE, DISCOVERY, KEYS, LoopbackIssuer, issuing

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
TENANT = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def theirs() -> Iterator[LoopbackIssuer]:
    """An issuer on loopback."""
    with issuing() as issuer:
        yield issuer


def described(theirs: LoopbackIssuer, *, discovered: bool = True) -> Issuer:
    """The issuer as the file of issuers describes it."""
    keys_url = None if discovered else theirs.url + KEYS
    return Issuer(theirs.url, frozenset({AUDIENCE}), keys_url, theirs.url + DISCOVERY, OneTenant(TENANT))


def published(theirs: LoopbackIssuer, *, discovered: bool = True) -> PublishedKeys:
    """What the server keeps of it; no proxy of this machine is asked for loopback."""
    return PublishedKeys(described(theirs, discovered=discovered), proxies={})


@pytest.mark.parametrize(("discovered", "asked"), [(True, [DISCOVERY, KEYS]), (False, [KEYS])])
def test_keys_are_fetched_when_first_needed(theirs: LoopbackIssuer, discovered: bool, asked: list[str]) -> None:
    """From the address that discovery or the file tells."""
    keys = published(theirs, discovered=discovered)
    assert keys.must_fetch("first", NOW)

    keys.fetch(NOW)

    assert keys.get("first", NOW) is not None
    assert keys.get("second", NOW) is None
    assert not keys.must_fetch("first", NOW)
    assert theirs.asked == asked


def test_an_unknown_key_makes_them_be_fetched_but_not_all_the_time(theirs: LoopbackIssuer) -> None:
    """A key that was just made is found at once; whoever invents ids makes one request in half a minute."""
    keys = published(theirs)
    keys.fetch(NOW)
    theirs.add_key("second")

    asks = [keys.must_fetch("second", NOW + after) for after in (timedelta(0), NOT_AGAIN_WITHIN)]
    keys.fetch(NOW + NOT_AGAIN_WITHIN)

    assert asks == [False, True]
    assert keys.get("second", NOW + NOT_AGAIN_WITHIN) is not None
    assert not keys.must_fetch("third", NOW + NOT_AGAIN_WITHIN + timedelta(seconds=1))


def test_old_keys_are_fetched_again_though_they_will_do(theirs: LoopbackIssuer) -> None:
    """An hour old: no request has to wait for it."""
    keys = published(theirs)
    keys.fetch(NOW)

    later = NOW + FRESH_FOR

    assert [keys.is_old(later - timedelta(seconds=1)), keys.is_old(later)] == [False, True]
    assert not keys.must_fetch("first", later)


def test_the_last_keys_stay_while_the_issuer_is_down(theirs: LoopbackIssuer, caplog: pytest.LogCaptureFixture) -> None:
    """For a day; then nothing that they signed can be good any more."""
    keys = published(theirs)
    keys.fetch(NOW)
    theirs.answers[DISCOVERY] = (503, {}, b"")

    keys.fetch(NOW + FRESH_FOR)

    assert keys.get("first", NOW + FRESH_FOR) is not None
    assert "the issuer answered 503" in caplog.text
    with pytest.raises(Unavailable, match="cannot be had"):
        keys.get("first", NOW + KEPT_FOR)


def test_a_withdrawn_key_is_gone(theirs: LoopbackIssuer) -> None:
    """And whoever remembers what it signed is told."""
    keys = published(theirs)
    keys.fetch(NOW)
    theirs.add_key("second")
    keys.fetch(NOW + timedelta(minutes=1))
    before = keys.withdrawals
    del theirs.keys["first"]

    keys.fetch(NOW + timedelta(minutes=2))

    assert (before, keys.withdrawals) == (0, 1)
    assert keys.get("first", NOW + timedelta(minutes=2)) is None


def test_only_keys_that_verify_our_algorithms_are_taken(theirs: LoopbackIssuer) -> None:
    """The others stay out and their neighbours stay in: shared secrets, other curves, other uses, rubbish."""
    theirs.add_key("curve", ECKey.generate_key("P-256"))
    rows = theirs.published()["keys"]
    first = rows[0]
    rows += [
        {**OctKey.generate_key(256).as_dict(), "kid": "shared"},
        {**ECKey.generate_key("P-384").as_dict(private=False), "kid": "other curve"},
        {**first, "kid": "for encryption", "use": "enc"},
        {**first, "kid": "another algorithm", "alg": "PS256"},
        {**first, "kid": 7},
        {"kty": "RSA", "kid": "rubbish", "n": "AQAB", "e": "!"},
        {"kty": "RSA", "kid": "half"},
        {"kid": "nothing"},
        {},
    ]
    theirs.answers[KEYS] = (200, {}, json.dumps({"keys": rows}).encode())
    keys = published(theirs)

    keys.fetch(NOW)

    assert {kid for kid in map(str, (row.get("kid") for row in rows)) if keys.get(kid, NOW)} == {"first", "curve"}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_weak_key_is_not_taken(theirs: LoopbackIssuer) -> None:
    """1024 bits can be broken."""
    theirs.add_key("weak", RSAKey.generate_key(1024))
    keys = published(theirs)

    keys.fetch(NOW)

    assert keys.get("weak", NOW) is None


def _deep(levels: int) -> bytes:
    return b'{"keys":' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("path", "status", "headers", "body", "said"),
    [
        (KEYS, 200, {}, b"", "no set of keys"),
        (KEYS, 200, {}, b"[]", "no set of keys"),
        (KEYS, 200, {}, b'{"keys": 7}', "no set of keys"),
        (KEYS, 200, {}, _deep(100_000), "no set of keys"),
        (KEYS, 200, {}, b'{"keys": []}', "no key that can verify"),
        (KEYS, 200, {}, b'{"keys": [' + b" " * (2 << 20), "larger than"),
        (KEYS, 404, {}, b"", "the issuer answered 404"),
        (KEYS, 302, {"Location": "http://127.0.0.1:1/"}, b"", "the issuer answered 302"),
        (KEYS, 200, {"Content-Length": "1000"}, b"{", "no set of keys"),
        (DISCOVERY, 200, {}, b"\xff", "no discovery document"),
        (DISCOVERY, 200, {}, b'{"issuer": "https://other.example", "jwks_uri": ""}', "that of 'https://other.example'"),
    ],
)
def test_what_is_no_set_of_keys_changes_nothing(
    theirs: LoopbackIssuer,
    caplog: pytest.LogCaptureFixture,
    path: str,
    status: int,
    headers: dict[str, str],
    body: bytes,
    said: str,
) -> None:
    """The log says what was wrong, in one line, and the keys from before stay."""
    keys = published(theirs)
    keys.fetch(NOW)
    theirs.answers[path] = (status, headers, body)

    keys.fetch(NOW + FRESH_FOR)

    assert said in caplog.text
    assert keys.get("first", NOW + FRESH_FOR) is not None


@pytest.mark.parametrize("address", ["http://keys.example.org/", "ftp://127.0.0.1/", "https://", "file:///etc/hosts"])
def test_discovery_cannot_lead_off_https(
    theirs: LoopbackIssuer, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    """Whoever can change keys on the way signs in as anybody."""
    document = {"issuer": theirs.url, "jwks_uri": address}
    theirs.answers[DISCOVERY] = (200, {}, json.dumps(document).encode())
    keys = published(theirs)

    keys.fetch(NOW)

    assert "is no https address" in caplog.text
    with pytest.raises(Unavailable):
        keys.get("first", NOW)


def test_an_issuer_that_does_not_answer_is_given_up(
    theirs: LoopbackIssuer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that is taken and never answered costs seconds, not a thread for good."""
    monkeypatch.setattr(jwks, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}/keys"
        keys = PublishedKeys(replace(described(theirs), keys_url=silent_url), proxies={})
        keys.fetch(NOW)

    assert "timed out" in caplog.text


def test_an_issuer_that_is_not_there_is_said_to_be(caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log, and Unavailable for whoever asks."""
    keys = PublishedKeys(described(LoopbackIssuer(port=1)), proxies={})

    keys.fetch(NOW)

    assert "cannot be reached" in caplog.text
    with pytest.raises(Unavailable, match="cannot be had"):
        keys.get("first", NOW)
