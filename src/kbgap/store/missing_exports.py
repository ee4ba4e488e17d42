"""Every machine with every KB that it misses, for export: the rows of ``getmissingkbs`` of each machine."""

from collections.abc import Collection, Sequence

from sqlalchemy import and_

from kbgap.odata.model import defender_model
from kbgap.store import schema, views
from kbgap.store.export_rows import MissingOnMachine
from kbgap.store.inventory_exports import group_name
from kbgap.store.on_machines import OnMachines
from kbgap.store.recent import Recent
from kbgap.store.views import MissingKb
from kbgap.store.visible import in_scopes, is_counted
from kbgap.store.walking import Keeps, Path, Walked

_KEPT = 10_000  # profiles of which is known what they miss
_machine = schema.machine


def missing_everywhere(
    on_machines: OnMachines, scopes: Collection[int], *, has_groups: bool
) -> Path[MissingOnMachine, MissingKb]:
    """Every machine that counts, with every KB that it misses, newest release first."""
    known: Recent[bytes, Sequence[MissingKb]] = Recent(_KEPT)

    def of_profile(profile: bytes) -> Sequence[MissingKb]:
        found = known.get(profile) if on_machines.revision else ()
        if found is None:
            found = views.missing_for_machine(on_machines.connection, on_machines.tenant, on_machines.revision, profile)
            known.put(profile, found)
        return found

    def read(machines: Sequence[Walked], _keeps: Keeps | None) -> Sequence[Sequence[MissingKb]]:
        return [of_profile(machine.profile) for machine in machines]

    def build(machine: Walked, row: MissingKb) -> MissingOnMachine:
        return MissingOnMachine(
            device_id=machine.machine_id,
            rbac_group_id=machine.group_id,
            rbac_group_name=group_name(machine, has_groups=has_groups),
            device_name=machine.name or "",
            os_platform=machine.platform,
            id=row.id,
            name=row.name,
            os_build=row.os_build,
            products_names=row.products_names,
            url=row.url,
            cve_addressed=row.cve_addressed,
        )

    return Path(
        of=defender_model().type("PublicProductFixDto"),
        where=and_(_machine.c.tenant_id == on_machines.tenant, is_counted(), in_scopes(_machine.c.group_id, scopes)),
        columns={},
        shared=frozenset(),
        read=read,
        key=lambda row: row.id,
        build=build,
        by_machine="id",
    )
