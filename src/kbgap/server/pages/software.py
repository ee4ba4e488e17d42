"""The pages about software: which there is, and which KBs and versions one of it has."""

from collections.abc import Mapping
from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.ordering import Order
from kbgap.operations.read_missing import missing_for_software
from kbgap.operations.read_software import find_software, get_software, software_distributions
from kbgap.server.pages.paging import having, mentions, numbered, slice_by_number, text_of
from kbgap.server.pages.rendering import Visit
from kbgap.store.listing import choose

FIXES = defender_model().type("PublicProductFixDto")
_VERSIONS = "versions"
_MOST_EXPOSED = (Order("exposedMachines", is_descending=True),)


def software(visit: Visit) -> Mapping[str, Any]:
    """``/software``, the most exposed first."""
    its, text = visit.its, text_of(visit, "q")
    query = having(numbered(visit, order=_MOST_EXPOSED), mentions("id", text))
    listed = find_software(its.database, its.tenant, its.now, query, its.scopes)
    return {"list": slice_by_number(visit, listed), "q": text}


def one_software(visit: Visit) -> Mapping[str, Any]:
    """``/software/{id}``."""
    its = visit.its
    found = get_software(its.database, its.tenant, its.id, its.now, its.scopes)
    missing = choose(missing_for_software(its.database, its.tenant, its.id, its.scopes), numbered(visit), FIXES)
    versions = software_distributions(its.database, its.tenant, its.id, its.now, numbered(visit, _VERSIONS), its.scopes)
    return {
        "software": found,
        "missing": slice_by_number(visit, missing),
        "versions": slice_by_number(visit, versions, _VERSIONS),
    }
