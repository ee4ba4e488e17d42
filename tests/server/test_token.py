"""Signing in: everything that real clients send works, and every refusal is one that token libraries read."""

import base64
import json
import re
import urllib.request
from datetime import timedelta
from ipaddress import ip_network
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from kbgap.operations.clients import add_secret, create_client, revoke_client
from tests.builders import OTHER_TENANT, TENANT
from tests.server.conftest import RESOURCE, Server, running

ALIASES = [
    "https://api.securitycenter.microsoft.com",
    "https://api.securitycenter.windows.com",
    "https://api.security.microsoft.com",
    "https://securitycenter.onmicrosoft.com/windowsatpservice",
    "fc780465-2017-40d4-a0c5-307022471b92",
]


def raw_request(server: Server, method: str, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str]]:
    """A request with exactly these headers, which most HTTP clients would not send."""
    request = urllib.request.Request(server.url + path, data=body, headers=headers, method=method)  # noqa: S310 - loopback
    if not headers:
        request.add_unredirected_header("Content-Type", "")
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return answer.status, json.load(answer)
    except HTTPError as refused:
        return refused.code, json.load(refused)


def form(server: Server, **fields: str) -> bytes:
    """A version 1 form."""
    return urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "resource": "https://api.securitycenter.windows.com",
            **fields,
        }
    ).encode()


def test_version_2_answers_with_numbers(server: Server) -> None:
    """MSAL keeps a token only when expires_in is a number well above five minutes."""
    answer = server.ask_token()

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert list(body) == ["token_type", "expires_in", "ext_expires_in", "access_token"]
    assert (body["token_type"], body["expires_in"], body["ext_expires_in"]) == ("Bearer", 3600, 3600)


