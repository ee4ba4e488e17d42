"""Save and load what people decided not to mend for a while: a KB or a CVE, for a machine group or for everybody."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from kbgap.core.errors import NotFound
from kbgap.core.model import Value
from kbgap.store.schema_answers import accepted_risk
from kbgap.store.tenants import TenantKey

_table = accepted_risk


class AcceptedRisk(Value, frozen=True):
    """One decision. ``subject`` is a KB number or a CVE id; ``group_id`` 0 is the whole tenant."""

    risk_id: str
    subject: str
    group_id: int
    expires_at: datetime
    reason: str
    accepted_by: str
    accepted_at: datetime
    withdrawn_at: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.withdrawn_at is None and now < self.expires_at

    @property
    def is_cve(self) -> bool:
        """Whether the subject is a CVE; otherwise it is a KB."""
        return not self.subject.isdecimal()


def save(tx: Connection, tenant: TenantKey, risk: AcceptedRisk) -> None:
    """Save a new decision."""
    tx.execute(insert(_table), [{"tenant_id": tenant, **msgspec.structs.asdict(risk)}])


def every(connection: Connection, tenant: TenantKey) -> Sequence[AcceptedRisk]:
    """All decisions of a tenant, also those that have passed: the newest first."""
    statement = select(_table).where(_table.c.tenant_id == tenant)
    rows = connection.execute(statement.order_by(_table.c.accepted_at.desc(), _table.c.risk_id))
    return [
        AcceptedRisk(**{name: row._mapping[name] for name in AcceptedRisk.__struct_fields__})  # noqa: SLF001 - SQLAlchemy's public name
        for row in rows
    ]


def withdraw(tx: Connection, tenant: TenantKey, risk_id: str, now: datetime) -> AcceptedRisk:
    """End a decision; one that was withdrawn before stays so. NotFound when there is none."""
    mine = (_table.c.tenant_id == tenant) & (_table.c.risk_id == risk_id)
    tx.execute(update(_table).where(mine, _table.c.withdrawn_at.is_(None)).values(withdrawn_at=now))
    found = next((risk for risk in every(tx, tenant) if risk.risk_id == risk_id), None)
    if found is None:
        raise NotFound(f"Accepted risk {risk_id} was not found")
    return found


def end_expired(tx: Connection, tenant: TenantKey, now: datetime) -> bool:
    """Mark decisions whose time is over; True when there were any, so that answers have to be given anew."""
    over = (_table.c.tenant_id == tenant) & _table.c.withdrawn_at.is_(None) & (_table.c.expires_at <= now)
    return tx.execute(update(_table).where(over).values(withdrawn_at=_table.c.expires_at)).rowcount > 0
