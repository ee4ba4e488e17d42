"""Know the names of the API that a token may be asked for, and be issued to.

The names are data (``data/resources.toml``); an installation's own addresses are names of the API too.
"""

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

import msgspec


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    canonical: str
    names: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resources:
    """Every name of the API, in lower case and without a last slash."""

    canonical: str
    names: frozenset[str]

    def audience_of(self, resource: str, own_addresses: Iterable[str] = ()) -> str | None:
        """The audience of a token that was asked for under this name; None when it is no name of ours.

        ``own_addresses`` are the addresses that this very request reached us under: they are names of ours, but
        only for the moment, so the token gets the canonical name instead.
        """
        name = _folded(resource)
        if name in self.names:
            return name
        return self.canonical if name in {_folded(address) for address in own_addresses} else None

    def __contains__(self, audience: object) -> bool:
        return isinstance(audience, str) and _folded(audience) in self.names

    def including(self, address: str) -> "Resources":
        """The same with one more name: an installation's configured public address."""
        return Resources(self.canonical, self.names | {_folded(address)})


@functools.cache
def known_resources() -> Resources:
    """The names that Microsoft's documentation and public clients use."""
    table = msgspec.convert(tomllib.loads(files("kbgap.data").joinpath("resources.toml").read_text("utf-8")), _Table)
    names = {_folded(name) for name in table.names} | {f"https://{host}" for host in table.hosts}
    return Resources(canonical=table.canonical, names=frozenset(names))


def _folded(name: str) -> str:
    return name.strip().rstrip("/").lower()
