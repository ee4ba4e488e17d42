"""The paths of Defender's API, in the order of the contract: what each answers, and what opens it."""

from kbgap.server import (
    alerts,
    exports,
    machine_actions,
    metadata,
    read_machines,
    read_recommendations,
    read_scores,
    read_software,
    read_vulnerabilities,
)
from kbgap.server.entity_routes import (
    ANYTHING,
    MACHINE,
    MACHINE_WRITE,
    RECOMMENDATION,
    RECOMMENDED_SOFTWARE,
    SCORE,
    SOFTWARE,
    VULNERABILITY,
    one,
    rows,
)
from kbgap.server.export_files import files
from kbgap.server.operation import Operation
from kbgap.server.results import Raw

_SOFTWARE = (
    *rows("/api/Software", SOFTWARE, read_software.SOFTWARE, "The software that machines have.", is_remembered=True),
    one("/api/Software/{id}", SOFTWARE, read_software.ONE_SOFTWARE, "One software.", is_remembered=True),
    *rows(
        "/api/Software/{id}/distributions",
        SOFTWARE,
        read_software.DISTRIBUTIONS,
        "The versions of one software, each with its number of machines.",
        is_remembered=True,
    ),
    *rows(
        "/api/Software/{id}/machineReferences",
        SOFTWARE,
        read_software.MACHINES,
        "The machines that have one software.",
    ),
    *rows(
        "/api/Software/{id}/vulnerabilities",
        VULNERABILITY,
        read_software.VULNERABILITIES,
        "The CVEs that are open on machines in one software.",
        is_remembered=True,
    ),
    *rows(
        "/api/Software/{id}/getmissingkbs",
        SOFTWARE,
        read_software.MISSING,
        "The KBs that machines miss for one software, newest first.",
        is_remembered=True,
    ),
)
_MACHINES = (
    *rows("/api/machines", MACHINE, read_machines.LIST, "The machines, whether they count or not."),
    one("/api/machines/{id}", MACHINE, read_machines.ONE, "One machine, by its id or its DNS name."),
    *rows(
        "/api/machines/{id}/getmissingkbs",
        SOFTWARE,
        read_software.MISSING_ON_MACHINE,
        "The KBs that one machine misses, newest first.",
        is_remembered=True,
    ),
    *rows(
        "/api/machines/{id}/software",
        SOFTWARE,
        read_machines.SOFTWARE,
        "The software that one machine has.",
    ),
    *rows(
        "/api/machines/{id}/vulnerabilities",
        VULNERABILITY,
        read_machines.VULNERABILITIES,
        "The CVEs that are open on one machine.",
    ),
    *rows(
        "/api/machines/{id}/recommendations",
        RECOMMENDATION,
        read_machines.RECOMMENDATIONS,
        "What to update on one machine.",
    ),
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
    Operation(
        "POST",
        "/api/machines/{id}/tags",
        MACHINE_WRITE.guard(machine_actions.change_tag),
        read_machines.ONE,
        "Adds a tag to a machine, or takes it away.",
        body=machine_actions.TagChange,
    ),
)
_VULNERABILITIES = (
    *rows(
        "/api/vulnerabilities",
        VULNERABILITY,
        read_vulnerabilities.LIST,
        "The CVEs that the catalogue knows of software that machines can have.",
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
)
_RECOMMENDATIONS = (
    *rows("/api/recommendations", RECOMMENDATION, read_recommendations.LIST, "What to update.", is_remembered=True),
    one(
        "/api/recommendations/{id}",
        RECOMMENDATION,
        read_recommendations.ONE,
        "One recommendation.",
        is_remembered=True,
    ),
    one(
        "/api/recommendations/{id}/software",
        RECOMMENDED_SOFTWARE,
        read_recommendations.SOFTWARE,
        "The software that a recommendation is about: one object, not a list.",
        is_remembered=True,
    ),
    *rows(
        "/api/recommendations/{id}/machineReferences",
        RECOMMENDATION,
        read_recommendations.MACHINES,
        "The machines that a recommendation is for.",
    ),
    *rows(
        "/api/recommendations/{id}/vulnerabilities",
        VULNERABILITY,
        read_recommendations.VULNERABILITIES,
        "The CVEs that following a recommendation closes.",
        is_remembered=True,
    ),
)
_SCORES = (
    one("/api/exposureScore", SCORE, read_scores.EXPOSURE, "How exposed the fleet is, 0 to 100; lower is better."),
    *rows(
        "/api/exposureScore/ByMachineGroups",
        SCORE,
        read_scores.EXPOSURE_BY_GROUP,
        "How exposed each machine group is.",
    ),
    one("/api/configurationScore", SCORE, read_scores.CONFIGURATION, "How the fleet is configured."),
)
_EXPORTS = (
    *rows(
        "/api/machines/SoftwareInventoryByMachine",
        SOFTWARE,
        exports.SOFTWARE,
        "Each version of each software on each machine.",
    ),
    files("/api/machines/SoftwareInventoryExport", SOFTWARE, exports.SOFTWARE_FILE, "The same as a file."),
    *rows(
        "/api/machines/SoftwareInventoryNoProductCodeByMachine",
        SOFTWARE,
        exports.PLAIN_SOFTWARE,
        "Software on each machine that is known by its name only.",
    ),
    files("/api/machines/SoftwareInventoryNonCpeExport", SOFTWARE, exports.PLAIN_SOFTWARE_FILE, "The same as a file."),
    *rows(
        "/api/machines/SoftwareVulnerabilitiesByMachine",
        VULNERABILITY,
        exports.VULNERABILITIES,
        "Each CVE in each version of each software on each machine.",
    ),
    files(
        "/api/machines/SoftwareVulnerabilitiesExport",
        VULNERABILITY,
        exports.VULNERABILITIES_FILE,
        "The same as a file.",
    ),
    *rows(
        "/api/machines/SoftwareVulnerabilityChangesByMachine",
        VULNERABILITY,
        exports.CHANGES,
        "What became new or was fixed on each machine, over at most 14 days.",
        parameters=(exports.SINCE,),
    ),
)
_DESCRIPTIONS = (
    *rows("/api/alerts", ANYTHING, alerts.ALERTS, "Always an empty list, for connection tests."),
    *rows(
        "/api/machines/{id}/alerts",
        ANYTHING,
        alerts.OF_MACHINE,
        "Always an empty list of a machine that is there: a client of the machines asks for it.",
        is_ours=True,
    ),
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

CONTRACT: tuple[Operation, ...] = (
    *_SOFTWARE,
    *_MACHINES,
    *_VULNERABILITIES,
    *_RECOMMENDATIONS,
    *_SCORES,
    *_EXPORTS,
    *_DESCRIPTIONS,
)
