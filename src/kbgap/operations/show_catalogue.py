"""Show one KB or one CVE in the catalogue's own JSON form (ARCHITECTURE 5)."""

from collections import defaultdict

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.published import PublishedUpdate
from kbgap.core.errors import NotFound
from kbgap.core.product_names import software_id
from kbgap.core.urls import update_url


def show_update(catalogue: CatalogueFile, kb: str, day: str | None = None) -> dict[str, object]:
    """``id, name, url, kinds, builds, supersedes, supersededBy, software`` of one KB; NotFound when there is none.

    ``supersededBy`` is what Microsoft's documents say; ``supersededBySources`` adds every other source, by day.

    With ``day`` (ISO) only CVEs and superseding updates dated on or before it count.
    """
    update = catalogue.update(kb)
    if day is not None and update.published > day:
        raise NotFound(f"KB{kb} is dated {update.published}, after {day}")
    software = {
        software_id(name): {"cveAddressed": len(kept), "cves": kept}
        for name, cves in update.software.items()
        if (kept := [cve for cve in cves if _counts(catalogue, cve, day)])
    }
    return {
        "id": update.kb,
        "name": update.name,
        "url": update_url(kb),
        "urls": list(update.urls),
        "kinds": list(update.kinds),
        "published": update.published,
        "builds": [{"line": build.line, "build": build.build} for build in update.builds],
        "supersedes": list(update.supersedes),
        "supersededBy": [newer for newer in update.superseded_by if day is None or _day_of(catalogue, newer) <= day],
        "supersededBySources": _sources(catalogue, update, day),
        "software": software,
    }


def show_cve(catalogue: CatalogueFile, identifier: str, day: str | None = None) -> dict[str, object]:
    """``id, title, severity, cvssV3, publishedOn, products, leftOut`` of a CVE or advisory; NotFound if there is none.

    ``leftOut``: what Microsoft names and judging does not read, with the reason.
    """
    cve = catalogue.cve(identifier)
    if day is not None and cve.published > day:
        raise NotFound(f"{identifier} is dated {cve.published}, after {day}")
    products = []
    for product in cve.products:
        kbs = [kb for kb in product.kbs if day is None or _day_of(catalogue, kb) <= day]
        if kbs or not product.kbs:
            software = software_id(product.software) if product.software else None
            row = {
                "product": product.product,
                "software": software,
                "kbs": kbs,
                "fixedBuild": product.fixed_build or None,
            }
            products.append(row)
    return {
        "id": cve.id,
        "title": cve.title,
        "severity": cve.severity,
        "cvssV3": cve.cvss,
        "publishedOn": cve.published,
        "products": products,
        "leftOut": [
            {"product": row.product, "kb": row.kb, "reason": row.reason}
            for row in cve.left_out
            if day is None or _day_of(catalogue, row.kb) <= day
        ],
    }


def _sources(catalogue: CatalogueFile, update: PublishedUpdate, day: str | None) -> list[dict[str, object]]:
    """``source, date, kbs``: who says that an update is superseded, and when: the newer KB's day, the scan file's day.

    With ``day`` a KB that no document names is left out, for nothing tells how old it is.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for newer in update.superseded_by:
        found["MSRC", _day_of(catalogue, newer)].append(newer)
    for edge in update.scanned:
        found[edge.source, edge.day].append(edge.kb)
    sources: list[dict[str, object]] = []
    for (source, date), kbs in sorted(found.items()):
        kept = [kb for kb in kbs if day is None or (_is_known(catalogue, kb) and _day_of(catalogue, kb) <= day)]
        if kept:
            sources.append({"source": source, "date": date, "kbs": kept})
    return sources


def _is_known(catalogue: CatalogueFile, kb: str) -> bool:
    try:
        catalogue.update(kb)
    except NotFound:
        return False
    return True


def _counts(catalogue: CatalogueFile, cve: str, day: str | None) -> bool:
    return day is None or catalogue.cve(cve).published <= day


def _day_of(catalogue: CatalogueFile, kb: str) -> str:
    return catalogue.update(kb).published
