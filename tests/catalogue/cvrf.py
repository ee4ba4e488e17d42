"""Small CVRF documents as XML and as JSON: defaults for everything, so that a test names only what matters."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<cvrf:cvrfdoc xmlns:cvrf="http://www.icasi.org/CVRF/schema/cvrf/1.1"'
    ' xmlns:prod="http://www.icasi.org/CVRF/schema/prod/1.1" xmlns:vuln="http://www.icasi.org/CVRF/schema/vuln/1.1">'
)
PRODUCTS = {"11713": "Windows 10 Version 1909 for x64-based Systems"}
_CODES = {"Workaround": 0, "Mitigation": 1, "Vendor Fix": 2, "Release Notes": 3, "Known Issue": 6}


def fix_xml(
    kb: str = "4540673", *, kind: str = "Vendor Fix", products: Sequence[str] = ("11713",), **fields: str
) -> str:
    """One Remediation; ``fields`` by their names: SubType, Supercedence, FixedBuild, URL."""
    members = "".join(f"<vuln:{name}>{escape(text)}</vuln:{name}>" for name, text in fields.items())
    ids = "".join(f"<vuln:ProductID>{product}</vuln:ProductID>" for product in products)
    return (
        f"<vuln:Remediation Type={quoteattr(kind)}><vuln:Description>{escape(kb)}</vuln:Description>"
        f"{members}{ids}</vuln:Remediation>"
    )


def entry_xml(
    cve: str = "CVE-2020-0796", *fixes: str, dates: Sequence[str] = ("2020-03-12T07:00:00",), more: str = ""
) -> str:
    """One Vulnerability with its remediations; ``more`` is put in as it is."""
    history = "".join(f"<vuln:Revision><cvrf:Date>{date}</cvrf:Date></vuln:Revision>" for date in dates)
    return (
        f"<vuln:Vulnerability><vuln:Title>SMB flaw</vuln:Title><vuln:CVE>{cve}</vuln:CVE>{more}"
        f"<vuln:Remediations>{''.join(fixes)}</vuln:Remediations>"
        f"<vuln:RevisionHistory>{history}</vuln:RevisionHistory></vuln:Vulnerability>"
    )


def cvrf_xml(
    id: str = "2020-Mar",
    *entries: str,
    current: str = "2020-03-12T07:00:00Z",
    products: Mapping[str, str] = PRODUCTS,
) -> str:
    """One document."""
    names = "".join(
        f"<prod:FullProductName ProductID={quoteattr(product)}>{escape(name)}</prod:FullProductName>"
        for product, name in products.items()
    )
    return (
        f"{HEAD}<cvrf:DocumentTitle>March 2020 Security Updates</cvrf:DocumentTitle><cvrf:DocumentTracking>"
        f"<cvrf:Identification><cvrf:ID>{id}</cvrf:ID></cvrf:Identification>"
        f"<cvrf:InitialReleaseDate>2020-03-10T07:00:00Z</cvrf:InitialReleaseDate>"
        f"<cvrf:CurrentReleaseDate>{current}</cvrf:CurrentReleaseDate></cvrf:DocumentTracking>"
        f"<prod:ProductTree>{names}</prod:ProductTree>{''.join(entries)}</cvrf:cvrfdoc>"
    )


def month(id: str, entries: int, *, current: str = "2020-03-12T07:00:00Z", kbs: int = 1) -> str:
    """A document with so many entries, whose fixes are so many KBs."""
    return cvrf_xml(
        id,
        *(entry_xml(f"CVE-2020-{n:04}", fix_xml(str(4_500_000 + n % kbs)) if kbs else "") for n in range(entries)),
        current=current,
    )


def fix_json(kb: str = "4540673", *, kind: str | int = "Vendor Fix", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - wrong types are tested
    """One Remediation as version 3.0 writes it."""
    code = _CODES[kind] if isinstance(kind, str) else kind
    return {"Description": {"Value": kb}, "Type": code, "ProductID": ["11713"], "AffectedFiles": [], **fields}


def entry_json(*fixes: Any, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """One Vulnerability as version 3.0 writes it."""
    return {
        "Title": {"Value": "SMB flaw"},
        "CVE": "CVE-2020-0796",
        "DiscoveryDate": "0001-01-01T00:00:00",
        "Remediations": list(fixes),
        "RevisionHistory": [{"Date": "2020-03-12T07:00:00"}],
        **fields,
    }


def cvrf_json(*entries: Any, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """One document as version 3.0 writes it."""
    return {
        "DocumentTitle": {"Value": "March 2020 Security Updates"},
        "DocumentTracking": {
            "Identification": {"ID": {"Value": "2020-Mar"}},
            "InitialReleaseDate": "2020-03-10T07:00:00Z",
            "CurrentReleaseDate": "2020-03-12T07:00:00Z",
        },
        "ProductTree": {
            "FullProductName": [{"ProductID": product, "Value": name} for product, name in PRODUCTS.items()]
        },
        "Vulnerability": list(entries),
        **fields,
    }


def index_json(documents: Mapping[str, str]) -> str:
    """The list of documents as ``/updates`` gives it, from ids and dates."""
    return json.dumps({"value": [{"ID": id, "CurrentReleaseDate": current} for id, current in documents.items()]})
