"""A small catalogue in a data directory, and the command line run in this process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kbgap.catalogue.file import write_catalogue
from kbgap.catalogue.records import Document, Entry, Remedy, Score
from kbgap.catalogue.shelf import Shelf
from kbgap.cli.main import main
from kbgap.core.model import Kind
from kbgap.operations.refresh_catalogue import compile_documents

WINDOWS, EDGE = "11713", "10724-11713"
NAMES: dict[str, tuple[str, ...]] = {
    WINDOWS: ("Windows 10 Version 1909 for x64-based Systems",),
    "10724": ("Microsoft Edge (EdgeHTML-based)",),
    EDGE: ("Microsoft Edge (EdgeHTML-based) on Windows 10 Version 1909 for x64-based Systems",),
}


def fix(kb: str, *products: str, supersedes: Sequence[str] = (), kind: Kind = Kind.SECURITY) -> Remedy:
    """One Vendor Fix row."""
    url = f"https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB{kb}"
    supersedes = tuple(supersedes)
    return Remedy(kb=kb, kind=kind, subtype="", url=url, supersedes=supersedes, fixed_build="", products=products)


def document(name: str, title: str, day: str, *entries: Entry) -> Document:
    """One month."""
    return Document(id=name, title=title, initial=day, current=day, products=NAMES, entries=entries)


def entry(cve: str, day: str, *remedies: Remedy) -> Entry:
    """One CVE."""
    return Entry(
        id=cve,
        title=f"Title of {cve}",
        published=day,
        revised=day,
        severities={WINDOWS: "Critical"},
        scores=(Score(base=10.0, vector="CVSS:3.0/AV:N", products=(WINDOWS,)),),
        remedies=remedies,
    )


MARCH = document(
    "2020-Mar",
    "March 2020 Security Updates",
    "2020-03-10",
    entry("CVE-2020-0768", "2020-03-10", fix("4540673", EDGE, supersedes=["4532693"])),
    entry("CVE-2020-0645", "2020-03-10", fix("4540673", WINDOWS, supersedes=["4532693"])),
    entry("CVE-2020-0796", "2020-03-12", fix("4551762", WINDOWS)),
)
FEBRUARY = document(
    "2020-Feb",
    "February 2020 Security Updates",
    "2020-02-11",
    entry("CVE-2020-0655", "2020-02-11", fix("4532693", WINDOWS)),
)


@dataclass
class Outcome:
    """What one command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]
Write = Callable[..., Path]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory whose current catalogue holds two months."""
    shelf = Shelf(tmp_path / "data" / "catalogue")
    shelf.make_current(write_catalogue(compile_documents([FEBRUARY, MARCH]), shelf.folder))
    return tmp_path / "data"


@pytest.fixture
def run(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command on the data directory, as the shell would."""

    def call(*words: str) -> Outcome:
        capsys.readouterr()
        try:
            code = main([*words, "--data-dir", str(data_dir)])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def report(tmp_path: Path) -> Write:
    """Write a report of a Windows 10 1909 machine."""

    def write(name: str = "ws-17", build: str = "10.0.18363.657", os: str = "Microsoft Windows 10 Enterprise") -> Path:
        path = tmp_path / f"{name}.json"
        path.write_text(
            f'{{"schema": "kbgap.report/1", "machine": {{"computerDnsName": "{name}"}}, '
            f'"os": {{"name": "{os}", "build": "{build}", "architecture": "x64"}}}}'
        )
        return path

    return write
