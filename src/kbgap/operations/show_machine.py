"""Show what is known of one machine."""

from datetime import datetime

import msgspec

from kbgap.core.end_of_support import Support
from kbgap.operations.end_of_support import supported
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.store import machines
from kbgap.store.database import Database
from kbgap.store.machines import Description


class Shown(Description, frozen=True, kw_only=True, rename="camel"):
    """A machine for people, with how long Microsoft supports its Windows; its last day as an ISO day."""

    end_of_support_status: str | None
    end_of_support_date: str | None


def show_machine(database: Database, tenant: str, machine: str, now: datetime) -> Shown:
    """One machine by its id or DNS name, as of a moment; NotFound when there is none."""
    with looking(database, tenant, EVERYTHING, now) as look:
        found = machines.find(look.connection, look.tenant, machine).machine_id
        described = machines.describe(look.connection, look.tenant, found)
        support = _support(look, found)
    return Shown(
        **msgspec.structs.asdict(described),
        end_of_support_status=support.status,
        end_of_support_date=None if support.until is None else support.until.isoformat(),
    )


def _support(look: Look, machine: str) -> Support:
    windows = look.on_machines.windows(machine)
    return Support() if windows is None else supported(*windows, look.now.date())
