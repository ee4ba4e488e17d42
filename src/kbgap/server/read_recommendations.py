"""What the API answers about recommendations: what to update, on which machines, and which CVEs that closes."""

from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import read_recommendations
from kbgap.server.asked import Asked
from kbgap.server.results import OneEntity, RowList
from kbgap.store.listing import Listed

_MODEL = defender_model()
_HOME = _MODEL.set("Recommendations")


def _list(its: Asked) -> Listed[Any]:
    return read_recommendations.list_recommendations(its.database, its.tenant, its.now, its.query, its.scopes)


def _one(its: Asked) -> Any:  # noqa: ANN401 - the rows' types are the store's
    return read_recommendations.get_recommendation(its.database, its.tenant, its.id, its.now, its.scopes)


def _software(its: Asked) -> Any:  # noqa: ANN401 - as above
    return read_recommendations.recommendation_software(its.database, its.tenant, its.id, its.now, its.scopes)


def _machines(its: Asked) -> Listed[Any]:
    return read_recommendations.recommendation_machines(
        its.database, its.tenant, its.id, its.now, its.query, its.scopes
    )


def _vulnerabilities(its: Asked) -> Listed[Any]:
    return read_recommendations.recommendation_vulnerabilities(
        its.database, its.tenant, its.id, its.now, its.query, its.scopes
    )


_WAYS = {"software": _software, "vulnerabilities": _vulnerabilities}

LIST = RowList(Listing(_HOME.type, _HOME.pages), _list, _HOME, _WAYS)
ONE = OneEntity(_HOME.type, _one, _HOME, _WAYS)
SOFTWARE = OneEntity(_MODEL.type("PublicProductDto"), _software)
MACHINES = RowList(Listing(_MODEL.type("PublicAssetDto"), place=(str,)), _machines)
VULNERABILITIES = RowList(Listing(_MODEL.type("PublicVulnerabilityDto")), _vulnerabilities)
