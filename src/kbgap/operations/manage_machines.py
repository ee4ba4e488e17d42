"""Leave machines out of the counts, take them back, delete them, and let those gone silent leave."""

from datetime import datetime, timedelta

from kbgap.core.errors import Invalid
from kbgap.core.model import Value
from kbgap.operations.audit_log import By, enter
from kbgap.store import accepted, counts, history, machines, rejudging, tenants
from kbgap.store.counts import Moves
from kbgap.store.database import Database, Transaction
from kbgap.store.machines import Stored
from kbgap.store.tenants import Pointer, tenant_key
from kbgap.store.unused import drop_unused

REASONS = ("Other", "InactiveDevice", "DuplicateDevice", "DeviceDoesNotExist", "DeviceOutOfScope")

_NONE = timedelta(0)
_HISTORY = timedelta(days=14)  # what the changes of exports go back at least


class Swept(Value, frozen=True):
    """How many machines a sweep found silent, and how many it deleted."""

    silent: int
    deleted: int


def exclude_machine(database: Database, tenant: str, machine: str, reason: str, by: By) -> str:
    """Leave a machine (its id or DNS name) out of the counts, for one of ``REASONS``; gives its id."""
    if reason not in REASONS:
        raise Invalid(f"{reason[:40]!r} is no reason to exclude a machine", mend=f"say {', '.join(REASONS)}")
    return _set_exclusion(database, tenant, machine, reason, by)


def include_machine(database: Database, tenant: str, machine: str, by: By) -> str:
    """Count a machine again that was left out; gives its id."""
    return _set_exclusion(database, tenant, machine, None, by)


def _set_exclusion(database: Database, tenant: str, machine: str, reason: str | None, by: By) -> str:
    key = tenant_key(tenant)
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        found = machines.find(tx, key, machine)
        machines.set_exclusion(tx, key, found.machine_id, reason)
        moves = Moves()
        if found.is_counted and reason is not None:
            moves.leave(found.profile, found.group_id, found.software_set)
        if found.exclusion is not None and reason is None and not found.is_silent:
            moves.enter(found.profile, found.group_id, found.software_set)
        _publish(database, tx, tenant, pointer, moves)
        action = "machine.include" if reason is None else "machine.exclude"
        enter(tx, tenant, by, action, found.machine_id, {"reason": reason} if reason else {})
    return found.machine_id


def delete_machine(database: Database, tenant: str, machine: str, by: By) -> str:
    """Forget a machine (its id or DNS name) until it reports again; gives its id."""
    key = tenant_key(tenant)
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        found = machines.find(tx, key, machine)
        _delete(database, tx, tenant, pointer, {found.machine_id: found})
        enter(tx, tenant, by, "machine.delete", found.machine_id, {"named": machine})
    return found.machine_id


def sweep_machines(database: Database, tenant: str, now: datetime, silent_after: timedelta, keep: timedelta) -> Swept:
    """Let machines that have gone silent leave the counts, and delete those silent for very long.

    A machine is deleted only when it has been out of the counts for as long as it should be. So a clock that jumps
    ahead, or a server that was off for a year, deletes nobody before they have had the time to report again.
    """
    key = tenant_key(tenant)
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        gone = machines.load(
            tx, key, machines.silent_for_long(tx, key, now - keep, now - max(keep - silent_after, _NONE))
        )
        newly = machines.gone_silent(tx, key, now - silent_after)
        silent = machines.load(tx, key, newly)
        machines.mark_silent(tx, key, silent, now)
        moves = Moves()
        for stored in silent.values():
            if stored.is_counted:
                moves.leave(stored.profile, stored.group_id, stored.software_set)
        if silent:
            _publish(database, tx, tenant, pointer, moves)
            pointer = tenants.pointer(tx, tenant)
        if gone:
            _delete(database, tx, tenant, pointer, gone)
        history.forget(tx, key, now - max(keep, _HISTORY))
        if accepted.end_expired(tx, key, now):
            tenants.move(tx, tenant, tenants.pointer(tx, tenant))
        if not rejudging.is_awaited(tx, pointer.revision):
            drop_unused(tx, key, pointer.revision)
    return Swept(silent=len(silent), deleted=len(gone))


def _delete(database: Database, tx: Transaction, tenant: str, pointer: Pointer, gone: dict[str, Stored]) -> None:
    moves = Moves()
    for stored in gone.values():
        if stored.is_counted:
            moves.leave(stored.profile, stored.group_id, stored.software_set)
    machines.remove(tx, tenant_key(tenant), gone)
    _publish(database, tx, tenant, pointer, moves)


def _publish(database: Database, tx: Transaction, tenant: str, pointer: Pointer, moves: Moves) -> None:
    if pointer.revision is not None:
        counts.apply(tx, tenant_key(tenant), pointer.revision, moves, database.effects)
    tenants.move(tx, tenant, pointer)