def test_version_1_answers_with_strings(server: Server) -> None:
    """Older clients apply int() to every number of a version 1 answer."""
    answer = server.http.post(f"/{TENANT}/oauth2/token", content=form(server))

    body = answer.json()
    now = int(server.clock().timestamp())
    assert body["expires_in"] == "3600"
    assert body["not_before"] == str(now)
    assert body["expires_on"] == str(now + 3600)
    assert body["resource"] == "https://api.securitycenter.windows.com"
    assert body["token_type"] == "Bearer"
    assert server.http.get("/api/Software", headers={"Authorization": f"Bearer {body['access_token']}"}).is_success


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("version", [1, 2])
def test_one_token_opens_the_api_whatever_it_was_asked_for(server: Server, alias: str, version: int) -> None:
    """Every name of the resource gives a token that works."""
    if version == 1:
        answer = server.http.post(f"/{TENANT}/oauth2/token", content=form(server, resource=alias))
    else:
        answer = server.ask_token(scope=f"{alias}/.default")

    token = answer.json()["access_token"]
    assert server.http.get("/api/Software", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_our_own_address_is_a_name_of_the_resource(server: Server) -> None:
    """Kenna asks for the host that it calls, with https although a proxy speaks it for us."""
    for address in (server.url, server.url.replace("http:", "https:")):
        assert server.ask_token(scope=f"{address}/.default").status_code == 200


@pytest.mark.parametrize("tenant", [TENANT, TENANT.upper(), "contoso", "Contoso"])
def test_a_tenant_is_named_by_guid_or_name(server: Server, tenant: str) -> None:
    """In any letter case."""
    assert server.ask_token(tenant=tenant).status_code == 200


def test_the_form_needs_no_content_type(server: Server) -> None:
    """Splunk's app sends none."""
    status, body = raw_request(server, "POST", f"/{TENANT}/oauth2/token", form(server))

    assert (status, body["token_type"]) == (200, "Bearer")


def test_the_form_may_come_with_a_charset_and_telemetry(server: Server) -> None:
    """So does msal-node, with an id on the URL."""
    status, _ = raw_request(
        server,
        "POST",
        f"/{TENANT}/oauth2/token?client-request-id=1",
        form(server, **{"x-client-SKU": "msal.js.node", "client_info": "1", "redirectUri": "https://localhost"}),
        **{"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
    )

    assert status == 200


def test_the_form_may_come_in_the_body_of_a_get(server: Server) -> None:
    """So does Sekoia's client."""
    status, body = raw_request(server, "GET", f"/{TENANT}/oauth2/token", form(server), **{"X-Any": "header"})

    assert (status, body["token_type"]) == (200, "Bearer")


def test_basic_credentials_are_percent_encoded(server: Server) -> None:
    """RFC 6749 encodes both parts before they are joined."""
    basic = base64.b64encode(f"{quote_plus(server.client_id)}:{quote_plus(server.client_secret)}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    fields = {"grant_type": "client_credentials", "scope": f"{RESOURCE}/.default"}

    answer = server.http.post(f"/{TENANT}/oauth2/v2.0/token", data=fields, headers=headers)

    assert answer.status_code == 200
    twice = {**fields, "client_secret": "another"}
    refused = server.http.post(f"/{TENANT}/oauth2/v2.0/token", data=twice, headers=headers)
    assert (refused.status_code, refused.json()["error_codes"]) == (400, [90023])


REFUSALS = [
    ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
    ({"client_id": "33333333-3333-4333-8333-333333333333"}, 400, "unauthorized_client", 700016),
    ({"client_id": "no\0id"}, 400, "unauthorized_client", 700016),
    ({"tenant": "nobody"}, 400, "invalid_request", 90002),
    ({"tenant": "44444444-4444-4444-8444-444444444444"}, 400, "invalid_request", 90002),
    ({"tenant": "a%00b"}, 400, "invalid_request", 90002),
    ({"tenant": OTHER_TENANT}, 400, "unauthorized_client", 700016),
    ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ({"grant_type": None}, 400, "invalid_request", 900144),
    ({"client_id": None}, 400, "invalid_request", 900144),
    ({"client_secret": None}, 400, "invalid_request", 900144),
    ({"client_secret": ""}, 400, "invalid_request", 900144),
    ({"scope": None}, 400, "invalid_request", 900144),
    ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_resource", 500011),
    ({"scope": f"{RESOURCE}/Software.Read"}, 400, "invalid_scope", 1002012),
    ({"scope": f"{RESOURCE}/.default https://graph.microsoft.com/.default"}, 400, "invalid_scope", 1002012),
    ({"scope": "openid"}, 400, "invalid_scope", 1002012),
]


@pytest.mark.parametrize(("form_fields", "status", "error", "number"), REFUSALS)
def test_a_refusal_is_what_token_libraries_read(
    server: Server, form_fields: dict[str, str], status: int, error: str, number: int
) -> None:
    """Each fault has the standard's word and Entra ID's number, in the shape that both expect."""
    answer = server.ask_token(**form_fields)

    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert set(body) == {"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"}
    assert re.fullmatch(r"2026-07-14 12:00:00Z", body["timestamp"])
    assert answer.headers["content-type"].startswith("application/json")
    assert server.client_secret not in answer.text


def test_credentials_on_the_url_do_not_count(server: Server) -> None:
    """Addresses end up in logs, so nobody may come to rely on secrets in them."""
    answer = server.http.post(f"/{TENANT}/oauth2/token?{form(server).decode()}")

    assert answer.json()["error_codes"] == [900144]


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"a" * 70_000, b"&".join([b"a=1"] * 200), b"%zz=%", b'{"grant_type": 1}']
)
def test_a_body_that_is_no_form_is_refused_in_the_form_of_the_protocol(server: Server, body: bytes) -> None:
    """Rubbish is a bad request, never a fault of the server."""
    answer = server.http.post(f"/{TENANT}/oauth2/token", content=body)

    assert answer.status_code in {400, 413}
    assert answer.json()["error"] == "invalid_request"


def test_a_revoked_client_gets_no_more_tokens(server: Server) -> None:
    """Revoking counts for the very next request."""
    client_id, secret = create_client(server.database, TENANT, "short", ["Software.Read.All"], server.clock())
    assert server.ask_token(client_id=client_id, client_secret=secret).status_code == 200

    revoke_client(server.database, TENANT, client_id, server.clock())

    assert server.ask_token(client_id=client_id, client_secret=secret).json()["error_codes"] == [700016]


def test_each_of_its_secrets_signs_a_client_in_until_its_end(server: Server) -> None:
    """A new secret works beside the old one; one that is over is told from one that is wrong."""
    now, database = server.clock(), server.database
    client_id, first = create_client(database, TENANT, "two", ["Software.Read.All"], now, timedelta(minutes=1))
    second = add_secret(database, TENANT, client_id, now).text

    before = [server.ask_token(client_id=client_id, client_secret=secret).status_code for secret in (first, second)]
    server.clock.move(minutes=1)
    after = [server.ask_token(client_id=client_id, client_secret=secret) for secret in (first, second, "wrong")]
    server.clock.move(minutes=-1)

    assert before == [200, 200]
    assert [answer.status_code for answer in after] == [401, 200, 401]
    assert [after[0].json()["error_codes"], after[2].json()["error_codes"]] == [[7000222], [7000215]]
    assert after[0].json()["error"] == "invalid_client"


def test_a_token_carries_its_client_s_roles_only(server: Server) -> None:
    """What a client may do is what it was created for."""
    token = server.token("Software.Read.All", "Score.Read.All")

    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))

    assert claims["roles"] == ["Score.Read.All", "Software.Read.All"]
    assert claims["tid"] == TENANT
    assert claims["aud"] == RESOURCE


