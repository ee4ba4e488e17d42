"""The file of issuers: what it may say, and that every mistake in it is named."""

from pathlib import Path

import pytest

from kbgap.auth.issuers import AsIssued, ByClaim, OneTenant, find_issuer, read_issuers
from kbgap.core.errors import Invalid

TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
ENTRA = "https://login.microsoftonline.com/{tenantid}/v2.0"

WHOLE = f"""
[[issuer]]
issuer = "https://login.example.org"
audience = ["https://kbgap.example.org", "api://kbgap"]
tenant = "{TENANT.upper()}"
scopes_claim = "scope"

[issuer.groups]
"0d1c" = "workstations"

[[issuer]]
issuer = "{ENTRA}"
audience = "api://kbgap"
keys_url = "https://login.microsoftonline.com/common/discovery/v2.0/keys"

[[issuer]]
issuer = "http://127.0.0.1:9000"
audience = "kbgap"
tenant_claim = "org"
tenants = {{ north = "{TENANT}", south = "{OTHER}" }}
"""


def written(folder: Path, text: str | bytes) -> Path:
    """A file with this text."""
    path = folder / "issuers.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_without_a_file_there_are_none() -> None:
    """Our own tokens need none."""
    assert read_issuers(None) == ()


def test_several_issuers_stand_in_one_file(tmp_path: Path) -> None:
    """Each with whose machines its tokens may read: one tenant, the one in its name, or a table by claim."""
    fixed, entra, mapped = read_issuers(written(tmp_path, WHOLE))

    assert fixed.tenants == OneTenant(TENANT)
    assert fixed.audiences == {"https://kbgap.example.org", "api://kbgap"}
    assert fixed.groups == {"0d1c": "workstations"}
    assert (fixed.keys_url, fixed.discovery_url) == (
        None,
        "https://login.example.org/.well-known/openid-configuration",
    )
    assert (entra.tenants, entra.groups) == (AsIssued(), None)
    assert mapped.tenants == ByClaim("org", {"north": TENANT, "south": OTHER})


@pytest.mark.parametrize(
    ("claimed", "number"),
    [
        ("https://login.example.org", 0),
        (ENTRA.replace("{tenantid}", OTHER), 1),
        ("http://127.0.0.1:9000", 2),
        ("https://login.example.org/", None),
        (ENTRA, None),
        (ENTRA.replace("{tenantid}", "contoso"), None),
        (ENTRA.replace("{tenantid}", f"{OTHER}/x"), None),
        ("", None),
    ],
)
def test_an_issuer_is_found_by_its_exact_name(tmp_path: Path, claimed: str, number: int | None) -> None:
    """A name that is nearly right is another's."""
    issuers = read_issuers(written(tmp_path, WHOLE))

    assert find_issuer(issuers, claimed) == (None if number is None else issuers[number])


ONE = f'[[issuer]]\nissuer = "https://login.example.org"\naudience = "kbgap"\ntenant = "{TENANT}"\n'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (b"\xff\xfe", "the file of issuers is not TOML"),
        ("issuer = [", "the file of issuers is not TOML"),
        ("x = " + "[" * 5_000, "issuers.toml"),
        (b"#" * (2 << 20), "larger than"),
        ("", "missing required field `issuer`"),
        (ONE.replace("audience", "audiense"), "unknown field `audiense`"),
        (ONE.replace('"kbgap"', "7"), "audience"),
        (ONE.replace('"kbgap"', "[]"), "needs an audience"),
        (ONE.replace('"kbgap"', '""'), "needs an audience"),
        (ONE.replace("https:", "http:"), "'http://login.example.org' is no https address"),
        (ONE.replace("https://login.example.org", "https://[::1"), "is no https address"),
        (ONE.replace("https://login.", "https://user@login."), "is no https address"),
        (ONE + 'keys_url = "ftp://login.example.org"', "is no https address"),
        (ONE.replace(TENANT, "contoso"), "a tenant is named by its GUID, not 'contoso'"),
        (ONE.replace(f'tenant = "{TENANT}"', ""), "not clear whose machines"),
        (ONE + f'tenants = {{ a = "{OTHER}" }}', "not clear whose machines"),
        (ONE.replace("https://login.example.org", ENTRA), "needs a keys_url or a discovery_url"),
        (
            ONE.replace("https://login.example.org", ENTRA) + 'keys_url = "https://a.example"',
            "not clear whose machines",
        ),
        (ONE + ONE, "one issuer is described twice"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str | bytes, wrong: str) -> None:
    """A server does not start with an issuer that it understood in part."""
    with pytest.raises(Invalid) as caught:
        read_issuers(written(tmp_path, text))

    assert wrong in str(caught.value)
    assert "issuers.toml" in caught.value.where


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As every file that was asked for."""
    with pytest.raises(Invalid, match="cannot be read"):
        read_issuers(tmp_path / "absent.toml")
