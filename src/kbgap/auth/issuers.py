"""Know the external issuers whose tokens are good here, as the file of issuers describes them.

Each is named by its own ``iss``. Whose machines its tokens may read is written down, never taken on trust: an issuer
that may name any tenant could read every tenant. docs/howto/external-issuer.md shows such a file.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from kbgap.core.errors import Invalid

ANY_TENANT = "{tenantid}"  # as Entra ID writes it in the discovery document of its common endpoint
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LARGEST_FILE = 1 << 20  # bytes
_DISCOVERY = "/.well-known/openid-configuration"


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One ``[[issuer]]`` of the file."""

    issuer: str
    audience: str | tuple[str, ...]
    keys_url: str = ""
    discovery_url: str = ""
    tenant: str = ""
    tenants: dict[str, str] = {}
    tenant_claim: str = "tid"
    roles_claim: str = "roles"
    scopes_claim: str = "scp"
    groups_claim: str = "groups"
    groups: dict[str, str] | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuer: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class OneTenant:
    """Every token of the issuer belongs to this tenant."""

    guid: str


@dataclass(frozen=True, slots=True)
class ByClaim:
    """A claim of the token names the tenant in the issuer's words; those that are not in the table open nothing."""

    claim: str
    guids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AsIssued:
    """The tenant is the one that the issuer's name holds: its GUID is the same here as there."""


TenantRule = OneTenant | ByClaim | AsIssued


@dataclass(frozen=True, slots=True)
class Issuer:
    """One external issuer.

    ``keys_url`` is None when discovery tells it. ``groups`` leads from the issuer's groups to machine groups; None when
    delegated tokens see the whole tenant.
    """

    issuer: str
    audiences: frozenset[str]
    keys_url: str | None
    discovery_url: str
    tenants: TenantRule
    roles_claim: str = "roles"
    scopes_claim: str = "scp"
    groups_claim: str = "groups"
    groups: Mapping[str, str] | None = None

    def tenant_in_name(self, claimed: str) -> str | None:
        """The tenant that an ``iss`` of this issuer names, empty where the name holds none; None when it is not its."""
        if ANY_TENANT not in self.issuer:
            return "" if claimed == self.issuer else None
        match = re.fullmatch(re.escape(self.issuer).replace(re.escape(ANY_TENANT), f"({_GUID})"), claimed)
        return match[1].lower() if match else None


def find_issuer(issuers: tuple[Issuer, ...], claimed: str) -> Issuer | None:
    """The issuer that a token says it is from, or None."""
    return next((issuer for issuer in issuers if issuer.tenant_in_name(claimed) is not None), None)


def read_issuers(path: Path | None) -> tuple[Issuer, ...]:
    """The issuers that a file describes; Invalid names the file, the place and what is wrong."""
    if path is None:
        return ()
    try:
        with path.open("rb") as stream:
            text = stream.read(_LARGEST_FILE + 1)
        if len(text) > _LARGEST_FILE:
            raise Invalid(f"the file of issuers is larger than {_LARGEST_FILE:,} bytes", where=str(path))
        rows = msgspec.convert(tomllib.loads(text.decode()), _File).issuer
    except OSError as error:
        raise Invalid(f"the file of issuers cannot be read ({error.strerror})", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the file of issuers is not TOML: {error}", where=str(path)) from error
    except msgspec.ValidationError as error:
        raise Invalid(str(error), where=str(path), mend="docs/howto/external-issuer.md shows such a file") from error
    issuers = tuple(_issuer(row, f"{path}: issuer {number}") for number, row in enumerate(rows, 1))
    names = [issuer.issuer for issuer in issuers]
    if len(set(names)) != len(names):
        raise Invalid("one issuer is described twice", where=str(path), mend="give all of it in one place")
    return issuers


def _issuer(row: _Row, where: str) -> Issuer:
    audiences = (row.audience,) if isinstance(row.audience, str) else row.audience
    if not all(audiences) or not audiences:
        raise Invalid("an issuer needs an audience: what its tokens for kbgap are issued for", where=where)
    if ANY_TENANT in row.issuer and not (row.keys_url or row.discovery_url):
        raise Invalid(f"an issuer with {ANY_TENANT} needs a keys_url or a discovery_url", where=where)
    discovery = row.discovery_url or row.issuer.rstrip("/") + _DISCOVERY
    for url in (row.issuer, row.keys_url or discovery):
        check_address(url, where)
    return Issuer(
        issuer=row.issuer,
        audiences=frozenset(audiences),
        keys_url=row.keys_url or None,
        discovery_url=discovery,
        tenants=_tenant_rule(row, where),
        roles_claim=row.roles_claim,
        scopes_claim=row.scopes_claim,
        groups_claim=row.groups_claim,
        groups=row.groups,
    )


def check_address(url: str, where: str) -> None:
    """Raise Invalid unless the address is https, or on this machine: whoever can change keys on the way signs in."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        is_whole = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        is_safe = is_whole = False
    if not (is_safe and is_whole):
        raise Invalid(f"{url[:200]!r} is no https address", where=where, mend="give one like https://login.example.org")


def _tenant_rule(row: _Row, where: str) -> TenantRule:
    match bool(row.tenant), bool(row.tenants), ANY_TENANT in row.issuer:
        case True, False, False:
            return OneTenant(_guid(row.tenant, where))
        case False, True, _:
            return ByClaim(row.tenant_claim, {name: _guid(guid, where) for name, guid in row.tenants.items()})
        case False, False, True:
            return AsIssued()
        case _:
            raise Invalid(
                "it is not clear whose machines the tokens of this issuer may read",
                where=where,
                mend="give either tenant = GUID, or a table of tenants",
            )


def _guid(text: str, where: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Invalid(f"a tenant is named by its GUID, not {text[:60]!r}", where=where) from error