def test_another_library_verifies_our_tokens_by_the_published_documents(server: Server) -> None:
    """Discovery names the keys and the issuer that the token names."""
    configuration = server.http.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    keys = server.http.get(configuration["jwks_uri"]).json()

    token = jwt.decode(server.token(), KeySet.import_key_set(keys), algorithms=["RS256"])

    assert token.claims["iss"] == configuration["issuer"]
    assert configuration["token_endpoint"] == f"{server.url}/{TENANT}/oauth2/v2.0/token"


def test_discovery_follows_a_trusted_proxy(sqlite_url: str) -> None:
    """Token libraries refuse links that are not https, and only the proxy knows that they are."""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "spoofed.example.org, login.example.org"}
    path = "/contoso/v2.0/.well-known/openid-configuration"
    trusted = (ip_network("127.0.0.0/8"),)
    with running(sqlite_url, trusted_proxies=trusted) as behind:
        body = behind.http.get(path, headers=forwarded).json()

    assert body["token_endpoint"] == f"https://login.example.org/{TENANT}/oauth2/v2.0/token"
    assert body["issuer"] == f"https://login.example.org/{TENANT}/v2.0"
    assert body["authorization_endpoint"].startswith("https://login.example.org/")


def test_nobody_else_s_forwarded_headers_count(server: Server) -> None:
    """Without a trusted proxy anybody could send links elsewhere."""
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example.org"}

    body = server.http.get(f"/{TENANT}/v2.0/.well-known/openid-configuration", headers=headers).json()

    assert body["token_endpoint"].startswith(f"{server.url}/")


def test_a_public_address_wins(sqlite_url: str) -> None:
    """With a configured address, links, issuer and audience are that address, whatever the Host."""
    with running(sqlite_url, public_url="https://kbgap.example.org") as public:
        body = public.http.get("/contoso/v2.0/.well-known/openid-configuration").json()
        token = public.ask_token(scope="https://kbgap.example.org/.default").json()["access_token"]
        opened = public.http.get("/api/Software", headers={"Authorization": f"Bearer {token}"})

    assert body["issuer"] == f"https://kbgap.example.org/{TENANT}/v2.0"
    assert opened.json()["@odata.context"] == "https://kbgap.example.org/api/$metadata#Software"


def test_discovery_of_an_unknown_tenant_is_a_bad_request(server: Server) -> None:
    """MSAL reports a bad tenant for any 4xx."""
    answer = server.http.get("/nobody/v2.0/.well-known/openid-configuration")

    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_instance_discovery_answers_without_a_token(server: Server) -> None:
    """MSAL asks after a refused sign-in, and loses the reason unless it gets this."""
    asked = "?api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/contoso/oauth2/v2.0/authorize"

    body = server.http.get("/common/discovery/instance" + asked).json()

    host = server.url.removeprefix("http://")
    assert body["metadata"] == [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
    assert body["tenant_discovery_endpoint"].endswith("/contoso/v2.0/.well-known/openid-configuration")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_instance_discovery_answers_in_the_version_asked_for(server: Server, version: str) -> None:
    """MSAL asks in 1.0 where to find a host that it does not know, and in 1.1 under which names it is known."""
    asked = (
        f"?api-version={version}&authorization_endpoint=https://{TENANT}.example.org:8443/contoso/oauth2/v2.0/authorize"
    )

    body = server.http.get("/common/discovery/instance" + asked).json()

    assert body["api-version"] == version
    assert server.http.get(body["tenant_discovery_endpoint"]).status_code == 200


def test_an_instance_that_is_no_address_is_said_to_be_none(server: Server) -> None:
    """In the word that MSAL looks for."""
    answer = server.http.get("/common/discovery/instance?authorization_endpoint=garbage")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_instance")


def test_discovery_of_version_1_leads_to_the_addresses_of_version_1(server: Server) -> None:
    """A generic client finds them under the tenant, and asks there in its own words."""
    found = server.http.get("/contoso/.well-known/openid-configuration").json()
    fields = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": f"{RESOURCE}/.default",
    }

    token = server.http.post(found["token_endpoint"], data=fields).json()

    assert found["token_endpoint"] == f"{server.url}/{TENANT}/oauth2/token"
    assert server.http.get(found["jwks_uri"]).json() == server.http.get("/contoso/discovery/v2.0/keys").json()
    assert (token["expires_in"], token["resource"]) == ("3600", RESOURCE)


def test_people_are_refused_in_plain_words(server: Server) -> None:
    """MSAL wants discovery to name an authorization endpoint; what is there says what it is."""
    answer = server.http.get("/contoso/oauth2/v2.0/authorize?response_type=code")

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_response_type")


def test_keys_are_published_for_every_tenant(server: Server) -> None:
    """One key set, under a tenant's name or the common one."""
    common = server.http.get("/common/discovery/v2.0/keys").json()

    assert common == server.http.get("/contoso/discovery/v2.0/keys").json()
    assert [key["alg"] for key in common["keys"]] == ["RS256"]
    assert server.http.get("/nobody/discovery/v2.0/keys").status_code == 400
