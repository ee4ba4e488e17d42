"""What the API answers about scores: how exposed the fleet is, by machine group too, and how it is configured."""

from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import read_scores
from kbgap.server.asked import Asked
from kbgap.server.results import OneEntity, RowList
from kbgap.store.listing import Listed

_MODEL = defender_model()
_EXPOSURE = _MODEL.set("ExposureScore")
_CONFIGURATION = _MODEL.set("ConfigurationScore")


def _exposure(its: Asked) -> Any:  # noqa: ANN401 - the rows' types are the store's
    return read_scores.exposure_score(its.database, its.tenant, its.now, its.scopes)


def _exposure_by_group(its: Asked) -> Listed[Any]:
    return read_scores.exposure_by_group(its.database, its.tenant, its.now, its.query, its.scopes)


def _configuration(its: Asked) -> Any:  # noqa: ANN401 - as above
    return read_scores.configuration_score(its.database, its.tenant, its.now, its.scopes)


EXPOSURE = OneEntity(_EXPOSURE.type, _exposure, _EXPOSURE)
EXPOSURE_BY_GROUP = RowList(Listing(_EXPOSURE.type), _exposure_by_group, _EXPOSURE)
CONFIGURATION = OneEntity(_CONFIGURATION.type, _configuration, _CONFIGURATION)
