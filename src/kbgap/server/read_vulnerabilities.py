"""What the API answers about CVEs: which are open on the fleet, on which machines, and which KB closes them."""

from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import read_vulnerabilities
from kbgap.server.asked import Asked
from kbgap.server.results import OneEntity, RowList
from kbgap.store.listing import Listed

_MODEL = defender_model()
_HOME = _MODEL.set("Vulnerabilities")


def _list(its: Asked) -> Listed[Any]:
    return read_vulnerabilities.list_vulnerabilities(its.database, its.tenant, its.now, its.query, its.scopes)


def _one(its: Asked) -> Any:  # noqa: ANN401 - the rows' types are the store's
    return read_vulnerabilities.get_vulnerability(its.database, its.tenant, its.id, its.now, its.scopes)


def _machines(its: Asked) -> Listed[Any]:
    return read_vulnerabilities.vulnerability_machines(its.database, its.tenant, its.id, its.now, its.query, its.scopes)


def _on_machines(its: Asked) -> Listed[Any]:
    return read_vulnerabilities.machines_vulnerabilities(its.database, its.tenant, its.now, its.query, its.scopes)


LIST = RowList(Listing(_HOME.type, _HOME.pages), _list, _HOME)
ONE = OneEntity(_HOME.type, _one, _HOME)
MACHINES = RowList(Listing(_MODEL.type("PublicAssetDto"), place=(str,)), _machines)
ON_MACHINES = RowList(Listing(_MODEL.type("PublicAssetVulnerabilityDto"), place=(str, str)), _on_machines)
