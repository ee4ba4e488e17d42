"""What the export assessments answer: every machine's software, and every CVE on it, page by page or as files."""

from typing import Any

from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing
from kbgap.operations import export_assessments
from kbgap.server.asked import Asked
from kbgap.server.export_files import Export
from kbgap.server.moments import moment_of
from kbgap.server.results import Parameter, RowList
from kbgap.store.listing import Listed

_MODEL = defender_model()
_ON_MACHINES = "Collection(Machine)"


def _software(its: Asked) -> Listed[Any]:
    return export_assessments.software_inventory(its.database, its.tenant, its.now, its.query, its.scopes)


def _plain_software(its: Asked) -> Listed[Any]:
    return export_assessments.plain_inventory(its.database, its.tenant, its.now, its.query, its.scopes)


def _vulnerabilities(its: Asked) -> Listed[Any]:
    return export_assessments.software_vulnerabilities(its.database, its.tenant, its.now, its.query, its.scopes)


def _changes(its: Asked) -> Listed[Any]:
    return export_assessments.vulnerability_changes(
        its.database,
        its.tenant,
        moment_of("sinceTime", its.query.parameter("sincetime")),
        its.now,
        its.query,
        its.scopes,
    )


def _listing(operation: str, *parameters: str) -> Listing:
    declared = _MODEL.operation(operation, _ON_MACHINES)
    rows = _MODEL.type(declared.returns.short_name.removeprefix("Collection(").removesuffix(")"))
    return Listing(rows, declared.pages, place=(str, str), parameters=frozenset(parameters))


SOFTWARE = RowList(_listing("SoftwareInventoryByMachine"), _software)
PLAIN_SOFTWARE = RowList(_listing("SoftwareInventoryNoProductCodeByMachine"), _plain_software)
VULNERABILITIES = RowList(_listing("SoftwareVulnerabilitiesByMachine"), _vulnerabilities)
CHANGES = RowList(_listing("SoftwareVulnerabilityChangesByMachine", "sincetime"), _changes)
SINCE = Parameter(
    "sinceTime", "From when on; at most 14 days ago.", {"type": "string", "format": "date-time"}, is_required=True
)

# The service documents longer lives of links for software that is known by its name only.
SOFTWARE_FILE = Export("SoftwareInventory", export_assessments.software_inventory_file)
PLAIN_SOFTWARE_FILE = Export(
    "SoftwareInventoryNonCpe", export_assessments.plain_inventory_file, usual_hours=3, most_hours=24
)
VULNERABILITIES_FILE = Export("SoftwareVulnerabilities", export_assessments.software_vulnerabilities_file)
FILES = (SOFTWARE_FILE, PLAIN_SOFTWARE_FILE, VULNERABILITIES_FILE)
