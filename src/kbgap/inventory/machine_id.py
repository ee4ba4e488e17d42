"""Give a machine the same id every time it reports, from its tenant and its name."""

import hashlib

_DIGITS = 40  # as long as the ids of Defender for Endpoint


def machine_id(tenant: str, dns_name: str) -> str:
    """40 hex digits for a machine that reports no id of its own.

    The same for every spelling in upper and lower case and with or without the root's dot: DNS names do not tell
    them apart. The length keeps one pair of tenant and name from looking like another.
    """
    name = dns_name.strip().rstrip(".").casefold()
    return hashlib.sha256(f"{len(tenant)}:{tenant}:{name}".encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
