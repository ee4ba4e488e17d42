"""Hosts of which Windows Update itself said what they lack: what kbgap would install there, and each difference."""

import json
from pathlib import Path
from typing import Any

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.model import Value
from tests.golden.judged import Said, said_of
from tests.golden.test_systeminfo_hosts import HOSTS, day_of, report_of


class Host(Value, frozen=True):
    """One captured host on its day; ``offered`` is empty and ``asked`` false where Windows Update was not asked."""

    name: str
    install: tuple[str, ...]
    missing: int
    unknown: int
    asked: bool = False
    offered: tuple[str, ...] = ()

    @property
    def confirmed(self) -> tuple[str, ...]:
        """What both would install."""
        return tuple(kb for kb in self.install if kb in self.offered)

    @property
    def only_ours(self) -> tuple[str, ...]:
        """What Windows Update did not offer."""
        return tuple(kb for kb in self.install if kb not in self.offered)

    @property
    def only_theirs(self) -> tuple[str, ...]:
        """What we would not install."""
        return tuple(kb for kb in self.offered if kb not in self.install)


def judge_hosts(catalogue: CatalogueFile, shared_data: Path) -> tuple[Host, ...]:
    """Every captured host that the catalogue covers."""
    folder = shared_data / "systeminfo"
    files: dict[str, dict[str, Any]] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    hosts = []
    for name in HOSTS:
        said = said_of(report_of(folder, files, name), catalogue, day_of(name))
        assert isinstance(said, Said)
        offered = [told["missing"] for told in files.values() if told["host"] == name and "missing" in told]
        kbs = tuple(update["kb"] for updates in offered for update in updates)
        hosts.append(
            Host(
                name=name,
                install=said.install,
                missing=len(said.missing),
                unknown=len(said.unknown),
                asked=bool(offered),
                offered=kbs,
            )
        )
    return tuple(hosts)
