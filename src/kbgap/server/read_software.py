"""What the API answers about software: which there is, on which machines, and which KBs it lacks."""

from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import read_missing, read_software
from kbgap.server.asked import Asked
from kbgap.server.results import OneEntity, RowList
from kbgap.store.listing import Listed, choose

_MODEL = defender_model()
_FIXES = _MODEL.type("PublicProductFixDto")


def _list(its: Asked) -> Listed[Any]:
    return read_software.find_software(its.database, its.tenant, its.now, its.query, its.scopes)


def _one(its: Asked) -> Any:  # noqa: ANN401 - the rows' types are the store's
    return read_software.get_software(its.database, its.tenant, its.id, its.now, its.scopes)


def _distributions(its: Asked) -> Listed[Any]:
    return read_software.software_distributions(its.database, its.tenant, its.id, its.now, its.query, its.scopes)


def _machines(its: Asked) -> Listed[Any]:
    return read_software.software_machines(its.database, its.tenant, its.id, its.now, its.query, its.scopes)


def _vulnerabilities(its: Asked) -> Listed[Any]:
    return read_software.software_vulnerabilities(its.database, its.tenant, its.id, its.now, its.query, its.scopes)


def _missing(its: Asked) -> Listed[Any]:
    rows = read_missing.missing_for_software(its.database, its.tenant, its.id, its.scopes)
    return choose(rows, its.query, _FIXES)


def _missing_on_machine(its: Asked) -> Listed[Any]:
    rows = read_missing.missing_for_machine(its.database, its.tenant, its.id, its.scopes)
    return choose(rows, its.query, _FIXES)


_HOME = _MODEL.set("Software")
_WAYS = {"vulnerabilities": _vulnerabilities}

SOFTWARE = RowList(Listing(_HOME.type, _HOME.pages), _list, _HOME, _WAYS)
ONE_SOFTWARE = OneEntity(_HOME.type, _one, _HOME, _WAYS)
DISTRIBUTIONS = RowList(Listing(_MODEL.type("PublicDistributionDto")), _distributions)
MACHINES = RowList(Listing(_MODEL.type("PublicAssetDto"), place=(str,)), _machines)
VULNERABILITIES = RowList(Listing(_MODEL.type("PublicVulnerabilityDto")), _vulnerabilities)
MISSING = RowList(Listing(_FIXES), _missing)
MISSING_ON_MACHINE = RowList(Listing(_FIXES), _missing_on_machine)
