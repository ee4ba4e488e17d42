"""The door: every guarded operation against every kind of bad token, on the wire."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import RSAKey

from kbgap.auth.keys import make_signing_key
from kbgap.auth.permissions import ApplicationPermission
from kbgap.operations.sign_in import has_tenant
from kbgap.server.operation import Guarded, Open, Operation
from kbgap.server.routes import OPERATIONS
from kbgap.store import clients, tenants
from tests.builders import TENANT
from tests.server.conftest import Server, an_address, raw_get, running

GUARDED = [operation for operation in OPERATIONS if isinstance(operation.access, Guarded)]
OPEN_TO_ALL = {
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/metrics",
    "/signin",
    "/signout",
    "/pages.css",
    "/{tenant}/oauth2/token",
    "/{tenant}/oauth2/v2.0/token",
    "/{tenant}/oauth2/v2.0/authorize",
    "/{tenant}/v2.0/.well-known/openid-configuration",
    "/{tenant}/.well-known/openid-configuration",
    "/{tenant}/discovery/v2.0/keys",
    "/{tenant}/discovery/keys",
    "/common/discovery/instance",
    "/tvm-export/{day}/{time}/{kind}/json/{org}/{part}",  # the signature in the link opens it
}
HEADER = {"typ": "JWT", "alg": "RS256"}


def key_of(server: Server) -> RSAKey:
    """The key that the server signs with."""
    server.token()  # the first makes the key
    with server.database.reading() as connection:
        (row,) = clients.signing_keys(connection)
    return RSAKey.import_key(row.pem, {"kid": row.kid})


def claims_of(server: Server) -> dict[str, Any]:
    """The claims of a good token."""
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(server.token().split(".")[1] + "=="))
    return claims


def forged(server: Server, **claims: object) -> str:
    """A token that the server's own key has signed, with some claims changed."""
    key = key_of(server)
    return jws.serialize_compact({**HEADER, "kid": key.kid}, json.dumps({**claims_of(server), **claims}), key)


def signed_by_another(server: Server) -> str:
    """The good claims under our key's name, signed by another key."""
    another = RSAKey.import_key(make_signing_key(server.clock()).pem)
    header = {**HEADER, "kid": key_of(server).kid}
    return jws.serialize_compact(header, json.dumps(claims_of(server)), another)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(server: Server, algorithm: str) -> str:
    """The good claims under a header that proposes an algorithm, up to the signature."""
    header = {**HEADER, "alg": algorithm, "kid": key_of(server).kid}
    return f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims_of(server)).encode())}"


def shared_secret(server: Server) -> str:
    """HS256 with our public key, which everybody can fetch, as the secret."""
    start = unsigned(server, "HS256")
    signature = hmac.digest(key_of(server).as_pem(private=False), start.encode(), hashlib.sha256)
    return f"{start}.{_base64(signature)}"


def _hours(server: Server, hours: int) -> float:
    return server.clock().timestamp() + hours * 3600


BAD_TOKENS: dict[str, Callable[[Server], str]] = {
    "garbage": lambda _: "garbage",
    "dots": lambda _: "..",
    "expired": lambda s: forged(s, exp=_hours(s, -1)),
    "not yet valid": lambda s: forged(s, nbf=_hours(s, 1)),
    "wrong audience": lambda s: forged(s, aud="https://graph.microsoft.com"),
    "wrong issuer": lambda s: forged(s, iss=f"https://sts.example.net/{TENANT}/v2.0"),
    "wrong signature": signed_by_another,
    "algorithm none": lambda s: unsigned(s, "none") + ".",
    "algorithm none, signed": lambda s: unsigned(s, "none") + ".AAAA",
    "HS256 with the public key": shared_secret,
    "unknown tenant": lambda s: forged(
        s,
        tid="99999999-9999-4999-8999-999999999999",
        iss=claims_of(s)["iss"].replace(TENANT, "99999999-9999-4999-8999-999999999999"),
    ),
}


@pytest.fixture(scope="module")
def bad_tokens(server: Server) -> dict[str, str]:
    """Each of them, made once."""
    return {name: make(server) for name, make in BAD_TOKENS.items()}


def call(server: Server, operation: Operation, authorization: str | None) -> httpx2.Response:
    """Call an operation with an Authorization header."""
    path = an_address(operation.path)
    headers = {} if authorization is None else {"Authorization": authorization}
    return server.http.request(operation.method, path, headers=headers)


