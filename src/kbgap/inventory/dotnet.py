"""Say which .NET Framework products of the catalogue a machine has (semantics 3.1, data/dotnet_releases.toml)."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec

from kbgap.core.model import Product, Value
from kbgap.inventory.report import DotNet

COMPONENT = ".net"
# Doubts are what a report would have to say: "... is not reported", "send ...".
NOT_REPORTED = "the .NET release key"
NOT_KNOWN = "a known .NET release key"


class _Version(Value, frozen=True, forbid_unknown_fields=True):
    name: str
    releases: tuple[int, ...]


class _Versions(Value, frozen=True, forbid_unknown_fields=True):
    version: tuple[_Version, ...]


def version_of(release: int) -> str | None:
    """The .NET Framework version of a release key: that of the highest known key not above it; None before 4.5."""
    known = [(least, version.name) for version in _table() for least in version.releases if least <= release]
    return max(known)[1] if known else None


def presence(product: Product, dotnet: Sequence[DotNet]) -> str | None:
    """Whether a .NET product is on a machine: empty for yes, a doubt, or None for no.

    ``dotnet`` are the profiles that the machine reports: all that it has, or none when it does not report them. A
    product that names 3.5 and a 4.x together ("3.5 AND 4.7.2") is there when its 4.x is.
    """
    if not dotnet:
        return "" if product.in_box else NOT_REPORTED
    newer = [version for version in product.versions if version.startswith("4")]
    return _presence_of_4(product, newer, dotnet) if newer else _presence_of_3(product, dotnet)


def _presence_of_4(product: Product, versions: Sequence[str], dotnet: Sequence[DotNet]) -> str | None:
    profiles = [profile for profile in dotnet if profile.profile == "v4"]
    if not profiles:
        return "" if product.in_box else None
    release = max((profile.release for profile in profiles if profile.release is not None), default=None)
    if release is None:
        return "" if product.in_box else NOT_REPORTED
    version = version_of(release)
    if version is None:
        return NOT_KNOWN
    return "" if version in versions else None


def _presence_of_3(product: Product, dotnet: Sequence[DotNet]) -> str | None:
    """3.5 contains 2.0 and 3.0, which may also be there alone: on those the v3.5 profile says nothing when absent."""
    if any(profile.profile == "v3.5" for profile in dotnet):
        return ""
    if any(version.startswith("3.5") for version in product.versions):
        return None
    return "" if product.in_box else NOT_REPORTED


def unserved(products: Sequence[Product], dotnet: Sequence[DotNet]) -> str:
    """The version that a machine reports and no product of its Windows names; empty when there is none."""
    releases = [profile.release for profile in dotnet if profile.profile == "v4" and profile.release is not None]
    version = version_of(max(releases)) if releases else None
    named = {version for product in products if product.component == COMPONENT for version in product.versions}
    return version if version is not None and named and version not in named else ""


@cache
def _table() -> tuple[_Version, ...]:
    text = (files("kbgap.data") / "dotnet_releases.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Versions).version
