"""Make rows of the table of operations: what each answers, and the permission that opens it."""

from dataclasses import dataclass

from kbgap.auth.permissions import ApplicationPermission as Application
from kbgap.auth.permissions import DelegatedPermission as Delegated
from kbgap.server.operation import Guarded, GuardedHandler, Operation
from kbgap.server.results import OneEntity, Parameter, RowList
from kbgap.server.rows import count_rows, list_rows, one_entity


@dataclass(frozen=True, slots=True)
class Need:
    """The permissions that open an operation: any one of them is enough."""

    application: tuple[Application, ...]
    delegated: tuple[Delegated, ...] = ()

    def guard(self, handle: GuardedHandler) -> Guarded:
        """The operation's access."""
        return Guarded(self.application, self.delegated, handle)


SOFTWARE = Need((Application.SOFTWARE_READ_ALL,), (Delegated.SOFTWARE_READ,))
VULNERABILITY = Need((Application.VULNERABILITY_READ_ALL,), (Delegated.VULNERABILITY_READ,))
RECOMMENDATION = Need((Application.SECURITY_RECOMMENDATION_READ_ALL,), (Delegated.SECURITY_RECOMMENDATION_READ,))
# The service documents this pair for the software of a recommendation.
RECOMMENDED_SOFTWARE = Need((Application.SOFTWARE_READ_ALL,), (Delegated.SECURITY_RECOMMENDATION_READ,))
SCORE = Need((Application.SCORE_READ_ALL,), (Delegated.SCORE_READ,))
MACHINE = Need(
    (Application.MACHINE_READ_ALL, Application.MACHINE_READ_WRITE_ALL),
    (Delegated.MACHINE_READ, Delegated.MACHINE_READ_WRITE),
)
MACHINE_WRITE = Need((Application.MACHINE_READ_WRITE_ALL,), (Delegated.MACHINE_READ_WRITE,))
# Descriptions and connection tests: whoever may do anything here may read them.
ANYTHING = Need(tuple(Application), tuple(Delegated))
INVENTORY = Need((Application.INVENTORY_WRITE_ALL,))


def rows(
    path: str,
    need: Need,
    result: RowList,
    about: str,
    *,
    parameters: tuple[Parameter, ...] = (),
    is_remembered: bool = False,
    is_ours: bool = False,
) -> tuple[Operation, Operation]:
    """A list, and behind ``/$count`` the number of its rows."""
    counted = result.counted
    return (
        Operation(
            "GET", path, need.guard(list_rows(result)), result, about, parameters,
            is_remembered=is_remembered, is_ours=is_ours,
        ),
        Operation(
            "GET", f"{path}/$count", need.guard(count_rows(counted)), counted, f"How many rows {path} has.", parameters,
            is_remembered=is_remembered, is_ours=is_ours,
        ),
    )  # fmt: skip


def one(
    path: str, need: Need, result: OneEntity, about: str, *, is_remembered: bool = False, is_ours: bool = False
) -> Operation:
    """One entity or value."""
    access = need.guard(one_entity(result))
    return Operation("GET", path, access, result, about, is_remembered=is_remembered, is_ours=is_ours)
