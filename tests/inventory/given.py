"""Small reports, with the defaults that most tests want."""

from typing import Any

import msgspec

from kbgap.inventory.decode import decode_report
from kbgap.inventory.report import SCHEMA, Report


def a_report(name: str = "Microsoft Windows 10 Enterprise", build: str = "10.0.18363.657", **members: Any) -> Report:  # noqa: ANN401 - JSON
    """A report as it arrives; members of ``os`` by their JSON names, ``installed`` for KBs, others for the report."""
    installed = members.pop("installed", None)
    body: dict[str, Any] = {"schema": SCHEMA, "os": {"name": name, "build": build}}
    for member, value in members.items():
        target = body if member in {"installedUpdates", "updateList", "dotnet", "software", "machine"} else body["os"]
        target[member] = value
    if installed is not None:
        body["installedUpdates"] = [{"kb": kb} for kb in installed]
    report = decode_report(msgspec.json.encode(body).decode())
    assert isinstance(report, Report), report
    return report
