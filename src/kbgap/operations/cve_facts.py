"""Take from a catalogue file what the API says of each CVE."""

from collections.abc import Iterator
from datetime import UTC, datetime

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.published import PublishedCve
from kbgap.store.cves import CveRow

_UNDATED = datetime(
    1970, 1, 1, tzinfo=UTC
)  # the contract forbids null, and a date far off is not mistaken for a real one


def cve_rows(file: CatalogueFile) -> Iterator[CveRow]:
    """Every CVE that concerns software which a machine can have.

    Left out are advisories, which are no CVEs, and the packages of Microsoft's Linux: no machine here has them.
    """
    days = {update.kb: update.published for update in file.updates()}
    for cve in file.cves():
        if cve.id.upper().startswith("CVE-") and any(product.software for product in cve.products):
            yield _row(cve, [days[kb] for product in cve.products for kb in product.kbs if days.get(kb)])


def _row(cve: PublishedCve, patched: list[str]) -> CveRow:
    exploit = cve.exploit.casefold().replace(" ", "")
    published = _moment(cve.published) or _UNDATED
    return CveRow(
        cve=cve.id,
        description="\n\n".join(text for text in (cve.title, cve.description) if text),
        severity=cve.severity,
        cvss=cve.cvss,
        vector=cve.vector or None,
        published_at=published,
        updated_at=_moment(cve.revised) or published,
        first_patch_at=_moment(min(patched, default="")),
        is_exploited="exploited:yes" in exploit,
        is_disclosed="publiclydisclosed:yes" in exploit,
    )


def _moment(day: str) -> datetime | None:
    """The beginning of an ISO day, in UTC; None when there is none."""
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return None
