"""The ``kbgap risk`` commands: what somebody accepted, for whom, until when and why."""

import argparse
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from kbgap.cli.context import actor, now, settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.cli.output import print_rows
from kbgap.operations import accept_risk
from kbgap.operations.accept_risk import AcceptedRisk, NewRisk

_COLUMNS = ("id", "subject", "group", "expiresOn", "reason", "acceptedBy", "acceptedOn", "withdrawnOn", "isActive")


def accept(options: argparse.Namespace) -> int:
    """Accept a risk until the end of a day in UTC; it stays in every list, and is shown as accepted."""
    settings, moment = settings_of(options), now()
    risk = NewRisk(
        subject=options.subject, expires_on=_end_of(options.until), reason=options.reason, group=options.group
    )
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        added = accept_risk.accept_risk(database, tenant, risk, actor(), moment)
    _print([added], options)
    return 0


def list_(options: argparse.Namespace) -> int:
    """All decisions, also those that have passed, unless only active ones are asked for."""
    settings, moment = settings_of(options), now()
    with fleet(settings) as database:
        found = accept_risk.list_accepted_risks(database, tenant_of(database, settings), moment)
    _print([risk for risk in found if risk.is_active or not options.active], options)
    return 0


def withdraw(options: argparse.Namespace) -> int:
    """End a decision now."""
    settings, moment = settings_of(options), now()
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        ended = accept_risk.withdraw_risk(database, tenant, options.risk, actor(), moment)
    print(f"the risk of {ended.subject} is no longer accepted")
    return 0


def _end_of(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=1)


def _print(risks: Sequence[AcceptedRisk], options: argparse.Namespace) -> None:
    print_rows([msgspec.to_builtins(risk) for risk in risks], _COLUMNS, options.format)
