"""Accept the risk of a KB or a CVE for a while: it stays in every list, and is shown as accepted."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from kbgap.core.errors import Invalid, NotFound
from kbgap.inventory.kb import parse_kb
from kbgap.operations.audit_log import By, enter
from kbgap.operations.looking import EVERYTHING
from kbgap.store import accepted, cves, fleet_kbs, groups, tenants
from kbgap.store.counts import WHOLE_TENANT
from kbgap.store.database import Database, Transaction
from kbgap.store.tenants import TenantKey, tenant_key

LONGEST_REASON = 1_000


class AcceptedRisk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One decision: ``subject`` is a KB number or a CVE id, ``group`` null for everybody.

    ``is_active``: it has neither expired nor been withdrawn.
    """

    id: str
    subject: str
    group: str | None
    expires_on: datetime
    reason: str
    accepted_by: str
    accepted_on: datetime
    withdrawn_on: datetime | None
    is_active: bool


def accept_risk(
    database: Database,
    tenant: str,
    risk: "NewRisk",
    actor: str,
    now: datetime,
    scopes: Collection[int] = EVERYTHING,
) -> AcceptedRisk:
    """Accept a risk; what is counted and listed stays the same. The audit log keeps who did it.

    Raises:
        Invalid: the subject is no KB or CVE, there is no reason, or the end has passed.
        NotFound: the catalogue has no such KB or CVE, or the caller sees no such machine group.
    """
    key = tenant_key(tenant)
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        subject = _subject(tx, pointer.revision or "", risk.subject)
        new = accepted.AcceptedRisk(
            risk_id=secrets.token_hex(8),
            subject=subject,
            group_id=_group(tx, key, risk.group, scopes),
            expires_at=_end(risk.expires_on, now),
            reason=_reason(risk.reason),
            accepted_by=actor,
            accepted_at=now,
        )
        accepted.save(tx, key, new)
        tenants.move(tx, tenant, pointer)
        return _noted(tx, tenant, "risk.accept", _shown(new, groups.names_of(tx, key), now), actor, now)


class NewRisk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What somebody wants to accept, for whom, until when, and why."""

    subject: str
    expires_on: datetime
    reason: str
    group: str | None = None


def list_accepted_risks(
    database: Database, tenant: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> Sequence[AcceptedRisk]:
    """All decisions for everybody or for groups that the caller sees, also those that have passed: newest first."""
    key = tenant_key(tenant)
    with database.snapshot() as connection:
        names = groups.names_of(connection, key)
        return [_shown(risk, names, now) for risk in accepted.every(connection, key) if _is_seen(risk, scopes)]


def withdraw_risk(
    database: Database, tenant: str, risk_id: str, actor: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> AcceptedRisk:
    """End a decision before its time; NotFound when the caller may not decide about it, or there is none."""
    key = tenant_key(tenant)
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        found = next((risk for risk in accepted.every(tx, key) if risk.risk_id == risk_id), None)
        if found is None or not _may_decide(found.group_id, scopes):
            raise NotFound(f"Accepted risk {risk_id} was not found")
        ended = accepted.withdraw(tx, key, risk_id, now)
        tenants.move(tx, tenant, pointer)
        return _noted(tx, tenant, "risk.withdraw", _shown(ended, groups.names_of(tx, key), now), actor, now)


def _noted(tx: Transaction, tenant: str, action: str, risk: AcceptedRisk, actor: str, now: datetime) -> AcceptedRisk:
    details = {"subject": risk.subject, "group": risk.group, "reason": risk.reason}
    enter(tx, tenant, By(actor=actor, at=now), action, risk.id, details)
    return risk


def _subject(tx: Transaction, revision: str, text: str) -> str:
    if (number := parse_kb(text)) is not None:
        if not fleet_kbs.is_known_kb(tx, revision, number):
            raise NotFound(f"KB{number} was not found")
        return number
    identifier = text.strip().upper()
    if not identifier.startswith("CVE-"):
        mend = "write KB4540673 or CVE-2020-0601"
        raise Invalid(f"{text[:40]!r} is neither a KB nor a CVE", where="subject", mend=mend)
    if not identifier.isprintable() or not cves.is_known(tx, revision, identifier):
        raise NotFound(f"{identifier[:40]!r} was not found")
    return identifier


def _group(tx: Transaction, tenant: TenantKey, name: str | None, scopes: Collection[int]) -> int:
    """The number of the group; who sees some groups only may decide for those, and not for everybody."""
    number = WHOLE_TENANT if name is None else groups.numbers_of(tx, tenant, [name]).get(name)
    if number is None or not _may_decide(number, scopes):
        raise NotFound(f"Machine group {name} was not found" if name else "This caller may decide for a group only")
    return number


def _end(expires_on: datetime, now: datetime) -> datetime:
    if expires_on <= now:
        raise Invalid("the end has passed already", where="expiresOn", mend="give a later moment")
    return expires_on


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.replace("\n", " ").isprintable():
        raise Invalid(f"a reason has 1 to {LONGEST_REASON} characters", where="reason", mend="say why it is accepted")
    return reason


def _may_decide(group_id: int, scopes: Collection[int]) -> bool:
    return WHOLE_TENANT in scopes or group_id in scopes


def _is_seen(risk: accepted.AcceptedRisk, scopes: Collection[int]) -> bool:
    return risk.group_id == WHOLE_TENANT or _may_decide(risk.group_id, scopes)


def _shown(risk: accepted.AcceptedRisk, names: dict[int, str], now: datetime) -> AcceptedRisk:
    return AcceptedRisk(
        id=risk.risk_id,
        subject=risk.subject,
        group=names.get(risk.group_id),
        expires_on=risk.expires_at,
        reason=risk.reason,
        accepted_by=risk.accepted_by,
        accepted_on=risk.accepted_at,
        withdrawn_on=risk.withdrawn_at,
        is_active=risk.is_active(now),
    )