def test_only_signing_in_and_health_are_open() -> None:
    """An operation without a permission is a decision, written down here."""
    assert {operation.path for operation in OPERATIONS if isinstance(operation.access, Open)} == OPEN_TO_ALL


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: f"{operation.method} {operation.path}")
def test_nothing_opens_without_a_good_token(server: Server, bad_tokens: dict[str, str], operation: Operation) -> None:
    """Each guarded operation answers 401 to no token and to each kind of bad one, and says how to authenticate."""
    absent = [call(server, operation, header) for header in (None, "", "Bearer", "Basic eDp5", "garbage")]
    bad = {name: call(server, operation, f"Bearer {token}") for name, token in bad_tokens.items()}

    assert {answer.status_code for answer in absent} == {401}
    assert {answer.headers["www-authenticate"] for answer in absent} == {"Bearer"}
    assert {name: answer.status_code for name, answer in bad.items()} == dict.fromkeys(bad, 401)
    assert all(answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"') for answer in bad.values())
    assert {answer.json()["error"]["code"] for answer in [*absent, *bad.values()]} == {"Unauthorized"}


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: f"{operation.method} {operation.path}")
def test_a_token_without_the_role_is_forbidden_and_told_which(server: Server, operation: Operation) -> None:
    """The text is the service's own: clients cut the roles out of it."""
    access = operation.access
    assert isinstance(access, Guarded)
    others = sorted(set(ApplicationPermission) - set(access.application))
    header = f"Bearer {forged(server, roles=others)}"

    answer = call(server, operation, header)

    error = answer.json()["error"]
    match = re.fullmatch(
        r"Missing application roles\. API required roles: (.+), application roles: (.*)", error["message"]
    )
    assert (answer.status_code, error["code"]) == (403, "Forbidden")
    assert match is not None
    assert match[1].split(",") == list(access.application)
    assert match[2] == ",".join(others)


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: f"{operation.method} {operation.path}")
def test_each_of_its_permissions_opens_an_operation(server: Server, operation: Operation) -> None:
    """Any one application role opens it, and any one delegated scope."""
    access = operation.access
    assert isinstance(access, Guarded)

    answers = [call(server, operation, f"Bearer {forged(server, roles=[role])}") for role in access.application]
    answers += [call(server, operation, f"Bearer {forged(server, roles=[], scp=scope)}") for scope in access.delegated]

    assert {answer.status_code for answer in answers}.isdisjoint({401, 403})


def test_a_delegated_token_is_told_its_scopes(server: Server) -> None:
    """A person's token lacks a scope, not a role."""
    token = forged(server, roles=[], scp="Machine.Read")

    answer = server.http.get("/api/Software", headers={"Authorization": f"Bearer {token}"})

    assert answer.json()["error"]["message"] == (
        "Missing user scopes. API required scopes: Software.Read, user scopes: Machine.Read"
    )


def test_the_scheme_is_read_in_any_letter_case(server: Server) -> None:
    """RFC 9110: the name of a scheme is case-insensitive."""
    token = server.token()

    assert server.http.get("/api/Software", headers={"Authorization": f"bearer {token}"}).status_code == 200


def test_a_remembered_token_expires_all_the_same(sqlite_url: str) -> None:
    """A token that was just used is 401 in the second in which its hour is over."""
    with running(sqlite_url) as server:
        header = {"Authorization": f"Bearer {server.token()}"}
        before = server.http.get("/api/Software", headers=header)
        server.clock.move(seconds=3600)
        after = server.http.get("/api/Software", headers=header)

    assert (before.status_code, after.status_code) == (200, 401)
    assert "expired" in after.json()["error"]["message"]


def test_a_deleted_tenant_s_tokens_open_nothing(sqlite_url: str) -> None:
    """Within two seconds, though the token is remembered."""
    with running(sqlite_url) as server:
        header = {"Authorization": f"Bearer {server.token()}"}
        before = server.http.get("/api/Software", headers=header)
        with server.database.transaction() as tx:
            tenants.remove(tx, TENANT)
        server.clock.move(seconds=2)
        after = server.http.get("/api/Software", headers=header)
        known = has_tenant(server.database, TENANT)

    assert (before.status_code, after.status_code, known) == (200, 401, False)


def test_a_withdrawn_key_takes_its_tokens_with_it(sqlite_url: str) -> None:
    """Within a minute, though the token is remembered; the next key is made by itself."""
    with running(sqlite_url) as server:
        header = {"Authorization": f"Bearer {server.token()}"}
        before = server.http.get("/api/Software", headers=header)
        with server.database.transaction() as tx:
            clients.remove_signing_keys(tx, [row.kid for row in clients.signing_keys(tx)])
        server.clock.move(seconds=60)
        after = server.http.get("/api/Software", headers=header)
        renewed = server.get("/api/Software")

    assert (before.status_code, after.status_code, renewed.status_code) == (200, 401, 200)


def test_a_key_that_another_process_made_is_found(sqlite_url: str) -> None:
    """A token signed with an unknown key makes the server look for it before it refuses."""
    with running(sqlite_url) as server:
        claims = claims_of(server)
        made = make_signing_key(server.clock())
        with server.database.transaction() as tx:
            clients.add_signing_key(tx, made.kid, made.pem, made.created_at)
        token = jws.serialize_compact({**HEADER, "kid": made.kid}, json.dumps(claims), RSAKey.import_key(made.pem))
        server.clock.move(seconds=1)
        answer = server.http.get("/api/Software", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200


@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=200))
def test_any_text_as_a_token_is_401(server: Server, text: str) -> None:
    """No header that anybody can send opens anything or breaks the server; control characters end the connection."""
    status, _ = raw_get(server, "/api/Software", Authorization=f"Bearer {text}")

    assert status in {400, 401}
    assert status == 401 or any(ord(letter) < 32 or ord(letter) == 127 for letter in text)
