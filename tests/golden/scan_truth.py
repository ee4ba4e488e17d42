"""The scan file of 2025-02-11, made again from what another project took out of the real one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from kbgap.catalogue.wsus import Scan, read_scan
from tests.catalogue.cab import MSZIP
from tests.catalogue.scan_files import Listed, ScanFile

DAY = "2025-02-11"


def lines(path: Path) -> Iterator[str]:
    """The lines of a packed text."""
    return iter(zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().decode().splitlines())


def february(shared_data: Path, folder: Path) -> Scan:
    """Its 20,535 bundles, written as Microsoft lays them out and read by the real reader.

    What the other project left out is not in it: parts of bundles, applicability, and what ``c`` fragments say.
    """
    rows = [json.loads(line) for line in lines(shared_data / "wsusscn2" / f"updates-{DAY}.jsonl.zst")]
    updates = sorted(map(_listed, rows), key=lambda update: update.revision)
    starts = [0, *(updates[place].revision for place in range(5_000, len(updates), 5_000))]
    path = folder / "wsusscn2.cab"
    path.write_bytes(ScanFile(updates, day=DAY, starts=starts).made(MSZIP))
    return read_scan(path)


def _listed(row: dict[str, Any]) -> Listed:
    return Listed(
        revision=int(row["revisionId"]),
        id=row["updateId"],
        kb=row["kbArticleId"] or "",
        title=row["title"] or "",
        products=[id_ for kind, id_ in row["categories"] if kind == "Product"],
        superseded_by=[int(revision) for revision in row["supersededByRevision"]],
        day=row["creationDate"][:10],
    )
