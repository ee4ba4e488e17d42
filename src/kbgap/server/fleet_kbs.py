"""What the API answers about missing KBs of the whole fleet: kbgap's own, since Defender has no such lists."""

from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import read_fleet_kbs
from kbgap.server.asked import Asked
from kbgap.server.moments import moment_of
from kbgap.server.results import OneEntity, Parameter, RowList
from kbgap.store.listing import Listed

_MODEL = defender_model()
_OF = _MODEL.type("FleetMissingKb")


def _list(its: Asked) -> Listed[Any]:
    return read_fleet_kbs.fleet_kbs(its.database, its.tenant, its.now, its.query, its.scopes)


def _one(its: Asked) -> Any:  # noqa: ANN401 - the rows' types are the store's
    return read_fleet_kbs.get_fleet_kb(its.database, its.tenant, its.part("kb"), its.now, its.scopes)


def _machines(its: Asked) -> Listed[Any]:
    return read_fleet_kbs.kb_machines(its.database, its.tenant, its.part("kb"), its.now, its.query, its.scopes)


def _changes(its: Asked) -> Listed[Any]:
    since = moment_of("sinceTime", its.query.parameter("sincetime"))
    return read_fleet_kbs.gap_changes(its.database, its.tenant, since, its.now, its.query, its.scopes)


LIST = RowList(Listing(_OF), _list)
ONE = OneEntity(_OF, _one)
MACHINES = RowList(Listing(_MODEL.type("PublicAssetDto"), place=(str,)), _machines)
CHANGES = RowList(Listing(_MODEL.type("GapChange"), place=(str, str), parameters=frozenset({"sincetime"})), _changes)
SINCE = Parameter("sinceTime", "From when on.", {"type": "string", "format": "date-time"}, is_required=True)
