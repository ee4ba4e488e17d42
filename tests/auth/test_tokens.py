"""Tokens: what a good one proves, and that every other one proves nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import RSAKey

from kbgap.auth.cache import VerifiedTokens
from kbgap.auth.faults import BadToken, Fault
from kbgap.auth.keys import KeyRing, make_signing_key
from kbgap.auth.permissions import Principal
from kbgap.auth.resources import known_resources
from kbgap.auth.tokens import Authority, Grant, Verified, issue_token, verify_token

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = make_signing_key(NOW)
RING = KeyRing([KEY])
OTHER = KeyRing([make_signing_key(NOW)])
AUTHORITY = Authority("https://kbgap.example.org", known_resources())
TENANT = "11111111-1111-4111-8111-111111111111"
GRANT = Grant(TENANT, "client", ("Software.Read.All",), "https://api.securitycenter.microsoft.com", version=2)
GOOD = issue_token(RING, AUTHORITY, GRANT, NOW, HOUR).text


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unchecked."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def signed(header: dict[str, Any] | None = None, key: RSAKey | None = None, **claims: Any) -> str:  # noqa: ANN401 - a token can hold anything
    """A token signed with our key, except for what is said otherwise; a claim of None is left out."""
    all_claims = {name: value for name, value in {**claims_of(GOOD), **claims}.items() if value is not None}
    return jws.serialize_compact(
        {"typ": "JWT", "alg": "RS256", "kid": KEY.kid, **(header or {})},
        json.dumps(all_claims),
        key or RING.signer[1],
        registry=jws.JWSRegistry(strict_check_header=False),
    )


def unsigned(header: dict[str, Any], signature: bytes = b"x") -> str:
    """A token with the good claims, any header, and something where the signature belongs."""
    parts = (json.dumps(header).encode(), json.dumps(claims_of(GOOD)).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def hs256_with_the_public_key() -> str:
    """The old trick: the public key, which everybody has, taken as a shared secret."""
    verifier = RING.verifier(KEY.kid)
    assert verifier is not None
    start = unsigned({"typ": "JWT", "alg": "HS256", "kid": KEY.kid}).rpartition(".")[0]
    signature = hmac.digest(verifier.as_pem(private=False), start.encode(), hashlib.sha256)
    return f"{start}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_token_comes_back_as_what_it_was_issued_for() -> None:
    """Issuing and verifying agree, up to the last second of its hour."""
    verified = verify_token(GOOD, RING, AUTHORITY, NOW + HOUR - timedelta(seconds=1))

    assert verified.principal == Principal(TENANT, "client", frozenset({"Software.Read.All"}))
    assert verified.expires_at == NOW + HOUR


def test_the_claims_are_those_that_clients_read() -> None:
    """PSMDE reads roles before each call; the version decides the name of the client's claim."""
    first = claims_of(issue_token(RING, AUTHORITY, replace(GRANT, version=1), NOW, HOUR).text)
    second = claims_of(GOOD)

    assert second["roles"] == ["Software.Read.All"]
    assert (first["ver"], first["appid"]) == ("1.0", "client")
    assert (second["ver"], second["azp"]) == ("2.0", "client")
    assert second["iss"] == f"https://kbgap.example.org/{TENANT}/v2.0"


def test_another_type_of_access_token_is_accepted() -> None:
    """RFC 9068 calls an access token at+jwt."""
    assert verify_token(signed({"typ": "at+jwt"}), RING, AUTHORITY, NOW).principal.tenant_guid == TENANT


def test_scopes_are_the_words_of_scp() -> None:
    """Delegated permissions come as one text."""
    token = signed(scp="Software.Read Machine.Read", roles=None)

    principal = verify_token(token, RING, AUTHORITY, NOW).principal

    assert principal.scopes == {"Software.Read", "Machine.Read"}
    assert principal.roles == frozenset()


def test_a_clock_may_run_a_little_ahead() -> None:
    """Another server's token is good although that server's clock is half a minute ahead."""
    token = issue_token(RING, AUTHORITY, GRANT, NOW + timedelta(seconds=30), HOUR)

    assert verify_token(token.text, RING, AUTHORITY, NOW).principal.client_id == "client"


