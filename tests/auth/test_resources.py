"""The names of the API: all of them open it, no other does."""

import pytest

from kbgap.auth.resources import known_resources

ALIASES = [
    "https://api.securitycenter.microsoft.com",
    "https://api.securitycenter.microsoft.com/",
    "HTTPS://API.SecurityCenter.Windows.com",
    "https://api.security.microsoft.com",
    "https://eu.api.security.microsoft.com",
    "https://api-eu.securitycenter.windows.com",
    "https://api-gcc.securitycenter.microsoft.us",
    "https://api-gov.securitycenter.microsoft.us",
    "https://securitycenter.onmicrosoft.com/windowsatpservice",
    "fc780465-2017-40d4-a0c5-307022471b92",
]


@pytest.mark.parametrize("alias", ALIASES)
def test_every_name_is_an_audience(alias: str) -> None:
    """Whatever a client calls the API, it gets a token that the API accepts."""
    resources = known_resources()

    audience = resources.audience_of(alias)

    assert audience is not None
    assert audience in resources


@pytest.mark.parametrize(
    "other", ["https://graph.microsoft.com", "", "https://api.securitycenter.microsoft.com.example.org"]
)
def test_another_resource_is_refused(other: str) -> None:
    """A token for something else would be cached by its client and be of no use."""
    assert known_resources().audience_of(other) is None
    assert other not in known_resources()


def test_our_own_address_counts_while_it_is_the_request_s() -> None:
    """A client may ask for the host it calls (Kenna); its token names the canonical audience, not that host."""
    resources = known_resources()

    audience = resources.audience_of("https://kbgap.example.org/", ["https://kbgap.example.org"])

    assert audience == "https://api.securitycenter.microsoft.com"
    assert "https://kbgap.example.org" not in resources


def test_a_public_address_is_an_audience() -> None:
    """An installation's configured address is a name of the API for good."""
    assert "https://kbgap.example.org" in known_resources().including("https://kbgap.example.org/")
