"""Answer the reads of the API: run one operation in a thread, and put its rows into the envelope."""

from collections.abc import Callable, Sequence

import msgspec
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.core.errors import NotFound
from kbgap.operations import read_missing, read_software
from kbgap.server.answers import Page, answer_entity, answer_page
from kbgap.server.operation import Call
from kbgap.server.options import PAGE_SIZE, Options, read_options, refuse_options

_MISSING_KBS = "Collection(microsoft.windowsDefenderATP.api.PublicProductFixDto)"
_LONGEST_ID = 512


async def list_software(call: Call, principal: Principal) -> Response:
    """``/api/Software``."""
    database, tenant = call.service.database, principal.tenant_guid
    return await _answer_rows(call, "Software", lambda: read_software.list_software(database, tenant))


async def one_software(call: Call, principal: Principal) -> Response:
    """``/api/Software/{id}``."""
    refuse_options(call.request)
    database, tenant, software = call.service.database, principal.tenant_guid, _id(call, "Software")
    entity = await call.in_thread(lambda: read_software.one_software(database, tenant, software))
    return answer_entity(_context(call, "Software/$entity"), entity)


async def missing_for_software(call: Call, principal: Principal) -> Response:
    """``/api/Software/{id}/getmissingkbs``: the KBs that machines miss for one software."""
    database, tenant, software = call.service.database, principal.tenant_guid, _id(call, "Software")
    return await _answer_rows(call, _MISSING_KBS, lambda: read_missing.missing_for_software(database, tenant, software))


async def missing_for_machine(call: Call, principal: Principal) -> Response:
    """``/api/machines/{id}/getmissingkbs``: the KBs that one machine misses."""
    database, tenant, machine = call.service.database, principal.tenant_guid, _id(call, "Machine")
    return await _answer_rows(call, _MISSING_KBS, lambda: read_missing.missing_for_machine(database, tenant, machine))


async def _answer_rows(call: Call, fragment: str, read: Callable[[], Sequence[msgspec.Struct]]) -> Response:
    options = read_options(call.request)
    rows = await call.in_thread(read)
    return answer_page(_page(call, fragment, rows, options))


def _page(call: Call, fragment: str, rows: Sequence[msgspec.Struct], options: Options) -> Page:
    """The rows that are asked for; a link to the next page unless the caller pages by itself with ``$top``."""
    end = options.skip + (PAGE_SIZE if options.top is None else options.top)
    goes_on = options.top is None and len(rows) > end
    path = call.request.scope["raw_path"].decode("ascii", "replace")
    return Page(
        context=_context(call, fragment),
        count=len(rows) if options.count else None,
        value=rows[options.skip : end],
        next_link=f"{call.address}{path}?{options.next_query(end)}" if goes_on else None,
    )


def _context(call: Call, fragment: str) -> str:
    return f"{call.address}/api/$metadata#{fragment}"


def _id(call: Call, what: str) -> str:
    """The id in the path; one that no database could hold is the id of nothing."""
    given = call.ids["id"]
    if len(given) > _LONGEST_ID or not given.isprintable():
        raise NotFound(f"{what} {given[:100]!r} was not found")
    return given
