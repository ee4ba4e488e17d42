"""The paths that are kbgap's own: what Defender has no list for, and what machines report to."""

from kbgap.operations.accept_risk import AcceptedRisk, NewRisk
from kbgap.operations.read_fleet_then import FleetThen
from kbgap.operations.what_if import WhatIf
from kbgap.server import (
    accepted_risks,
    explained,
    exports,
    fleet_kbs,
    fleet_then,
    install_sets,
    inventory,
    machine_actions,
)
from kbgap.server.entity_routes import (
    INVENTORY,
    MACHINE_WRITE,
    RECOMMENDATION,
    SOFTWARE,
    VULNERABILITY,
    one,
    rows,
)
from kbgap.server.export_files import download
from kbgap.server.inventory import BatchAnswer
from kbgap.server.operation import Operation
from kbgap.server.read_machines import ONE as ONE_MACHINE
from kbgap.server.results import Plain

_FLEET = (
    *rows("/api/missingkbs", SOFTWARE, fleet_kbs.LIST, "The KBs that machines miss, whatever it is for.", is_ours=True),
    *rows(
        "/api/missingkbs/changes",
        SOFTWARE,
        fleet_kbs.CHANGES,
        "Which KBs came to be missing on which machine, and which left, after a moment.",
        parameters=(fleet_kbs.SINCE,),
        is_ours=True,
    ),
    one("/api/missingkbs/{kb}", SOFTWARE, fleet_kbs.ONE, "One KB that machines miss.", is_ours=True),
    *rows(
        "/api/missingkbs/{kb}/machineReferences",
        SOFTWARE,
        fleet_kbs.MACHINES,
        "The machines that miss a KB.",
        is_ours=True,
    ),
)
_WHAT_TO_INSTALL = (
    Operation(
        "GET",
        "/api/fleet",
        VULNERABILITY.guard(fleet_then.answer_fleet),
        Plain(FleetThen),
        "How the fleet stood at a moment of the past: machines by missing KB and by open CVE.",
        (fleet_then.AS_OF,),
        is_ours=True,
    ),
    Operation(
        "GET",
        "/api/installset",
        SOFTWARE.guard(install_sets.answer_fleet),
        Plain(install_sets.InstallSet),
        "The smallest set of KBs that closes everything, on all machines or on a group's.",
        (install_sets.GROUP,),
        is_ours=True,
    ),
    Operation(
        "GET",
        "/api/machines/{id}/installset",
        SOFTWARE.guard(install_sets.answer_machine),
        Plain(install_sets.InstallSet),
        "The smallest set of KBs that closes everything on one machine.",
        is_ours=True,
    ),
    Operation(
        "GET",
        "/api/whatif",
        VULNERABILITY.guard(install_sets.answer_what_if),
        Plain(WhatIf),
        "Which CVEs stay open on how many machines once these KBs are installed.",
        (install_sets.KBS,),
        is_ours=True,
    ),
    Operation(
        "GET",
        "/api/machines/{id}/explain/{kb}",
        SOFTWARE.guard(explained.explain_kb),
        Plain(explained.ExplainAnswer),
        "Why a KB is, or is not, missing on a machine.",
        is_ours=True,
    ),
)
_DECISIONS = (
    Operation(
        "POST",
        "/api/machines/{id}/setexclusion",
        MACHINE_WRITE.guard(machine_actions.change_exclusion),
        ONE_MACHINE,
        "Leaves a machine out of the counts, or takes it in again.",
        body=machine_actions.ExclusionChange,
        is_ours=True,
    ),
    Operation(
        "GET",
        "/api/acceptedrisks",
        RECOMMENDATION.guard(accepted_risks.list_risks),
        Plain(accepted_risks.AcceptedRisks),
        "Which risks were accepted, for whom, until when and why.",
        is_ours=True,
    ),
    Operation(
        "POST",
        "/api/acceptedrisks",
        MACHINE_WRITE.guard(accepted_risks.add_risk),
        Plain(AcceptedRisk),
        "Accepts the risk of a KB or a CVE for a while; it stays in every list, and is shown as accepted.",
        body=NewRisk,
        is_ours=True,
    ),
    Operation(
        "POST",
        "/api/acceptedrisks/{id}/withdraw",
        MACHINE_WRITE.guard(accepted_risks.withdraw_risk),
        Plain(AcceptedRisk),
        "Ends the acceptance of a risk before its time.",
        is_ours=True,
    ),
)
OURS: tuple[Operation, ...] = (
    *_FLEET,
    *_WHAT_TO_INSTALL,
    *_DECISIONS,
    download(exports.FILES),
    Operation(
        "POST",
        "/inventory/reports",
        INVENTORY.guard(inventory.take_reports),
        Plain(BatchAnswer),
        "Takes what machines report.",
        is_ours=True,
    ),
)
