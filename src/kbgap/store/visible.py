"""Which machines a caller may see, which of them count, and which have something open."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, Text, and_, func, select, true

from kbgap.core.errors import NotFound
from kbgap.store import schema
from kbgap.store.counts import WHOLE_TENANT
from kbgap.store.functions import keys_of
from kbgap.store.machines import Stored, load
from kbgap.store.schema_answers import exposure_gap, profile_exposure
from kbgap.store.tenants import TenantKey

_machine, _seen, _group = schema.machine, schema.machine_seen, schema.machine_group
_TAGS = msgspec.json.Decoder(tuple[str, ...])

# What an administrator set wins over what the machine reports.
tags = func.coalesce(_machine.c.set_tags, _machine.c.reported_tags, type_=Text())


def in_scopes(group_id: ColumnElement[Any], scopes: Collection[int]) -> ColumnElement[bool]:
    """Whether a machine group is among these; the whole tenant takes in every one, and machines without a group."""
    return true() if WHOLE_TENANT in scopes else group_id.in_(sorted(scopes))


def groups_of(scopes: Collection[int]) -> Collection[int] | None:
    """The machine groups that scopes take in; None for every one, and machines without a group."""
    return None if WHOLE_TENANT in scopes else scopes


def is_counted() -> ColumnElement[bool]:
    """Neither left out by an administrator nor silent: as the counts have it."""
    return _machine.c.exclusion.is_(None) & ~_seen.c.is_silent


def has_id(machine_id: str) -> ColumnElement[bool]:
    """That one machine."""
    return _machine.c.machine_id == machine_id


def had_address(address: str, since: datetime, until: datetime) -> ColumnElement[bool]:
    """Heard between two moments, with this address."""
    return and_(_machine.c.last_ip_address == address, _seen.c.last_seen.between(since, until))


def has_gap(tenant: TenantKey, revision: str, gaps: Collection[bytes]) -> ColumnElement[bool]:
    """The machines with a profile in which one of these gaps is open."""
    joined = exposure_gap.join(
        profile_exposure,
        and_(
            profile_exposure.c.tenant_id == exposure_gap.c.tenant_id,
            profile_exposure.c.exposure == exposure_gap.c.exposure,
        ),
    )
    mine = and_(
        exposure_gap.c.tenant_id == tenant,
        exposure_gap.c.gap.in_(keys_of(gaps)),
        profile_exposure.c.revision == revision,
    )
    return _machine.c.profile.in_(select(profile_exposure.c.profile).select_from(joined).where(mine))


def find(connection: Connection, tenant: TenantKey, name: str, scopes: Collection[int]) -> Stored:
    """One machine by its id or its DNS name, in any letter case; NotFound when there is none in these scopes.

    A name that several machines have stands for the one heard last.
    """
    lowered = name.lower()
    mine = and_(_machine.c.tenant_id == tenant, in_scopes(_machine.c.group_id, scopes))
    # Two questions, each of one index: asked as one, a database reads every machine of the tenant.
    by_id = select(_machine.c.machine_id).where(mine, _machine.c.machine_id == lowered)
    by_name = (
        select(_machine.c.machine_id).select_from(heard_machines()).where(mine, _machine.c.computer_dns_name == lowered)
    )
    found = connection.scalar(by_id) or connection.scalar(by_name.order_by(_seen.c.last_seen.desc()).limit(1))
    if found is None:
        raise NotFound(f"Machine {name} was not found")
    return load(connection, tenant, [found])[found]


def heard_machines() -> FromClause:
    """Machines with when they were heard, and their groups."""
    return _machine.join(
        _seen, and_(_seen.c.tenant_id == _machine.c.tenant_id, _seen.c.machine_id == _machine.c.machine_id)
    ).outerjoin(_group, and_(_group.c.tenant_id == _machine.c.tenant_id, _group.c.group_id == _machine.c.group_id))


@lru_cache(maxsize=4_096)
def decode_tags(text: str) -> tuple[str, ...]:
    """The tags of a machine; many have the same."""
    return _TAGS.decode(text)
