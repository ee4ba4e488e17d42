"""Every path of the server with the permission that opens it: the one table that routing and checks follow."""

from kbgap.auth.permissions import ApplicationPermission as Application
from kbgap.auth.permissions import DelegatedPermission as Delegated
from kbgap.server import discovery, figures, health, inventory, read, token
from kbgap.server.inventory import BatchAnswer
from kbgap.server.operation import Guarded, GuardedHandler, Open, OpenHandler, Operation
from kbgap.store.views import MissingKb, Software


def _software(handle: GuardedHandler) -> Guarded:
    return Guarded((Application.SOFTWARE_READ_ALL,), (Delegated.SOFTWARE_READ,), handle)


def _sign_in(method: str, path: str, handle: OpenHandler) -> Operation:
    return Operation(method, path, Open(handle), refuse=token.refuse_sign_in)


OPERATIONS: tuple[Operation, ...] = (
    # the API of the contract
    Operation("GET", "/api/Software", _software(read.list_software), Software, is_remembered=True),
    Operation("GET", "/api/Software/{id}", _software(read.one_software), Software, is_remembered=True),
    Operation(
        "GET", "/api/Software/{id}/getmissingkbs", _software(read.missing_for_software), MissingKb, is_remembered=True
    ),
    Operation(
        "GET", "/api/machines/{id}/getmissingkbs", _software(read.missing_for_machine), MissingKb, is_remembered=True
    ),
    # our own
    Operation(
        "POST",
        "/inventory/reports",
        Guarded((Application.INVENTORY_WRITE_ALL,), (), inventory.take_reports),
        BatchAnswer,
    ),
    # signing in: also as GET with the form in its body, as one public client does
    _sign_in("POST", "/{tenant}/oauth2/token", token.answer_first),
    _sign_in("GET", "/{tenant}/oauth2/token", token.answer_first),
    _sign_in("POST", "/{tenant}/oauth2/v2.0/token", token.answer_second),
    _sign_in("GET", "/{tenant}/oauth2/v2.0/token", token.answer_second),
    _sign_in("GET", "/{tenant}/oauth2/v2.0/authorize", token.refuse_people),
    _sign_in("GET", "/{tenant}/v2.0/.well-known/openid-configuration", discovery.answer_configuration),
    _sign_in("GET", "/{tenant}/discovery/v2.0/keys", discovery.answer_keys),
    _sign_in("GET", "/common/discovery/instance", discovery.answer_instance),
    # for load balancers and service managers
    Operation("GET", "/healthz", Open(health.answer_alive)),
    Operation("GET", "/readyz", Open(health.answer_ready)),
    Operation("GET", "/metrics", Open(figures.answer_metrics)),
)
