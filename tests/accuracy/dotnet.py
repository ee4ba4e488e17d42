""".NET and .NET Core, known by version: each release against each CVE, labelled by the project's own release notes."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import zstandard

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.core.versions import Version, parse_version, version_text
from tests.accuracy.tally import Tally


def judge_dotnet(catalogue: CatalogueFile, shared_data: Path) -> Tally:
    """A runtime below the fixed version that the catalogue shows for a CVE has it open.

    The label: the last release of a channel whose notes name the CVE. Where notes name it again, the first fix was not
    whole: of all those of September and October 2023 Microsoft's documents say so ("To comprehensively address this
    vulnerability, Microsoft has released security updates on October 24, 2023"). Only CVEs that the catalogue has for
    the channel are judged.
    """
    tally = Tally(".NET and .NET Core (CVEs by version)", "release notes of the .NET project")
    for path in sorted((shared_data / "dotnet-releases").glob("*-releases.json.zst")):
        channel = path.name.partition("-")[0]
        releases, named = _channel(path)
        for cve, last in sorted(named.items()):
            fixed = _fixed(catalogue, cve, channel)
            for version in releases if fixed else ():
                told = f".NET {channel}: {cve} at {version_text(version)}, fixed in {version_text(last)} by the notes"
                answer = "missing" if fixed and version < fixed else "there"
                tally.count(answer, told, is_missing=version < last)
    return tally


def _channel(path: Path) -> tuple[tuple[Version, ...], Mapping[str, Version]]:
    """The final releases of a channel, and the last of them that names each CVE."""
    told = json.loads(zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read())
    named: dict[str, list[Version]] = defaultdict(list)
    releases: list[Version] = []
    for release in told["releases"]:
        version = parse_version((release.get("runtime") or {}).get("version") or "")
        if version is not None:
            releases.append(version)
            for cve in release.get("cve-list") or ():
                named[cve["cve-id"]].append(version)
    return tuple(releases), {cve: max(versions) for cve, versions in named.items()}


def _fixed(catalogue: CatalogueFile, cve: str, channel: str) -> Version | None:
    """The lowest fixed version that the catalogue shows for a product of the channel."""
    try:
        products = catalogue.cve(cve).products
    except NotFound:
        return None
    names = {f".NET {channel}", f".NET Core {channel}", f"ASP.NET Core {channel}"}
    found = [parse_version(text) for p in products if p.product in names for text in p.fixed_build.split(", ")]
    return min((version for version in found if version is not None), default=None)
