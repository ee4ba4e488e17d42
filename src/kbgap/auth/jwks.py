"""Fetch the public keys of external issuers, and keep them for when the issuer does not answer.

* Keys are fetched when first needed, and again when they are an hour old.
* A token that names an unknown key makes them be fetched at once, but not more often than every half minute: anybody
  can send such tokens.
* While the issuer is down the keys that were fetched last stay good, for a day: longer than any token that they signed.
* Only https, or this machine; no redirects; bounded in size and time.

This is the one module of ``auth`` that opens outgoing connections. It is synchronous: the server calls ``fetch`` in a
thread, everything else at once.
"""

import logging
import time
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from kbgap import __version__
from kbgap.auth.issuers import Issuer, check_address
from kbgap.auth.signatures import PublicKey
from kbgap.core.errors import Invalid, KbgapError, Unavailable

FRESH_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=1)
NOT_AGAIN_WITHIN = timedelta(seconds=30)
TIMEOUT = 5.0  # seconds for the issuer to begin, and to go on
_DOCUMENT_TIMEOUT = 10.0  # seconds for a whole document
_LARGEST = 1 << 20  # bytes
_MOST_KEYS = 200
_LEAST_BITS = 2048
_CHUNK = 1 << 16

_log = logging.getLogger(__name__)


class _Discovery(msgspec.Struct, frozen=True):
    issuer: str
    jwks_uri: str


class _KeySet(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, object], ...]


class PublishedKeys:
    """The keys of one issuer, as they were published last; ``proxies`` as in urllib: None takes the machine's."""

    def __init__(self, issuer: Issuer, *, proxies: dict[str, str] | None = None) -> None:
        """Prepare to ask; nothing is fetched yet."""
        self.issuer = issuer
        self.withdrawals = 0  # counts up when a key is no longer there, and what it signed is no longer good
        self._opener = _opener(proxies)
        self._keys: dict[str, PublicKey] = {}
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None

    def get(self, kid: str, now: datetime) -> PublicKey | None:
        """The key of this id, when it is known and was published within a day; Unavailable when there are none."""
        if self._fetched_at is None or now - self._fetched_at >= KEPT_FOR:
            raise Unavailable("the keys of the token's issuer cannot be had", where=self.issuer.issuer)
        return self._keys.get(kid)

    def is_old(self, now: datetime) -> bool:
        """Whether it is time to fetch, though what there is will do for the moment."""
        return self._may_try(now) and (self._fetched_at is None or now - self._fetched_at >= FRESH_FOR)

    def must_fetch(self, kid: str, now: datetime) -> bool:
        """Whether the token cannot be verified without fetching, and fetching is allowed again."""
        lacks = self._fetched_at is None or now - self._fetched_at >= KEPT_FOR or kid not in self._keys
        return lacks and self._may_try(now)

    def fetch(self, now: datetime) -> None:
        """Fetch the keys; when that fails, what there was stays, and the log says why."""
        self._tried_at = now
        try:
            keys = self._fetch()
        except KbgapError as error:
            _log.warning("the keys of an issuer could not be fetched: %s", error)
            return
        if not self._keys.keys() <= keys.keys():
            self.withdrawals += 1
        self._keys, self._fetched_at = keys, now

    def _may_try(self, now: datetime) -> bool:
        return self._tried_at is None or now - self._tried_at >= NOT_AGAIN_WITHIN

    def _fetch(self) -> dict[str, PublicKey]:
        url = self.issuer.keys_url or self._discovered()
        try:
            rows = msgspec.json.decode(_get(self._opener, url), type=_KeySet).keys
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unavailable(f"this is no set of keys ({error})", where=url) from error
        keys = dict(filter(None, map(_key, rows[:_MOST_KEYS])))
        if not keys:
            raise Unavailable("there is no key that can verify RS256 or ES256", where=url)
        return keys

    def _discovered(self) -> str:
        """The address of the keys, which the issuer's discovery document tells when it is this issuer's."""
        url = self.issuer.discovery_url
        try:
            found = msgspec.json.decode(_get(self._opener, url), type=_Discovery)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unavailable(f"this is no discovery document ({error})", where=url) from error
        if found.issuer != self.issuer.issuer:
            raise Unavailable(f"the document is that of {found.issuer[:200]!r}", where=url)
        try:
            check_address(found.jwks_uri, url)
        except Invalid as error:
            raise Unavailable(error.what, where=url) from error
        return found.jwks_uri


def _key(row: dict[str, object]) -> tuple[str, PublicKey] | None:
    """A key with its id; None for one that is not for verifying our two algorithms, or too weak."""
    kid = row.get("kid")
    if not isinstance(kid, str) or row.get("use", "sig") != "sig":
        return None
    try:
        match row:
            case {"kty": "RSA", "n": str(n), "e": str(e)} if row.get("alg", "RS256") == "RS256":
                key = RSAKey.import_key({"kty": "RSA", "n": n, "e": e})
                return (kid, key) if key.raw_value.key_size >= _LEAST_BITS else None
            case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)} if row.get("alg", "ES256") == "ES256":
                return kid, ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            case _:
                return None
    except (JoseError, ValueError):
        return None  # neighbours are kept


class _NoRedirects(HTTPRedirectHandler):
    """A redirect could lead off https; an issuer's documents are where they are said to be."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Take none."""


def _opener(proxies: dict[str, str] | None) -> OpenerDirector:
    return build_opener(_NoRedirects(), ProxyHandler(proxies))


def _get(opener: OpenerDirector, url: str) -> bytes:
    """The document at an address that was checked."""
    request = Request(url, headers={"Accept": "application/json", "User-Agent": f"kbgap/{__version__}"})  # noqa: S310 - checked
    ends = time.monotonic() + _DOCUMENT_TIMEOUT
    pieces: list[bytes] = []
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            while piece := answer.read1(_CHUNK):
                pieces.append(piece)
                if sum(map(len, pieces)) > _LARGEST:
                    raise Unavailable(f"the document is larger than {_LARGEST:,} bytes", where=url)
                if time.monotonic() > ends:
                    raise Unavailable("the document comes too slowly", where=url)
    except HTTPError as error:
        error.close()
        raise Unavailable(f"the issuer answered {error.code}", where=url) from error
    except URLError as error:
        raise Unavailable(f"the issuer cannot be reached ({error.reason})", where=url) from error
    except (HTTPException, OSError, ValueError) as error:
        raise Unavailable(f"the issuer's answer broke off ({error})", where=url) from error
    return b"".join(pieces)
