"""What the API answers about machines: which there are, and how to find them by tag or address."""

import ipaddress
from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import read_machines
from kbgap.server.asked import Asked
from kbgap.server.errors import BadAddress, BadInput, MissingParameter
from kbgap.server.moments import moment_of
from kbgap.server.results import OneEntity, Parameter, RowList
from kbgap.store.listing import Listed

_MODEL = defender_model()
_HOME = _MODEL.set("Machines")


def _list(its: Asked) -> Listed[Any]:
    return read_machines.list_machines(its.database, its.tenant, its.query, its.scopes)


def _one(its: Asked) -> Any:  # noqa: ANN401 - the rows' types are the store's
    return read_machines.get_machine(its.database, its.tenant, its.id, its.scopes)


def _software(its: Asked) -> Listed[Any]:
    return read_machines.machine_software(its.database, its.tenant, its.id, its.now, its.query, its.scopes)


def _vulnerabilities(its: Asked) -> Listed[Any]:
    return read_machines.machine_vulnerabilities(its.database, its.tenant, its.id, its.now, its.query, its.scopes)


def _recommendations(its: Asked) -> Listed[Any]:
    return read_machines.machine_recommendations(its.database, its.tenant, its.id, its.now, its.query, its.scopes)


def _by_tag(its: Asked) -> Listed[Any]:
    tag = its.query.parameter("tag")
    if tag is None:
        raise MissingParameter("The parameter 'tag' is required", mend="write findbytag?tag=berlin")
    starts_with = (its.query.parameter("usestartswithfilter") or "false").strip().lower()
    if starts_with not in {"true", "false"}:
        raise BadInput(f"'useStartsWithFilter' is {starts_with[:40]!r}, neither true nor false")
    return read_machines.machines_by_tag(
        its.database, its.tenant, tag, its.query, its.scopes, starts_with=starts_with == "true"
    )


def _by_ip(its: Asked) -> Listed[Any]:
    ip, moment = its.ids.get("ip", "").strip(), moment_of("timestamp", its.ids.get("timestamp"))
    if not ip:
        mend = "write findbyip(ip='192.0.2.7',timestamp=2020-03-20T08:00:00Z)"
        raise MissingParameter("The parameter 'ip' is required", mend=mend)
    try:
        ipaddress.ip_address(ip)
    except ValueError as error:
        raise BadAddress(f"{ip[:60]!r} is no IP address") from error
    return read_machines.machines_by_ip(its.database, its.tenant, ip, moment, its.now, its.query, its.scopes)


_LISTING = Listing(_HOME.type, _HOME.pages, place=(str,))
_TAGGED = Listing(_HOME.type, _HOME.pages, place=(str,), parameters=frozenset({"tag", "usestartswithfilter"}))

_WAYS = {"vulnerabilities": _vulnerabilities, "recommendations": _recommendations, "software": _software}

LIST = RowList(_LISTING, _list, _HOME, _WAYS)
ONE = OneEntity(_HOME.type, _one, _HOME, _WAYS)
SOFTWARE = RowList(Listing(_MODEL.type("Software")), _software, _MODEL.set("Software"))
VULNERABILITIES = RowList(Listing(_MODEL.type("PublicVulnerabilityDto")), _vulnerabilities)
RECOMMENDATIONS = RowList(Listing(_MODEL.type("Recommendation")), _recommendations, _MODEL.set("Recommendations"))
BY_TAG = RowList(_TAGGED, _by_tag, _HOME, _WAYS)
BY_IP = RowList(_LISTING, _by_ip, _HOME, _WAYS)
TAG_PARAMETERS = (
    Parameter("tag", "The tag of the machines.", {"type": "string", "minLength": 1}, is_required=True),
    Parameter("useStartsWithFilter", "Whether tags that only begin so count too.", {"type": "boolean"}),
)
