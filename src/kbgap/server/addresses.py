"""Work out under which address a request reached us: links in answers follow it.

In this order: the configured public address; what a trusted proxy says (``X-Forwarded-Proto`` and ``-Host``, the last
value, which that proxy wrote itself); the request's own Host. Any Host is followed, because clients reach one server
under many of the service's names.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.requests import Request

_HOST = re.compile(r"[A-Za-z0-9.\-_]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_SCHEMES = frozenset({"http", "https"})

Network = IPv4Network | IPv6Network


def address_of(request: Request, public_url: str | None, trusted_proxies: Sequence[Network]) -> str:
    """The address without a last slash: ``https://api.securitycenter.microsoft.com``."""
    if public_url is not None:
        return public_url
    scheme, host = request.scope["scheme"], request.headers.get("host", "")
    if _is_trusted(request, trusted_proxies):
        scheme = _last(request, "x-forwarded-proto").lower() or scheme
        host = _last(request, "x-forwarded-host") or host
    if _HOST.fullmatch(host) is None:
        host = _own_host(request)
    return f"{scheme if scheme in _SCHEMES else 'http'}://{host}"


def _is_trusted(request: Request, trusted_proxies: Sequence[Network]) -> bool:
    if not trusted_proxies or request.client is None:
        return False
    try:
        peer = ip_address(request.client.host)
    except ValueError:
        return False  # a Unix socket or a test client: no address to trust
    return any(peer in network for network in trusted_proxies)


def _last(request: Request, header: str) -> str:
    return request.headers.get(header, "").rpartition(",")[2].strip()


def _own_host(request: Request) -> str:
    host, port = request.scope.get("server") or ("localhost", None)
    return f"{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
