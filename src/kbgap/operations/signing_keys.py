"""Keep the keys that sign tokens: make one when it is due, withdraw those that nothing can need any more."""

from datetime import datetime

from kbgap.auth.keys import KeyRing, SigningKey, is_due, make_signing_key, outlived
from kbgap.store import clients
from kbgap.store.database import Database


def renew_signing_keys(database: Database, now: datetime) -> KeyRing:
    """The keys that are alive now.

    Two processes that find a key due at the same moment make one each; both are kept, and both processes learn of
    the other's when a token signed with it comes.
    """
    with database.reading() as connection:
        keys = _read(clients.signing_keys(connection))
    withdrawn = outlived(keys, now)
    if not withdrawn and not is_due(keys, now):
        return KeyRing(keys)
    with database.transaction() as tx:
        keys = _read(clients.signing_keys(tx))
        withdrawn = outlived(keys, now)
        clients.remove_signing_keys(tx, withdrawn)
        if is_due(keys, now):
            key = make_signing_key(now)
            clients.add_signing_key(tx, key.kid, key.pem, now)
            keys = (*keys, key)
    return KeyRing(key for key in keys if key.kid not in withdrawn)


def _read(rows: tuple[clients.KeyRow, ...]) -> tuple[SigningKey, ...]:
    return tuple(SigningKey(kid=row.kid, pem=row.pem, created_at=row.created_at) for row in rows)
