"""Sign links that open one file for a while without a token, and check them.

The secret is made of the key that signs tokens, so that every server process knows it, it is replaced together with
that key, and a link outlives the replacement as tokens do.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from kbgap.auth.keys import KeyRing

_PURPOSE = b"kbgap: links to files"


def sign_link(ring: KeyRing, parts: Sequence[str]) -> tuple[str, str]:
    """The id of the key and the signature over all that the link says."""
    kid, _ = ring.signer
    return kid, _signature(ring, kid, parts) or ""


def is_signed(ring: KeyRing, kid: str, signature: str, parts: Sequence[str]) -> bool:
    """Whether the signature is ours and over exactly these parts."""
    expected = _signature(ring, kid, parts)
    return expected is not None and hmac.compare_digest(expected.encode(), signature.encode())


def _signature(ring: KeyRing, kid: str, parts: Sequence[str]) -> str | None:
    private = ring.secret(kid)
    if private is None:
        return None
    # Each part with its length before it: no two lists of parts give the same text.
    text = b"".join(b"%d:%s" % (len(part.encode()), part.encode()) for part in parts)
    secret = hmac.digest(private, _PURPOSE, hashlib.sha256)
    return base64.urlsafe_b64encode(hmac.digest(secret, text, hashlib.sha256)).rstrip(b"=").decode("ascii")
