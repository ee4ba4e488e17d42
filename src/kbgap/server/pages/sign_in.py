"""Sign people in with the id and the secret of a client, and sign them out again."""

from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from kbgap.operations.sign_in import Asked, SignInFault, SignInRefused, sign_in
from kbgap.server.bodies import read_body
from kbgap.server.errors import BadBody
from kbgap.server.operation import Call
from kbgap.server.pages.rendering import Form, answer_sign_in
from kbgap.server.pages.session import begin_session, check_from_our_page, end_session, way_back

_LARGEST_FORM = 16 * 1024  # bytes
_MOST_FIELDS = 20
_VERSION = 2  # of the tokens
_SEE_OTHER = 303


async def show_form(call: Call) -> Response:  # noqa: ARG001 - it is the same for everybody
    """``GET /signin``."""
    return answer_sign_in(Form())


async def take_form(call: Call) -> Response:
    """``POST /signin``: checked as the token endpoint checks, and noted in the audit log as there."""
    check_from_our_page(call)
    form = await _form(call)
    back = way_back(call, form.get("back"))
    service, now = call.service, call.service.clock()
    authority, lifetime = service.gate.authority, service.settings.token_lifetime
    asked = Asked(
        tenant=form.get("tenant", "").strip() or service.settings.tenant,
        client_id=form.get("client_id", "").strip(),
        client_secret=form.get("client_secret", "").strip(),
        resource=authority.audiences.canonical,
        addresses=(),
        version=_VERSION,
    )
    ring = await service.gate.ring(now)
    try:
        signed_in = await call.in_thread(lambda: sign_in(service.database, ring, authority, asked, now, lifetime))
    except SignInRefused as refused:
        if refused.attempt is not None:
            service.trail.note(refused.attempt, now)
        return answer_sign_in(Form(_told(refused.fault), asked.client_id, form.get("tenant", ""), back), status=401)
    service.trail.note(signed_in.attempt, now)
    response = RedirectResponse(back, status_code=_SEE_OTHER)
    begin_session(call, response, signed_in.token)
    return response


async def sign_out(call: Call) -> Response:
    """``POST /signout``."""
    check_from_our_page(call)
    response = RedirectResponse("/signin", status_code=_SEE_OTHER)
    end_session(call, response)
    return response


async def _form(call: Call) -> dict[str, str]:
    body = await read_body(call.request, _LARGEST_FORM)
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise BadBody(f"The form has more than {_MOST_FIELDS} fields", mend="send it from the page") from error


def _told(fault: SignInFault) -> str:
    """What went wrong and how to mend it, without telling a stranger which clients there are."""
    if fault is SignInFault.EXPIRED_SECRET:
        return "This secret has ended; give the client a new one with: kbgap client rotate"
    return "No client of the tenant has this id and this secret; kbgap client list shows the ids, and who makes clients"
