"""The contract's table of routes (its section 0), written down apart from the code that it is compared with."""

from typing import NamedTuple


class Row(NamedTuple):
    """A route: what it answers, which permissions open it, and the fragment of its context."""

    path: str
    shape: str  # list, one
    application: str
    delegated: str
    fragment: str


API = "microsoft.windowsDefenderATP.api."
MACHINE = "Machine.Read.All Machine.ReadWrite.All"
MACHINE_OF = "Machine.Read Machine.ReadWrite"
SOFTWARE, SOFTWARE_OF = "Software.Read.All", "Software.Read"
VULNERABILITY, VULNERABILITY_OF = "Vulnerability.Read.All", "Vulnerability.Read"
RECOMMENDATION, RECOMMENDATION_OF = "SecurityRecommendation.Read.All", "SecurityRecommendation.Read"
SCORE, SCORE_OF = "Score.Read.All", "Score.Read"
FIXES = f"Collection({API}PublicProductFixDto)"
ASSETS = f"Collection({API}PublicAssetDto)"
FLAWS = f"Collection({API}PublicVulnerabilityDto)"
FILES = f"{API}ExportFilesResponse"

CONTRACT = (
    Row("/api/Software", "list", SOFTWARE, SOFTWARE_OF, "Software"),
    Row("/api/Software/{id}", "one", SOFTWARE, SOFTWARE_OF, "Software/$entity"),
    Row("/api/Software/{id}/distributions", "list", SOFTWARE, SOFTWARE_OF, f"Collection({API}PublicDistributionDto)"),
    Row("/api/Software/{id}/machineReferences", "list", SOFTWARE, SOFTWARE_OF, ASSETS),
    Row("/api/Software/{id}/vulnerabilities", "list", VULNERABILITY, VULNERABILITY_OF, FLAWS),
    Row("/api/Software/{id}/getmissingkbs", "list", SOFTWARE, SOFTWARE_OF, FIXES),
    Row("/api/machines", "list", MACHINE, MACHINE_OF, "Machines"),
    Row("/api/machines/{id}", "one", MACHINE, MACHINE_OF, "Machines/$entity"),
    Row("/api/machines/{id}/getmissingkbs", "list", SOFTWARE, SOFTWARE_OF, FIXES),
    Row("/api/machines/{id}/software", "list", SOFTWARE, SOFTWARE_OF, "Software"),
    Row("/api/machines/{id}/vulnerabilities", "list", VULNERABILITY, VULNERABILITY_OF, FLAWS),
    Row("/api/machines/{id}/recommendations", "list", RECOMMENDATION, RECOMMENDATION_OF, "Recommendations"),
    Row("/api/machines/findbytag", "list", MACHINE, MACHINE_OF, "Machines"),
    Row("/api/machines/findbyip(ip,timestamp)", "list", MACHINE, MACHINE_OF, "Machines"),
    Row("/api/vulnerabilities", "list", VULNERABILITY, VULNERABILITY_OF, "Vulnerabilities"),
    Row("/api/vulnerabilities/{id}", "one", VULNERABILITY, VULNERABILITY_OF, "Vulnerabilities/$entity"),
    Row("/api/vulnerabilities/{id}/machineReferences", "list", VULNERABILITY, VULNERABILITY_OF, ASSETS),
    Row(
        "/api/vulnerabilities/machinesVulnerabilities",
        "list",
        VULNERABILITY,
        VULNERABILITY_OF,
        f"Collection({API}PublicAssetVulnerabilityDto)",
    ),
    Row("/api/recommendations", "list", RECOMMENDATION, RECOMMENDATION_OF, "Recommendations"),
    Row("/api/recommendations/{id}", "one", RECOMMENDATION, RECOMMENDATION_OF, "Recommendations/$entity"),
    Row("/api/recommendations/{id}/software", "one", SOFTWARE, RECOMMENDATION_OF, f"{API}PublicProductDto"),
    Row("/api/recommendations/{id}/machineReferences", "list", RECOMMENDATION, RECOMMENDATION_OF, ASSETS),
    Row("/api/recommendations/{id}/vulnerabilities", "list", VULNERABILITY, VULNERABILITY_OF, FLAWS),
    Row("/api/exposureScore", "one", SCORE, SCORE_OF, "ExposureScore/$entity"),
    Row("/api/exposureScore/ByMachineGroups", "list", SCORE, SCORE_OF, "ExposureScore"),
    Row("/api/configurationScore", "one", SCORE, SCORE_OF, "ConfigurationScore/$entity"),
    Row("/api/machines/SoftwareInventoryByMachine", "list", SOFTWARE, SOFTWARE_OF, f"Collection({API}AssetSoftware)"),
    Row("/api/machines/SoftwareInventoryExport", "one", SOFTWARE, SOFTWARE_OF, FILES),
    Row(
        "/api/machines/SoftwareInventoryNoProductCodeByMachine",
        "list",
        SOFTWARE,
        SOFTWARE_OF,
        f"Collection({API}AssetNonCpeSoftware)",
    ),
    Row("/api/machines/SoftwareInventoryNonCpeExport", "one", SOFTWARE, SOFTWARE_OF, FILES),
    Row(
        "/api/machines/SoftwareVulnerabilitiesByMachine",
        "list",
        VULNERABILITY,
        VULNERABILITY_OF,
        f"Collection({API}AssetVulnerability)",
    ),
    Row("/api/machines/SoftwareVulnerabilitiesExport", "one", VULNERABILITY, VULNERABILITY_OF, FILES),
    Row(
        "/api/machines/SoftwareVulnerabilityChangesByMachine",
        "list",
        VULNERABILITY,
        VULNERABILITY_OF,
        f"Collection({API}DeltaAssetVulnerability)",
    ),
)
