"""The paths of Defender's API, in the order of the contract: what each answers, and what opens it."""

from kbgap.server import alerts, metadata, read_machines, read_software, read_vulnerabilities
from kbgap.server.entity_routes import ANYTHING, MACHINE, SOFTWARE, VULNERABILITY, one, rows
from kbgap.server.operation import Operation
from kbgap.server.results import Raw

CONTRACT: tuple[Operation, ...] = (
    *rows("/api/Software", SOFTWARE, read_software.SOFTWARE, "The software that machines have.", is_remembered=True),
    one("/api/Software/{id}", SOFTWARE, read_software.ONE_SOFTWARE, "One software.", is_remembered=True),
    *rows(
        "/api/Software/{id}/getmissingkbs",
        SOFTWARE,
        read_software.MISSING,
        "The KBs that machines miss for one software, newest first.",
        is_remembered=True,
    ),
    *rows("/api/machines", MACHINE, read_machines.LIST, "The machines, whether they count or not."),
    one("/api/machines/{id}", MACHINE, read_machines.ONE, "One machine, by its id or its DNS name."),
    *rows(
        "/api/machines/findbytag",
        MACHINE,
        read_machines.BY_TAG,
        "The machines that have a tag.",
        parameters=read_machines.TAG_PARAMETERS,
    ),
    *rows(
        "/api/machines/findbyip(ip,timestamp)",
        MACHINE,
        read_machines.BY_IP,
        "The machines that had an address within a quarter of an hour of a moment.",
    ),
    *rows(
        "/api/machines/{id}/getmissingkbs",
        SOFTWARE,
        read_software.MISSING_ON_MACHINE,
        "The KBs that one machine misses, newest first.",
        is_remembered=True,
    ),
    *rows(
        "/api/vulnerabilities",
        VULNERABILITY,
        read_vulnerabilities.LIST,
        "The CVEs that the catalogue knows of the fleet's software.",
        is_remembered=True,
    ),
    one("/api/vulnerabilities/{id}", VULNERABILITY, read_vulnerabilities.ONE, "One CVE.", is_remembered=True),
    *rows(
        "/api/vulnerabilities/{id}/machineReferences",
        VULNERABILITY,
        read_vulnerabilities.MACHINES,
        "The machines on which a CVE is open.",
    ),
    *rows(
        "/api/vulnerabilities/machinesVulnerabilities",
        VULNERABILITY,
        read_vulnerabilities.ON_MACHINES,
        "Each CVE on each machine, with the KB that closes it.",
    ),
    *rows("/api/alerts", ANYTHING, alerts.ALERTS, "Always an empty list, for connection tests."),
    Operation(
        "GET",
        "/api",
        ANYTHING.guard(metadata.answer_service),
        Raw((metadata.JSON,)),
        "The service document: the lists that can be read.",
    ),
    Operation(
        "GET",
        "/api/$metadata",
        ANYTHING.guard(metadata.answer_metadata),
        Raw((metadata.XML, metadata.JSON)),
        "The description of all types, as OData CSDL.",
    ),
)