BAD: list[tuple[str, Callable[[], str], Fault]] = [
    ("empty", str, Fault.MALFORMED),
    ("two parts", lambda: GOOD.rpartition(".")[0], Fault.MALFORMED),
    ("five parts", lambda: GOOD + ".a.b", Fault.MALFORMED),
    ("very long", lambda: GOOD + "A" * 40_000, Fault.MALFORMED),
    ("header is no JSON", lambda: "AAAA." + GOOD.partition(".")[2], Fault.MALFORMED),
    ("header nested without end", lambda: unsigned_text('{"a":' * 5_000), Fault.MALFORMED),
    ("no key id", lambda: unsigned({"typ": "JWT", "alg": "RS256"}), Fault.MALFORMED),
    ("algorithm none", lambda: unsigned({"typ": "JWT", "alg": "none", "kid": KEY.kid}), Fault.ALGORITHM),
    ("shared secret", hs256_with_the_public_key, Fault.ALGORITHM),
    ("PS256", lambda: unsigned({"typ": "JWT", "alg": "PS256", "kid": KEY.kid}), Fault.ALGORITHM),
    (
        "curve on an RSA key",
        lambda: unsigned({"typ": "JWT", "alg": "ES256", "kid": KEY.kid}, b"x" * 64),
        Fault.SIGNATURE,
    ),
    ("another type", lambda: signed({"typ": "logout+jwt"}), Fault.TYPE),
    ("unknown key", lambda: issue_token(OTHER, AUTHORITY, GRANT, NOW, HOUR).text, Fault.KEY),
    ("our key's name on another key", lambda: signed(key=OTHER.signer[1]), Fault.SIGNATURE),
    ("key inside the token", lambda: with_embedded_key(), Fault.SIGNATURE),  # noqa: PLW0108 - defined below
    (
        "critical header",
        lambda: unsigned({"typ": "JWT", "alg": "RS256", "kid": KEY.kid, "crit": ["b64"], "b64": False}),
        Fault.SIGNATURE,
    ),
    ("claims changed", lambda: tampered(), Fault.SIGNATURE),  # noqa: PLW0108 - as above
    ("expired", lambda: signed(exp=NOW.timestamp()), Fault.EXPIRED),
    ("never expires", lambda: signed(exp=None), Fault.MALFORMED),
    ("expiry is text", lambda: signed(exp="never"), Fault.MALFORMED),
    ("expiry beyond the calendar", lambda: signed(exp=1e300), Fault.MALFORMED),
    ("not yet valid", lambda: signed(nbf=(NOW + HOUR).timestamp()), Fault.NOT_YET_VALID),
    ("another issuer", lambda: signed(iss=f"https://sts.example.net/{TENANT}/v2.0"), Fault.ISSUER),
    ("another tenant's issuer", lambda: signed(tid="22222222-2222-4222-8222-222222222222"), Fault.ISSUER),
    ("no tenant", lambda: signed(tid="", iss="https://kbgap.example.org//v2.0"), Fault.ISSUER),
    ("another audience", lambda: signed(aud="https://graph.microsoft.com"), Fault.AUDIENCE),
    ("other audiences", lambda: signed(aud=["https://graph.microsoft.com"]), Fault.AUDIENCE),
    ("no audience", lambda: signed(aud=None), Fault.MALFORMED),
    ("roles are no list", lambda: signed(roles="Software.Read.All"), Fault.MALFORMED),
]


def unsigned_text(header: str) -> str:
    """A token whose header is this text."""
    return base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode() + ".e30.AAAA"


def with_embedded_key() -> str:
    """A token that brings its own key, and names ours."""
    key = OTHER.signer[1]
    return signed({"jwk": {**key.as_dict(private=False), "e": "AQAB"}}, key=key)


def tampered() -> str:
    """A good token whose claims were exchanged after signing."""
    header, _, signature = GOOD.split(".")
    return ".".join((header, signed(roles=["Inventory.Write.All"]).split(".")[1], signature))


@pytest.mark.parametrize(("make", "fault"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_token_has_one_fault(make: Callable[[], str], fault: Fault) -> None:
    """Whatever is wrong with a token, it proves nothing and the reason says what is wrong."""
    with pytest.raises(BadToken) as caught:
        verify_token(make(), RING, AUTHORITY, NOW)

    assert caught.value.fault is fault


@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("latin-1"))))
def test_any_text_is_no_token(text: str) -> None:
    """No text that we did not sign gives anything but BadToken."""
    with pytest.raises(BadToken):
        verify_token(text, RING, AUTHORITY, NOW)


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("Aa0-_."))
def test_a_token_with_one_letter_changed_is_no_token(place: int, letter: str) -> None:
    """Every letter is under the signature (but for the last one's spare bits, which do not change what it says)."""
    changed = GOOD[:place] + letter + GOOD[place + 1 :]

    if changed != GOOD and place < len(GOOD) - 1:
        with pytest.raises(BadToken):
            verify_token(changed, RING, AUTHORITY, NOW)


def test_a_verified_token_is_remembered_until_it_expires() -> None:
    """The cache answers within the token's time and not a moment longer."""
    cache = VerifiedTokens()
    verified = verify_token(GOOD, RING, AUTHORITY, NOW)

    cache.put(GOOD, verified)

    assert cache.get(GOOD, NOW) == verified.principal
    assert cache.get(GOOD, verified.expires_at) is None
    assert len(cache) == 0


def test_the_cache_is_bounded_and_keeps_what_is_used() -> None:
    """However many tokens come, memory does not grow; the one not seen for longest goes."""
    cache = VerifiedTokens(bound=2)
    principal = Principal("tenant", "client", frozenset())
    for token in ("a", "b"):
        cache.put(token, Verified(principal, NOW + HOUR))
    cache.get("a", NOW)

    cache.put("c", Verified(principal, NOW + HOUR))

    assert [token for token in "abc" if cache.get(token, NOW)] == ["a", "c"]


def test_the_cache_can_be_emptied() -> None:
    """When keys are withdrawn, what they signed is checked anew."""
    cache = VerifiedTokens()
    cache.put("a", Verified(Principal("tenant", "client", frozenset()), NOW + HOUR))

    cache.clear()

    assert cache.get("a", NOW) is None
