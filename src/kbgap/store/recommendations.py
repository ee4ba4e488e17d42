"""What to do: one recommendation for each software that some machine lacks updates of."""

from collections.abc import Collection, Mapping

import msgspec

from kbgap.store.software_view import Gaps, SoftwareId, read_id
from kbgap.store.titles import title_of
from kbgap.store.views import SEPARATOR, VENDOR, Software

_KIND = "va"  # an update, as against the settings that Defender recommends too


class Recommendation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Recommendation, with the members in the order of the service's own description.

    ``exposure_impact`` is in points of our exposure score. kbgap checks no settings, raises no alerts, and knows no
    version to recommend for all machines alike: those members have the values that the contract gives for nothing.
    """

    id: str
    product_name: str | None
    recommendation_name: str | None
    weaknesses: int
    vendor: str | None
    recommended_version: str | None = ""
    recommended_vendor: str | None = ""
    recommended_program: str | None = ""
    recommendation_category: str | None = "Application"
    sub_category: str | None = ""
    severity_score: float = 0.0
    public_exploit: bool
    active_alert: bool = False
    associated_threats: tuple[str, ...] = ()
    remediation_type: str | None = "Update"
    status: str
    config_score_impact: float = 0.0
    exposure_impact: float
    total_machine_count: int
    exposed_machines_count: int
    non_productivity_impacted_assets: int = 0
    related_component: str | None
    has_unpatchable_cve: bool = False
    tags: tuple[str, ...] = ()
    exposed_critical_devices: int = 0


def recommendation_id(of: SoftwareId) -> str:
    """The id of the recommendation to update a software."""
    return f"{_KIND}{SEPARATOR}{of}"


def software_of(recommendation: str) -> SoftwareId | None:
    """The software that a recommendation is for; None for what is no id of one."""
    kind, separator, rest = recommendation.lower().partition(SEPARATOR)
    found = read_id(rest) if kind == _KIND and separator else None
    return found if found is not None and found.is_judged else None


def recommendations(
    software: Collection[Software], impact: Mapping[str, float], accepted: Mapping[str, int]
) -> list[Recommendation]:
    """One for each software that machines lack updates of; ``accepted``: machines whose risk is, by software."""
    return [
        Recommendation(
            id=recommendation_id(SoftwareId(row.vendor, row.name)),
            product_name=row.name,
            recommendation_name=f"Update {title_of(row.name)}",
            weaknesses=row.weaknesses,
            vendor=row.vendor,
            public_exploit=row.public_exploit,
            status=_status(accepted.get(row.name, 0), row.exposed_machines),
            exposure_impact=impact.get(row.name, 0.0),
            total_machine_count=row.installed_machines,
            exposed_machines_count=row.exposed_machines,
            related_component=title_of(row.name),
        )
        for row in software
        if row.exposed_machines and row.vendor == VENDOR
    ]


def _status(accepted: int, exposed: int) -> str:
    if not accepted:
        return "Active"
    return "Exception" if accepted >= exposed else "PartialException"


def gaps_of(gaps: Gaps, name: str) -> list[bytes]:
    """The gaps of one software in which a CVE is open."""
    return [gap for gap in gaps.exposed.by_gap if gaps.effects[gap].software == name]
