"""What the API answers about software: which there is, on which machines, and which KBs it lacks."""

from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import read_missing, read_software
from kbgap.server.asked import Asked
from kbgap.server.results import OneEntity, RowList
from kbgap.store.listing import Listed, choose

_MODEL = defender_model()
_HOME = _MODEL.set("Software")
_FIXES = _MODEL.type("PublicProductFixDto")


def _list(its: Asked) -> Listed[Any]:
    return choose(read_software.list_software(its.database, its.tenant), its.query, _HOME.type)


def _one(its: Asked) -> Any:  # noqa: ANN401 - the rows' types are the store's
    return read_software.one_software(its.database, its.tenant, its.id)


def _missing(its: Asked) -> Listed[Any]:
    rows = read_missing.missing_for_software(its.database, its.tenant, its.id)
    return choose(rows, its.query, _FIXES)


def _missing_on_machine(its: Asked) -> Listed[Any]:
    rows = read_missing.missing_for_machine(its.database, its.tenant, its.id)
    return choose(rows, its.query, _FIXES)


SOFTWARE = RowList(Listing(_HOME.type, _HOME.pages), _list, _HOME)
ONE_SOFTWARE = OneEntity(_HOME.type, _one, _HOME)
MISSING = RowList(Listing(_FIXES), _missing)
MISSING_ON_MACHINE = RowList(Listing(_FIXES), _missing_on_machine)
