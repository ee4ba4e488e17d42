"""Change what an administrator decides about a machine: its tags, and whether it counts."""

from collections.abc import Collection
from typing import Literal

from kbgap.core.errors import Invalid
from kbgap.operations.audit_log import By, enter
from kbgap.operations.looking import EVERYTHING
from kbgap.operations.manage_machines import exclude_machine, include_machine
from kbgap.operations.read_machines import get_machine
from kbgap.store import tags, tenants, visible
from kbgap.store.database import Database
from kbgap.store.machines_view import Machine
from kbgap.store.tenants import tenant_key

MOST_TAGS = 1_000
LONGEST_TAG = 200

TagAction = Literal["Add", "Remove"]


def change_tag(
    database: Database,
    tenant: str,
    machine: str,
    tag: str,
    action: TagAction,
    by: By,
    scopes: Collection[int] = EVERYTHING,
) -> Machine:
    """Add or remove one tag of a machine (its id or DNS name); from then on reports do not change its tags.

    Raises:
        NotFound: there is no such machine in these scopes.
        Invalid: the tag is empty, too long or unprintable, or there would be too many.
    """
    wanted = tag.strip()
    if not 1 <= len(wanted) <= LONGEST_TAG or not wanted.isprintable():
        raise Invalid(f"a tag has 1 to {LONGEST_TAG} printable characters", where="Value", mend="give another tag")
    key = tenant_key(tenant)
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        found = visible.find(tx, key, machine, scopes)
        had = tags.of_machine(tx, key, found.machine_id)
        has = tuple(one for one in had if one != wanted) if action == "Remove" else tuple(dict.fromkeys((*had, wanted)))
        if len(has) > MOST_TAGS:
            raise Invalid(f"a machine has at most {MOST_TAGS} tags", where="Value", mend="remove one first")
        if has != had:
            tags.set_of_machine(tx, key, found.machine_id, has)
            tenants.move(tx, tenant, pointer)
            enter(tx, tenant, by, f"machine.tag.{action.lower()}", found.machine_id, {"tag": wanted})
    return get_machine(database, tenant, found.machine_id, scopes)


def change_exclusion(
    database: Database,
    tenant: str,
    machine: str,
    reason: str | None,
    by: By,
    scopes: Collection[int] = EVERYTHING,
) -> Machine:
    """Leave a machine out of the counts for a reason of the contract, or count it again (None)."""
    machine_id = get_machine(database, tenant, machine, scopes).id
    if reason is None:
        include_machine(database, tenant, machine_id, by)
    else:
        exclude_machine(database, tenant, machine_id, reason, by)
    return get_machine(database, tenant, machine_id, scopes)
