"""Microsoft's own token libraries, unmodified, sign in over TLS and read: by our name, and by the cloud's."""

from typing import Any

import pytest

from tests.conformance.cloud import Proxy
from tests.conformance.front import Front, Runner

CLOUD_API = "https://api.securitycenter.microsoft.com"
CLOUD_LOGIN = "https://login.microsoftonline.com"
KB = "4540673"


def ids(found: dict[str, Any]) -> list[str]:
    """The KBs of an answer."""
    return [row["id"] for row in found["rows"]]


# --- msal for Python --------------------------------------------------------------------------------------------------


def test_msal_with_an_authority_of_its_own(front: Front, python_client: Runner) -> None:
    """As one points it elsewhere; it keeps the token."""
    where = {"authority": f"{front.url}/{front.tenant}", "instance_discovery": False}

    found = python_client("msal_sign_in", front, where=where, api=front.url)

    assert (found["status"], found["token_type"], ids(found)) == (200, "Bearer", [KB])
    assert 3500 < found["expires_in"] <= 3600
    assert found["is_cached"]


@pytest.mark.parametrize("path", ["", "/v2.0"])
def test_msal_with_an_openid_connect_authority(front: Front, python_client: Runner, path: str) -> None:
    """It checks that the issuer of the document is the authority's; version 1 and version 2."""
    where = {"oidc_authority": f"{front.url}/{front.tenant}{path}"}

    found = python_client("msal_sign_in", front, where=where, api=front.url)

    assert (found["status"], ids(found)) == (200, [KB])


def test_msal_asks_the_cloud_whether_our_host_is_known(front: Front, python_client: Runner, proxy: Proxy) -> None:
    """With validation left on, instance discovery goes to the cloud's host, and its answer leads on."""
    where = {"authority": f"{front.url}/{front.tenant}"}

    found = python_client("msal_sign_in", front, proxy, where=where, api=front.url)

    assert (found["status"], ids(found)) == (200, [KB])
    assert "login.microsoftonline.com" in proxy.asked


def test_msal_as_it_comes(front: Front, python_client: Runner, proxy: Proxy) -> None:
    """With the cloud's own names, which the proxy leads to us; links follow the name."""
    where = {"authority": f"{CLOUD_LOGIN}/{front.tenant}"}

    found = python_client("msal_sign_in", front, proxy, where=where, api=CLOUD_API)

    assert (found["status"], ids(found)) == (200, [KB])
    assert found["context"].startswith(f"{CLOUD_API}/api/$metadata#")


@pytest.mark.parametrize(
    ("options", "error", "number"),
    [
        ({"client_secret": "wrong"}, "invalid_client", 7000215),
        ({"client_id": "33333333-3333-4333-8333-333333333333"}, "unauthorized_client", 700016),
        ({"scope": "https://graph.microsoft.com/.default"}, "invalid_resource", 500011),
    ],
)
def test_msal_tells_why_it_was_refused(
    front: Front, python_client: Runner, proxy: Proxy, options: dict[str, str], error: str, number: int
) -> None:
    """With its default authority it asks for the instance first, and would lose the reason without an answer."""
    where = {"authority": f"{CLOUD_LOGIN}/{front.tenant}"}

    found = python_client("msal_sign_in", front, proxy, where=where, api=CLOUD_API, **options)

    assert (found["error"], found["error_codes"]) == (error, [number])
    assert found["error_description"].startswith(f"AADSTS{number}: ")


# --- azure-identity for Python ----------------------------------------------------------------------------------------


def test_azure_identity_with_an_authority_of_its_own(front: Front, python_client: Runner) -> None:
    """As one points it elsewhere."""
    where = {"authority": front.url, "disable_instance_discovery": True}

    found = python_client("azure_identity_sign_in", front, where=where, api=front.url)

    assert (found["status"], ids(found)) == (200, [KB])


def test_azure_identity_as_it_comes(front: Front, python_client: Runner, proxy: Proxy) -> None:
    """With the cloud's own names."""
    found = python_client("azure_identity_sign_in", front, proxy, where={}, api=CLOUD_API)

    assert (found["status"], ids(found)) == (200, [KB])


def test_azure_identity_tells_why_it_was_refused(front: Front, python_client: Runner, proxy: Proxy) -> None:
    """In the words of the token endpoint."""
    found = python_client("azure_identity_sign_in", front, proxy, where={}, api=CLOUD_API, client_secret="wrong")

    assert "AADSTS7000215: Invalid client secret provided" in found["refused"]


# --- JavaScript -------------------------------------------------------------------------------------------------------


def test_msal_node_with_an_authority_of_its_own(front: Front, node_client: Runner) -> None:
    """As one points it elsewhere; it keeps the token."""
    host = front.url.removeprefix("https://")
    where = {"authority": f"{front.url}/{front.tenant}", "knownAuthorities": [host]}

    found = node_client("msal_sign_in", front, where=where, api=front.url)

    assert (found.get("status"), ids(found), found["is_cached"]) == (200, [KB], True)


def test_msal_node_tells_why_it_was_refused(front: Front, node_client: Runner) -> None:
    """It reads the number of the error."""
    host = front.url.removeprefix("https://")
    where = {"authority": f"{front.url}/{front.tenant}", "knownAuthorities": [host]}

    found = node_client("msal_sign_in", front, where=where, api=front.url, client_secret="wrong")

    assert (found["code"], str(found["number"])) == ("invalid_client", "7000215")
    assert "AADSTS7000215" in found["refused"]


def test_azure_identity_for_javascript_with_an_authority_of_its_own(front: Front, node_client: Runner) -> None:
    """As one points it elsewhere."""
    where = {"authorityHost": front.url, "disableInstanceDiscovery": True}

    found = node_client("azure_identity_sign_in", front, where=where, api=front.url)

    assert (found.get("status"), ids(found)) == (200, [KB])


def test_azure_identity_for_javascript_signs_in_at_the_cloud_s_host(
    front: Front, node_client: Runner, proxy: Proxy
) -> None:
    """Through the proxy that its environment names."""
    found = node_client("azure_identity_sign_in", front, proxy, where={}, api=front.url)

    assert (found.get("status"), ids(found)) == (200, [KB])
    assert "login.microsoftonline.com" in proxy.asked
