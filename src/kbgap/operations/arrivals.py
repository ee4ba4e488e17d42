"""Decide of each report of a batch whether it says anything new; a repetition only tells that the machine lives."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from kbgap.core.errors import Invalid
from kbgap.core.model import Value
from kbgap.operations.telling import Told
from kbgap.store.machines import Heard


class Status(StrEnum):
    """What became of one report."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Answer(Value, frozen=True):
    """What became of one report; ``machine_id`` is empty when it was rejected, ``reason`` when nothing needs saying."""

    status: Status
    machine_id: str = ""
    reason: str = ""


class Arrivals(Value, frozen=True):
    """A batch sorted out: its answers in order, what was heard of each machine, and the report that counts of each.

    ``changed`` holds the last new report of a machine; ``returned`` the machines that were silent and repeated what
    they had said; both are in ``heard``.
    """

    answers: tuple[Answer, ...]
    heard: dict[str, Heard]
    changed: dict[str, Told]
    returned: frozenset[str]


def sort_out(batch: Sequence[Told | Invalid], before: Mapping[str, Heard], now: datetime) -> Arrivals:
    """Take the reports one after another, as if each had come alone; ``before`` is what earlier batches said.

    A time after ``now`` was written by a clock that has been set back since, and makes no report an older one.
    """
    answers: list[Answer] = []
    heard: dict[str, Heard] = {}
    changed: dict[str, Told] = {}
    for told in batch:
        if isinstance(told, Invalid):
            answers.append(Answer(status=Status.REJECTED, reason=str(told)))
            continue
        last = heard.get(told.machine_id) or before.get(told.machine_id)
        if last is not None and told.reported_at < last.reported_at <= now:
            reason = f"older than the report of {last.reported_at:%Y-%m-%dT%H:%M:%SZ}, which is kept"
            answers.append(Answer(status=Status.UNCHANGED, machine_id=told.machine_id, reason=reason))
            continue
        is_repeated = last is not None and told.report == last.report
        if not is_repeated:
            changed[told.machine_id] = told
        heard[told.machine_id] = Heard(last_seen=now, reported_at=told.reported_at, report=told.report)
        status = Status.UNCHANGED if is_repeated else Status.ACCEPTED
        answers.append(Answer(status=status, machine_id=told.machine_id))
    silent = {name for name in heard if name not in changed and name in before and before[name].is_silent}
    return Arrivals(answers=tuple(answers), heard=heard, changed=changed, returned=frozenset(silent))
