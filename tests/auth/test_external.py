"""Tokens of external issuers: what a good one proves, and that every other one proves nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey

from kbgap.auth.external import verify_external
from kbgap.auth.faults import BadToken, Fault
from kbgap.auth.issuers import AsIssued, ByClaim, Issuer, OneTenant
from kbgap.auth.permissions import Principal
from kbgap.auth.signatures import read_token
from tests.issuing import AUDIENCE, LoopbackIssuer

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
THEIRS = LoopbackIssuer(port=1)
THEIRS.add_key("curve", ECKey.generate_key("P-256"))
STRANGER = LoopbackIssuer(port=1)
ISSUER = Issuer(THEIRS.url, frozenset({AUDIENCE}), None, "", OneTenant(TENANT))
ENTRA = "https://login.microsoftonline.com/{tenantid}/v2.0"


def principal(issuer: Issuer = ISSUER, kid: str = "first", **claims: Any) -> Principal:  # noqa: ANN401 - a token can hold anything
    """Who a token with these claims speaks for."""
    token = read_token(THEIRS.token(NOW, kid, **claims))
    return verify_external(token, THEIRS.keys.get(token.kid), issuer, NOW).principal


@pytest.mark.parametrize("kid", ["first", "curve"])
def test_an_application_token_gives_its_roles(kid: str) -> None:
    """Signed with RSA or with an elliptic curve."""
    assert principal(kid=kid) == Principal(TENANT, "app-1", frozenset({"Software.Read.All"}))


@pytest.mark.parametrize("claims", [{"scp": "Software.Read Machine.Read"}, {"scp": ["Software.Read", "Machine.Read"]}])
def test_a_delegated_token_gives_its_scopes_and_no_roles(claims: dict[str, Any]) -> None:
    """A person who holds a role does not get what an application gets with it."""
    found = principal(sub="somebody", **claims)

    assert found == Principal(TENANT, "app-1", frozenset(), frozenset({"Software.Read", "Machine.Read"}))


@pytest.mark.parametrize("claims", [{"idtyp": "app", "sub": "object"}, {"sub": "app-1"}])
def test_scopes_of_an_application_do_not_count(claims: dict[str, Any]) -> None:
    """Some issuers list scopes in every token: what an application may do stands in its roles."""
    found = principal(replace(ISSUER, scopes_claim="scope"), scope="openid profile", **claims)

    assert found == Principal(TENANT, "app-1", frozenset({"Software.Read.All"}))


@pytest.mark.parametrize(
    ("groups", "seen"),
    [
        (["g-1", "g-9"], {"workstations"}),
        (["g-1", "g-2"], {"workstations", "two words"}),
        (["g-9"], set()),
        (None, set()),
    ],
)
def test_a_delegated_token_sees_the_machine_groups_of_its_groups(groups: list[str] | None, seen: set[str]) -> None:
    """And none at all without the claim: where groups are mapped, nothing means nobody."""
    mapped = replace(ISSUER, groups={"g-1": "workstations", "g-2": "two words"})

    assert principal(mapped, sub="somebody", scp="Software.Read", groups=groups).machine_groups == frozenset(seen)


def test_an_application_sees_the_whole_tenant() -> None:
    """Whatever groups it is in."""
    assert principal(replace(ISSUER, groups={"g-1": "workstations"}), groups=["g-1"]).machine_groups is None


def test_a_claim_leads_to_a_tenant() -> None:
    """By the table; what is not in it opens nothing."""
    mapped = replace(ISSUER, tenants=ByClaim("org", {"north": TENANT, "south": OTHER}))

    assert principal(mapped, org="south").tenant_guid == OTHER
    for wrong in ("west", None, 7, ["north"], TENANT):
        with pytest.raises(BadToken, match="unknown tenant"):
            principal(mapped, org=wrong)


def test_the_tenant_may_stand_in_the_issuer_s_name() -> None:
    """As with Entra ID, whose keys sign for all of its tenants: the name binds the tenant, no other claim does."""
    entra = replace(ISSUER, issuer=ENTRA, tenants=AsIssued())

    assert principal(entra, iss=ENTRA.replace("{tenantid}", OTHER), tid=TENANT).tenant_guid == OTHER


def test_a_tid_must_be_that_of_the_name() -> None:
    """A token of one tenant must not be led to another by its own word."""
    entra = replace(ISSUER, issuer=ENTRA, tenants=ByClaim("tid", {TENANT: OTHER}))

    assert principal(entra, iss=ENTRA.replace("{tenantid}", TENANT), tid=TENANT).tenant_guid == OTHER
    with pytest.raises(BadToken, match="unknown tenant"):
        principal(entra, iss=ENTRA.replace("{tenantid}", OTHER), tid=TENANT)


BAD: list[tuple[dict[str, Any], Fault]] = [
    ({"iss": "https://sts.example.net"}, Fault.ISSUER),
    ({"aud": "https://graph.microsoft.com"}, Fault.AUDIENCE),
    ({"aud": []}, Fault.AUDIENCE),
    ({"aud": AUDIENCE + "/"}, Fault.AUDIENCE),
    ({"aud": None}, Fault.MALFORMED),
    ({"exp": int(NOW.timestamp())}, Fault.EXPIRED),
    ({"exp": None}, Fault.MALFORMED),
    ({"exp": 1e300}, Fault.MALFORMED),
    ({"nbf": int((NOW + timedelta(hours=1)).timestamp())}, Fault.NOT_YET_VALID),
    ({"roles": 7}, Fault.MALFORMED),
    ({"roles": [7]}, Fault.MALFORMED),
    ({"roles": {"a": 1}}, Fault.MALFORMED),
    ({"scp": [7]}, Fault.MALFORMED),
    ({"header": {"typ": "logout+jwt"}}, Fault.TYPE),
    ({"header": {"kid": "nobody"}}, Fault.KEY),
    ({"header": {"kid": "curve"}}, Fault.SIGNATURE),
]


@pytest.mark.parametrize(("changes", "fault"), BAD)
def test_a_bad_token_has_one_fault(changes: dict[str, Any], fault: Fault) -> None:
    """Whatever is wrong with a token, it proves nothing and the reason says what is wrong."""
    with pytest.raises(BadToken) as caught:
        principal(**changes)

    assert caught.value.fault is fault


def test_another_s_key_of_the_same_name_signs_nothing() -> None:
    """An id is no proof."""
    with pytest.raises(BadToken) as caught:
        verify_external(read_token(STRANGER.token(NOW)), THEIRS.keys["first"], ISSUER, NOW)

    assert caught.value.fault is Fault.SIGNATURE
