"""Signing keys in the database: made when due, withdrawn when nothing can need them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kbgap.auth.keys import SIGNS_FOR, VERIFIES_FOR
from kbgap.operations.signing_keys import renew_signing_keys
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def database(engine_url: str) -> Iterator[Database]:
    """A database without any key."""
    migrate(engine_url)
    opened = open_database(engine_url)
    yield opened
    opened.close()


def test_the_first_key_is_made_and_kept(database: Database) -> None:
    """A server that starts anew, or beside another, signs with the same key."""
    first = renew_signing_keys(database, NOW)

    assert len(first.kids) == 1
    assert renew_signing_keys(database, NOW + SIGNS_FOR - SECOND).kids == first.kids


def test_a_key_is_replaced_and_then_withdrawn(database: Database) -> None:
    """The new key signs at once; the old one verifies for a while longer."""
    old = renew_signing_keys(database, NOW).signer[0]

    both = renew_signing_keys(database, NOW + SIGNS_FOR)
    later = renew_signing_keys(database, NOW + VERIFIES_FOR)

    assert old in both.kids
    assert both.signer[0] != old
    assert later.kids == both.kids - {old}
    assert renew_signing_keys(database, NOW + VERIFIES_FOR).kids == later.kids


def test_after_a_long_rest_there_is_one_new_key(database: Database) -> None:
    """A server that was off for a year withdraws its old key and makes a new one in one step."""
    old = renew_signing_keys(database, NOW)

    new = renew_signing_keys(database, NOW + timedelta(days=365))

    assert len(new.kids) == 1
    assert new.kids.isdisjoint(old.kids)
