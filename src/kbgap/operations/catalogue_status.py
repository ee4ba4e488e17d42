"""Tell at which catalogue each tenant is, and how much is still to judge for the one that was loaded last."""

from collections.abc import Sequence

import msgspec

from kbgap.store import catalogue, rejudging, tenants
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key


class TenantStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where one tenant is: ``next_revision`` is the one that it is being led to, or null.

    ``states_to_judge``: how many of its software states are not judged for that yet; among them may be some that the
    new catalogue tells apart otherwise, and that are then never judged.
    """

    tenant: str
    name: str
    revision: str | None
    next_revision: str | None
    states_to_judge: int


def catalogue_status(database: Database) -> Sequence[TenantStatus]:
    """All tenants, by name."""
    with database.snapshot() as connection:
        stored = catalogue.revisions(connection)
        newest = stored[0].revision if stored else None
        found = []
        for tenant in tenants.listed(connection):
            revision = tenants.pointer(connection, tenant.guid).revision
            awaited = newest if newest is not None and newest != revision else None
            found.append(
                TenantStatus(
                    tenant=tenant.guid,
                    name=tenant.name,
                    revision=revision,
                    next_revision=awaited,
                    states_to_judge=0
                    if awaited is None
                    else rejudging.states_to_judge(connection, tenant_key(tenant.guid), awaited),
                )
            )
        return found
