"""Read what others say about CVEs: CISA's list of exploited ones (KEV) and FIRST's estimates of exploitation (EPSS).

Both are optional and come as one file: KEV as JSON or CSV, EPSS as CSV, each also packed as .gz or .zst. A row that
cannot be read is counted and left out; a file that is cut, or that has no row at all, is refused whole.

Sources: www.cisa.gov/known-exploited-vulnerabilities-catalog (the fields cveID, dateAdded, catalogVersion, count) and
www.first.org/epss/data_stats (a comment with model_version and score_date, then cve, epss, percentile).
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from kbgap.catalogue.bounded import BoundedReader, Limits, unpacked
from kbgap.catalogue.msrc_json import decode_json
from kbgap.core.errors import Invalid, NotFound, Unavailable
from kbgap.core.model import Value

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII | re.IGNORECASE)
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_FETCH_AGAIN = "fetch the file again"


class ExploitedCves(Value, frozen=True):
    """CISA's list: each CVE with the ISO day on which it was added; ``unreadable`` rows were left out."""

    version: str
    added: dict[str, str]
    unreadable: int = 0


class ExploitEstimates(Value, frozen=True):
    """FIRST's estimates: each CVE with the probability (0 to 1) of exploitation within 30 days of ``day``."""

    version: str
    day: str
    scores: dict[str, float]
    unreadable: int = 0


def read_feed_file(path: Path, limits: Limits | None = None) -> bytes:
    """The content of a file, unpacked where its first bytes say that it is packed."""
    try:
        return unpack_feed(path.read_bytes(), str(path), limits)
    except FileNotFoundError as error:
        raise NotFound("no such file", where=str(path)) from error
    except OSError as error:
        raise Unavailable(f"the file cannot be read ({error.strerror})", where=str(path)) from error


def unpack_feed(data: bytes, where: str, limits: Limits | None = None) -> bytes:
    """The plain bytes of a feed that may be packed with gzip or zstd; Invalid when it is cut or too large."""
    name = ".gz" if data.startswith(_GZIP) else ".zst" if data.startswith(_ZSTD) else ""
    with BoundedReader(unpacked(io.BytesIO(data), name), where, limits or Limits()) as reader:
        return reader.read()


def read_exploited(data: bytes, where: str) -> ExploitedCves:
    """CISA's list from JSON or CSV; Invalid when it is neither, or when rows of it were lost."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _exploited_json(data, where)
    rows = list(_csv_rows(_text(data, where), "cveID", "dateAdded", where))
    return _exploited("", rows, where)


def read_estimates(data: bytes, where: str) -> ExploitEstimates:
    """FIRST's estimates from CSV; Invalid when it is something else."""
    text = _text(data, where)
    head, _, rest = text.partition("\n") if text.startswith("#") else ("", "", text)
    marks = dict(mark.split(":", 1) for mark in head.lstrip("#").strip().split(",") if ":" in mark)
    scores: dict[str, float] = {}
    unreadable = 0
    for cve, epss in _csv_rows(rest, "cve", "epss", where):
        score = _probability(epss)
        if _CVE.fullmatch(cve) is None or score is None:
            unreadable += 1
        else:
            scores[cve.upper()] = score
    if not scores:
        raise Invalid("the file has no EPSS score", where=where, mend=_FETCH_AGAIN)
    return ExploitEstimates(
        version=marks.get("model_version", ""),
        day=marks.get("score_date", "")[:10],
        scores=scores,
        unreadable=unreadable,
    )


def _exploited_json(data: bytes, where: str) -> ExploitedCves:
    content = decode_json(data, where)
    listed = content.get("vulnerabilities") if isinstance(content, Mapping) else None
    if not isinstance(content, Mapping) or not isinstance(listed, list):
        raise Invalid("the file is not CISA's list: it has no 'vulnerabilities'", where=where, mend=_FETCH_AGAIN)
    count = content.get("count")
    if isinstance(count, int) and count != len(listed):
        raise Invalid(f"the file says that it has {count} rows, but has {len(listed)}", where=where, mend=_FETCH_AGAIN)
    rows = [
        (str(row.get("cveID")), str(row.get("dateAdded"))) if isinstance(row, Mapping) else ("", "") for row in listed
    ]
    return _exploited(str(content.get("catalogVersion") or ""), rows, where)


def _exploited(version: str, rows: list[tuple[str, str]], where: str) -> ExploitedCves:
    added = {
        cve.strip().upper(): day.strip() for cve, day in rows if _CVE.fullmatch(cve.strip()) and _is_day(day.strip())
    }
    if not added:
        raise Invalid("the file has no exploited CVE", where=where, mend=_FETCH_AGAIN)
    readable = sum(1 for cve, day in rows if cve.strip().upper() in added and _is_day(day.strip()))
    return ExploitedCves(version=version, added=added, unreadable=len(rows) - readable)


def _csv_rows(text: str, first: str, second: str, where: str) -> Iterator[tuple[str, str]]:
    """Two columns of each row; Invalid when the header lacks one of them."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        columns = {name.strip().casefold(): name for name in reader.fieldnames or () if name}
        if first.casefold() not in columns or second.casefold() not in columns:
            raise Invalid(f"the first line names no columns {first} and {second}", where=where, mend=_FETCH_AGAIN)
        for row in reader:
            yield (row[columns[first.casefold()]] or "").strip(), (row[columns[second.casefold()]] or "").strip()
    except csv.Error as error:
        raise Invalid(f"the file is no CSV: {error}", where=f"{where}, line {reader.line_num}") from error


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("the file is not UTF-8", where=where, mend=_FETCH_AGAIN) from error


def _probability(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
