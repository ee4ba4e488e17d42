"""Every path of the server with the permission that opens it: the one table that routing and checks follow."""

from kbgap.server import discovery, figures, health, reference, token
from kbgap.server.contract_routes import CONTRACT
from kbgap.server.operation import Open, OpenHandler, Operation
from kbgap.server.own_routes import OURS
from kbgap.server.page_routes import PAGES
from kbgap.server.results import Raw


def _sign_in(method: str, path: str, handle: OpenHandler, about: str) -> Operation:
    return Operation(method, path, Open(handle), Raw(("application/json",)), about, refuse=token.refuse_sign_in)


# Also as GET with the form in its body, as one public client does.
_SIGN_IN = (
    _sign_in("POST", "/{tenant}/oauth2/token", token.answer_first, "A token, version 1."),
    _sign_in("GET", "/{tenant}/oauth2/token", token.answer_first, "A token, version 1, asked for with GET."),
    _sign_in("POST", "/{tenant}/oauth2/v2.0/token", token.answer_second, "A token, version 2."),
    _sign_in("GET", "/{tenant}/oauth2/v2.0/token", token.answer_second, "A token, version 2, asked for with GET."),
    _sign_in("GET", "/{tenant}/oauth2/v2.0/authorize", token.refuse_people, "Always refused: people cannot sign in."),
    _sign_in(
        "GET",
        "/{tenant}/v2.0/.well-known/openid-configuration",
        discovery.answer_configuration,
        "Where to ask for tokens.",
    ),
    _sign_in(
        "GET",
        "/{tenant}/.well-known/openid-configuration",
        discovery.answer_first_configuration,
        "Where to ask for tokens, version 1.",
    ),
    _sign_in("GET", "/{tenant}/discovery/v2.0/keys", discovery.answer_keys, "The keys that verify our tokens."),
    _sign_in("GET", "/{tenant}/discovery/keys", discovery.answer_keys, "The keys that verify our tokens, version 1."),
    _sign_in("GET", "/common/discovery/instance", discovery.answer_instance, "What MSAL asks after a refused sign-in."),
)
_SERVICE = (
    Operation("GET", "/healthz", Open(health.answer_alive), Raw(("application/json",)), "200 while the process lives."),
    Operation(
        "GET",
        "/readyz",
        Open(health.answer_ready),
        Raw(("application/json",)),
        "200 when the database answers and there is a catalogue, else 503.",
    ),
    Operation(
        "GET",
        "/openapi.json",
        Open(reference.openapi_handler(lambda: API)),
        Raw(("application/json",)),
        "This description of the API, as OpenAPI 3.1.",
        is_ours=True,
    ),
    Operation(
        "GET",
        "/docs",
        Open(reference.page_handler(lambda: API)),
        Raw(("text/html",)),
        "The description of the API, as a page for people.",
        is_ours=True,
    ),
    Operation("GET", "/metrics", Open(figures.answer_metrics), Raw(("text/plain",)), "Figures for Prometheus."),
)

# What programs use, and the descriptions tell; the pages for people come beside it.
API: tuple[Operation, ...] = (*CONTRACT, *OURS, *_SIGN_IN, *_SERVICE)
OPERATIONS: tuple[Operation, ...] = (*API, *PAGES)
