"""Read the four public sources of the release table: what each says of a KB on a Windows line."""

import csv
import io
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import zstandard
from defusedxml import ElementTree

KNOWN = tomllib.loads(Path(__file__).with_name("release_table.toml").read_text(encoding="utf-8"))
ROLLUP_LINES: dict[str, str] = KNOWN["rollup_lines"]


class Name(NamedTuple):
    """A KB on a line."""

    line: str
    kb: str

    @property
    def prefix(self) -> str:
        """The three parts that all builds of the line share."""
        return ROLLUP_LINES.get(self.line) or f"10.0.{self.line.split()[-1]}"

    @property
    def series(self) -> set[str]:
        """The series of releases that the line can have."""
        if self.line in ROLLUP_LINES:
            return {"rollup", "security-only", "preview-rollup"}
        return {"cumulative", "hotpatch"}


class Key(NamedTuple):
    """What a row is about; the revision is empty where no source gives one."""

    name: Name
    revision: str

    @property
    def build(self) -> str:
        """All four parts."""
        return f"{self.name.prefix}.{self.revision}"


class Stated(NamedTuple):
    """What CVRF says of a KB on a line: its series, how many rows give which build, and its month and CVEs.

    The series is empty for what is no release; the month is the first day of the document in which most CVEs are.
    """

    series: str
    builds: Mapping[str, int]
    month: str
    cves: int

    def revision(self, name: Name) -> str:
        """The commonest revision among the builds that are the line's own, empty without one."""
        own = [build for build in self.builds if build.startswith(f"{name.prefix}.")]
        return max(own, key=lambda build: (self.builds[build], build), default="").removeprefix(f"{name.prefix}.")


class Sources(NamedTuple):
    """The public table (series, in its order), the dated lists (day, week), CVRF, and the update service's days."""

    table: Mapping[Key, str]
    dated: Mapping[Key, tuple[str, str]]
    stated: Mapping[Name, Stated]
    offered: Mapping[Name, set[str]]


class Saying(NamedTuple):
    """One combination that Vendor Fix rows of a CVRF document have."""

    name: Name
    day: str
    cve: str
    series: str
    build: str


def line_of(product: str) -> str:
    """The line of an operating system by its MSRC name; empty for all else, and for HoloLens with its own builds."""
    name = " ".join(product.lower().split())
    lines = (line for start, line in KNOWN["products"].items() if name.startswith(start) and "hololens" not in name)
    return next(lines, "")


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    """The records of a CSV file, packed or not."""
    raw = path.read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(raw).read() if path.suffix == ".zst" else raw
    return csv.DictReader(io.StringIO(text.decode()))


def read_table(path: Path) -> dict[Key, str]:
    """The public release table, without the first builds, which no KB brings."""
    found = {}
    for row in read_csv(path):
        named = line_of(f"{row['os']} for x64")
        line = row["build"] if row["build"].isdigit() and not named.endswith(row["build"]) else named
        series = {"rollup": "rollup", "securityOnly": "security-only"}[row["track"]]
        if row["kb"]:
            found[Key(Name(line, row["kb"]), row["revision"])] = series if line in ROLLUP_LINES else "cumulative"
    return found


def read_dated(path: Path) -> dict[Key, tuple[str, str]]:
    """The dated lists: the day of each build and the week that Microsoft counts it to (B, C, D, OOB, ...)."""
    found = {}
    for row in read_csv(path):
        line = line_of(row["list"]) or row["build"]
        if row["kb"]:
            found[Key(Name(line, row["kb"]), row["revision"])] = row["date"], row["update_type"][8:]
    return found


def read_offered(path: Path) -> dict[Name, set[str]]:
    """The days on which the update service offered each KB on a line, without those that rule 6 does not trust."""
    found: defaultdict[Name, set[str]] = defaultdict(set)
    for row in read_csv(path):
        system, version, title = row["update_os"].lower(), row["update_build"].lower(), row["title"]
        line = KNOWN["versions"].get(system, {}).get(version) or KNOWN["versions"]["any"].get(version, "")
        day = row["creation_date"][:10]
        trusted = day.startswith(title[:7]) or title.startswith("Cumulative Update for")
        found[Name(line, row["kb"])] |= {day} if trusted else set()
    return dict(found)


def read_document(path: Path) -> Counter[Saying]:
    """How many Vendor Fix rows of one CVRF document say what of a KB on a line."""
    root = ElementTree.fromstring(zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read())
    day = (root.findtext(".//{*}InitialReleaseDate") or "")[:10]
    lines = {item.get("ProductID"): line_of(item.text or "") for item in root.iterfind(".//{*}FullProductName")}
    rows: Counter[Saying] = Counter()
    for entry in root.iterfind(".//{*}Vulnerability"):
        cve = entry.findtext("{*}CVE") or ""
        for fix in entry.iterfind(".//{*}Remediation[@Type='Vendor Fix']"):
            texts = [fix.findtext(f"{{*}}{tag}") or "" for tag in ("Description", "SubType", "FixedBuild")]
            kb, call, build = (re.sub(r"[\s\u200b]", "", text).lower() for text in texts)
            series = "hotpatch" if "hotpatch" in call else KNOWN["series"].get(call, "")
            products = fix.iterfind("{*}ProductID") if re.fullmatch(r"\d{6,8}", kb) else ()
            for line in filter(None, (lines.get(product.text or "") for product in products)):
                rows[Saying(Name(line, kb), day, cve, series, build)] += 1
    return rows


def read_stated(documents: Iterable[Path]) -> dict[Name, Stated]:
    """What the CVRF documents together say of each KB on each line."""
    sayings: defaultdict[Name, Counter[Saying]] = defaultdict(Counter)
    with get_context("spawn").Pool() as pool:  # a fork would copy the threads of whoever calls
        for saying, count in chain.from_iterable(rows.items() for rows in pool.imap(read_document, documents)):
            sayings[saying.name][saying] += count
    found = {}
    for name, rows in sayings.items():
        series: Counter[str] = Counter()
        builds: Counter[str] = Counter()
        for saying, count in rows.items():
            series[saying.series] += count
            builds[saying.build] += count
        months = Counter(day for day, _ in {(saying.day, saying.cve) for saying in rows})
        month, cves = max(months.items(), key=lambda item: item[::-1])
        found[name] = Stated(series.most_common(1)[0][0], builds, month, cves)
    return found


def read_sources(folder: Path) -> Sources:
    """All four; before 2016 CVRF names nothing of these lines."""
    documents = sorted(path for path in folder.glob("msrc-cvrf/2???-??-??/*.zst") if path.name >= "2016")
    return Sources(
        table=read_table(folder / "windows-builds" / "windows_releases_vuls.csv"),
        dated=read_dated(folder / "windows-builds" / "windows_updatelist_alitai12.csv"),
        stated=read_stated(documents),
        offered=read_offered(folder / "wsus-catalog" / "osdsus_windows_updates.csv.zst"),
    )
