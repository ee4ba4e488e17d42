"""Tell over HTTP how the fleet stood at a moment of the past."""

from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.odata.options import Query
from kbgap.operations.read_fleet_then import FleetThen, read_fleet_then
from kbgap.server.answers import answer_json
from kbgap.server.moments import moment_of
from kbgap.server.operation import Call
from kbgap.server.results import Parameter
from kbgap.server.rows import asked, parameter_of

AS_OF = Parameter("asOf", "The moment.", {"type": "string", "format": "date-time"}, is_required=True)


async def answer_fleet(call: Call, principal: Principal) -> Response:
    """``/api/fleet``."""
    moment = moment_of(AS_OF.name, parameter_of(call.request, AS_OF.name))
    now, kept = call.service.clock(), call.service.settings.keep_machines

    def work() -> FleetThen:
        its = asked(call, principal, Query(), now)
        return read_fleet_then(its.database, its.tenant, moment, now, kept, its.scopes)

    return answer_json(await call.in_thread(work))
