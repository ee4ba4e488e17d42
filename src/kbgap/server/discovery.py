"""Answer the documents by which token libraries find the token endpoints, and other services our public keys.

Libraries refuse to sign in unless the links here are https and the issuer is on the host that they asked
(docs/reference/api.md): both follow the address of the request.
"""

from urllib.parse import parse_qs, quote

from starlette.responses import Response

from kbgap.core.errors import NotFound
from kbgap.operations.manage_tenants import find_tenant
from kbgap.operations.sign_in import SignInFault, SignInRefused
from kbgap.server.answers import answer_json
from kbgap.server.operation import Call

_ANY_TENANT = frozenset({"common", "organizations", "consumers"})


async def answer_configuration(call: Call) -> Response:
    """``/{tenant}/v2.0/.well-known/openid-configuration``."""
    return await _configuration(call, token="oauth2/v2.0/token", keys="discovery/v2.0/keys")  # noqa: S106 - a path


async def answer_first_configuration(call: Call) -> Response:
    """``/{tenant}/.well-known/openid-configuration``: the same for clients of version 1."""
    return await _configuration(call, token="oauth2/token", keys="discovery/keys")  # noqa: S106 - a path


async def answer_keys(call: Call) -> Response:
    """``/{tenant}/discovery/v2.0/keys`` or without the version: the public halves, alike for every tenant."""
    if call.ids["tenant"].lower() not in _ANY_TENANT:
        await _tenant(call)
    ring = await call.service.gate.ring(call.service.clock())
    return answer_json({"keys": ring.published()})


async def answer_instance(call: Call) -> Response:
    """``/common/discovery/instance``: asked by MSAL after a refused sign-in, which is lost unless this answers 200.

    Whatever host is asked about, the answer is this server: it is asked because that host's name leads here, or is
    about to.
    """
    host = call.address.partition("://")[2]
    query = parse_qs(call.request.url.query)
    asked = query.get("authorization_endpoint", [""])[0]
    if asked and not asked.lower().startswith(("https://", "http://")):
        return answer_json({"error": "invalid_instance", "error_description": "The authority is no address."}, 400)
    tenant = asked.partition("://")[2].partition("/")[2].partition("/")[0] or "common"
    return answer_json(
        {
            "tenant_discovery_endpoint": f"{call.address}/{quote(tenant)}/v2.0/.well-known/openid-configuration",
            "api-version": "1.0" if query.get("api-version") == ["1.0"] else "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


async def _configuration(call: Call, *, token: str, keys: str) -> Response:
    tenant = await _tenant(call)
    base = f"{call.address}/{tenant}"
    public_url = call.service.settings.public_url
    issuer = call.service.gate.authority.issuer_of(tenant) if public_url is not None else f"{base}/v2.0"
    return answer_json(
        {
            "token_endpoint": f"{base}/{token}",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{base}/{keys}",
            "response_modes_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": [],
            "issuer": issuer,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        }
    )


async def _tenant(call: Call) -> str:
    """The GUID of the tenant that the path names."""
    named, database = call.ids["tenant"], call.service.database
    try:
        return await call.in_thread(lambda: find_tenant(database, named))
    except NotFound as error:
        raise SignInRefused(SignInFault.UNKNOWN_TENANT, f"Tenant '{named}' not found.") from error
