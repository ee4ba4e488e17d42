"""Answer the reads of the API: read the options, run one operation in a thread, and put its rows into the envelope."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.odata.entity import StructuredType
from kbgap.odata.errors import fault
from kbgap.odata.model import defender_model
from kbgap.odata.options import FOR_ENTITIES, Listing, Query, read_query
from kbgap.odata.paging import next_by_skip, next_by_token
from kbgap.odata.payload import Page, entity
from kbgap.operations.read_machines import group_scopes
from kbgap.server.answers import as_ascii_json, odata_answer, text_answer
from kbgap.server.asked import Asked
from kbgap.server.errors import BadOption
from kbgap.server.operation import Call, GuardedHandler
from kbgap.server.results import OneEntity, RowCount, RowList, Ways
from kbgap.store.counts import WHOLE_TENANT
from kbgap.store.listing import Listed

MOST_EXPANDED = 20  # rows of one page that bring others along
_LONGEST_QUERY = 32_768  # a filter of the longest kind, percent-encoded
_MOST_PARAMETERS = 100


def list_rows(result: RowList) -> GuardedHandler:
    """The handler of a list."""

    async def handle(call: Call, principal: Principal) -> Response:
        query = _bounded(read_query(parameters_of(call.request), result.listing), result.ways)
        address, now = call.address, call.service.clock()
        path = f"{address}{call.raw_path}"

        def read() -> bytes:
            its = asked(call, principal, query, now)
            return as_ascii_json(_page(result, its, f"{address}/api", path))

        return odata_answer(await call.in_thread(read))

    return handle


def count_rows(result: RowCount) -> GuardedHandler:
    """The handler of a list's number of rows."""

    async def handle(call: Call, principal: Principal) -> Response:
        query = read_query(parameters_of(call.request), result.listing)
        query, now = replace(query, limit=0, is_counted=True), call.service.clock()
        listed = await call.in_thread(lambda: result.read(asked(call, principal, query, now)))
        return text_answer(str(listed.count))

    return handle


def one_entity(result: OneEntity) -> GuardedHandler:
    """The handler of one entity or value."""
    listing = Listing(result.of, options=FOR_ENTITIES)

    async def handle(call: Call, principal: Principal) -> Response:
        query = read_query(parameters_of(call.request), listing)
        _check_ways(query, result.ways)
        address, now = call.address, call.service.clock()

        def read() -> bytes:
            its = asked(call, principal, query, now)
            return as_ascii_json(as_entity(result, result.read(its), its, f"{address}/api"))

        return odata_answer(await call.in_thread(read))

    return handle


def asked(call: Call, principal: Principal, query: Query, now: datetime) -> Asked:
    """What a request asks for; to be called in a thread, since the caller's machine groups are looked up.

    An application sees its tenant. A person whose token names machine groups sees those only.
    """
    service = call.service
    scopes: Collection[int] = (WHOLE_TENANT,)
    if principal.machine_groups is not None:
        scopes = group_scopes(service.database, principal.tenant_guid, sorted(principal.machine_groups))
    return Asked(
        database=service.database,
        tenant=principal.tenant_guid,
        scopes=scopes,
        now=now,
        query=query,
        ids=call.ids,
        provider=service.catalogue,
    )


def as_entity(result: OneEntity, found: msgspec.Struct, its: Asked, root: str) -> Mapping[str, object]:
    """An entity with its context, and with the members that were asked for."""
    members = _public(found, result.of, its.query)
    return entity(result.context(root, its.query.select), {**members, **_brought(result, found, its, root)})


def parameters_of(request: Request) -> list[tuple[str, str]]:
    """The decoded parameters of a request, within bounds."""
    query = request.url.query
    if len(query) > _LONGEST_QUERY:
        raise BadOption(f"The query is longer than {_LONGEST_QUERY} characters", mend="ask for less at once")
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise BadOption(f"The query has more than {_MOST_PARAMETERS} parameters") from error


def parameter_of(request: Request, name: str) -> str | None:
    """One of a path's own parameters, its name in any letter case; None when it is not given."""
    return next((value.strip() for key, value in parameters_of(request) if key.lower() == name.lower()), None)


def _bounded(query: Query, ways: Ways) -> Query:
    """Rows that bring others along come in small pages: each of them is a list of its own."""
    if not query.expand:
        return query
    _check_ways(query, ways)
    if query.top is not None and query.top > MOST_EXPANDED:
        raise fault("$top", f"{query.top} is more than {MOST_EXPANDED}, the most with $expand", mend="ask for less")
    return replace(query, limit=min(query.limit, MOST_EXPANDED))


def _check_ways(query: Query, ways: Ways) -> None:
    for name in query.expand:
        if name not in ways:
            raise fault("$expand", f"{name!r} cannot be brought along here", mend="ask for it by its own path")


def _page(result: RowList, its: Asked, root: str, path: str) -> Page:
    query = its.query
    listed = result.read(its)
    rows: Iterable[Any] = listed.rows
    if query.select or query.expand:
        of = result.listing.rows
        rows = [{**_public(row, of, query), **_brought(result, row, its, root)} for row in rows]
    return Page(
        context=result.context(root, query.select),
        count=listed.count,
        value=list(rows),
        next_link=_next_link(listed, query, path),
    )


def _next_link(listed: Listed[Any], query: Query, path: str) -> str | None:
    if not listed.goes_on:
        return None
    return next_by_skip(path, query) if listed.place is None else next_by_token(path, query, listed.place)


def _public(row: msgspec.Struct, of: StructuredType, query: Query) -> dict[str, object]:
    """The members of a row by their public names, in their declared order."""
    members: Mapping[str, object] = msgspec.to_builtins(row, builtin_types=())
    return {name: members[name] for name in (query.select or [member.name for member in of.properties])}


def _brought(result: RowList | OneEntity, row: msgspec.Struct, its: Asked, root: str) -> dict[str, object]:
    """What ``$expand`` brings along; a list that goes on says where."""
    brought: dict[str, object] = {}
    for name in its.query.expand:
        row_id = str(getattr(row, "id"))  # noqa: B009 - every entity has one, and no type says so
        found = result.ways[name](replace(its, query=Query(), ids={"id": row_id}))
        if not isinstance(found, Listed):
            brought[name] = _public(found, _target(result, name), Query())
            continue
        brought[name] = found.rows
        if found.goes_on and result.home is not None:
            key = quote(row_id.replace("'", "''"), safe="'")
            link = f"{root}/{result.home.name}('{key}')/{name}?$skip={Query().limit}"
            brought[f"{name}@odata.nextLink"] = link
    return brought


def _target(result: RowList | OneEntity, way: str) -> StructuredType:
    of = result.listing.rows if isinstance(result, RowList) else result.of
    return defender_model().type(next(each.target for each in of.navigation if each.name == way))
