"""Answer what to install, and what would stay open if it were (routes of ours)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid
from kbgap.core.install import install_set
from kbgap.core.model import SoftwareState
from kbgap.core.suppose import with_updates
from kbgap.core.urls import update_url
from kbgap.inventory.kb import parse_kb
from kbgap.operations.judging import Judge, require_current
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.store import populations, states, visible
from kbgap.store.database import Database
from kbgap.store.effect import Effect, effect_of

MOST_KBS = 50


class CveLeft(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One CVE that is open somewhere now, with the machines on which it is open now and would stay so."""

    id: str
    severity: str
    exposed_machines: int
    exposed_machines_after: int


class WhatIf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an installation of these KBs everywhere would change.

    ``machines`` is how many count, ``machines_changed`` on how many a CVE would be closed; ``cves_closed`` how many
    CVEs would be open nowhere any more. ``cves``: by id, those that are open somewhere now.
    """

    kbs: tuple[str, ...]
    machines: int
    machines_changed: int
    cves_closed: int
    cves: tuple[CveLeft, ...]


class KbToInstall(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One KB of an install set, and on how many machines it is in it."""

    id: str
    name: str
    url: str
    machines: int


def what_if(
    database: Database,
    catalogue: CatalogueFile,
    tenant: str,
    kbs: Collection[str],
    now: datetime,
    scopes: Collection[int] = EVERYTHING,
) -> WhatIf:
    """Suppose that KBs were installed on every machine that they are for; Invalid for what is no list of KBs.

    States are judged anew only where one of the KBs is for their products; machines alike are counted as one.
    """
    numbers = _numbers(kbs)
    with looking(database, tenant, scopes, now) as look:
        require_current(look.pointer, catalogue.revision)
        places = populations.by_profile(look.connection, look.tenant, scopes)
        members = database.effects.members(look.connection, look.tenant, places)
        before = _effects(look, {state for _, mine in members.values() for state in mine})
        after = before | _supposed(look, Judge(catalogue), catalogue, before, numbers)
        now_open, then_open, changed = Counter[str](), Counter[str](), 0
        for profile, machines in places.items():
            mine = members[profile][1]
            open_now, open_then = (_open(found[state] for state in mine) for found in (before, after))
            now_open.update(dict.fromkeys(open_now, machines))
            then_open.update(dict.fromkeys(open_then, machines))
            changed += machines if open_now != open_then else 0
        facts = database.effects.cve_facts(look.connection, look.revision)
    return WhatIf(
        kbs=numbers,
        machines=sum(places.values()),
        machines_changed=changed,
        cves_closed=sum(1 for cve in now_open if not then_open[cve]),
        cves=tuple(
            CveLeft(
                id=cve,
                severity=facts[cve].severity if cve in facts else "Low",
                exposed_machines=now_open[cve],
                exposed_machines_after=then_open[cve],
            )
            for cve in sorted(now_open)
        ),
    )


def install_set_of_machine(
    database: Database,
    catalogue: CatalogueFile,
    tenant: str,
    machine: str,
    now: datetime,
    scopes: Collection[int] = EVERYTHING,
) -> Sequence[KbToInstall]:
    """What closes everything on one machine (its id or DNS name), by KB number: as Windows Update would offer it."""
    with looking(database, tenant, scopes, now) as look:
        require_current(look.pointer, catalogue.revision)
        found = visible.find(look.connection, look.tenant, machine, scopes)
        return _to_install(look, catalogue, {found.profile: 1})


def install_sets(
    database: Database, catalogue: CatalogueFile, tenant: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> Sequence[KbToInstall]:
    """The same for all machines that count, or those of some groups: each KB with the machines that need it."""
    with looking(database, tenant, scopes, now) as look:
        require_current(look.pointer, catalogue.revision)
        return _to_install(look, catalogue, populations.by_profile(look.connection, look.tenant, scopes))


def _numbers(kbs: Collection[str]) -> tuple[str, ...]:
    if not 1 <= len(kbs) <= MOST_KBS:
        raise Invalid(f"{len(kbs)} KBs are given", where="kbs", mend=f"give 1 to {MOST_KBS}")
    numbers: dict[str, None] = {}
    for kb in kbs:
        number = parse_kb(kb)
        if number is None:
            raise Invalid(f"{kb[:40]!r} is no KB number", where="kbs", mend="write KB4540673 or 4540673")
        numbers[number] = None
    return tuple(sorted(numbers, key=int))


def _effects(look: Look, keys: Collection[bytes]) -> dict[bytes, Effect]:
    gaps = look.database.effects.gaps(look.connection, look.tenant, look.revision, keys)
    found = look.database.effects.effects(look.connection, look.tenant, set(gaps.values()))
    return {state: found[gap] for state, gap in gaps.items()}


def _supposed(
    look: Look, judge: Judge, catalogue: CatalogueFile, before: Mapping[bytes, Effect], kbs: Collection[str]
) -> dict[bytes, Effect]:
    """The effects that change: of states with something open that would be other states."""
    opened = [key for key, effect in before.items() if effect.open_cves]
    found: dict[bytes, Effect] = {}
    for key, state in states.bodies(look.connection, look.tenant, opened):
        fixes = catalogue.fixes_of(product.product for product in state.products)
        after = with_updates(state, kbs, fixes, catalogue.lines)
        if after is not state:
            found[key] = effect_of(after.software, judge.assess(after))
    return found


def _open(effects: Iterable[Effect]) -> frozenset[str]:
    return frozenset().union(*(effect.open_cves for effect in effects))


def _to_install(look: Look, catalogue: CatalogueFile, places: Mapping[bytes, int]) -> Sequence[KbToInstall]:
    needed: Counter[str] = Counter()
    sets = _install_sets(look, catalogue, places)
    for profile, machines in places.items():
        needed.update(dict.fromkeys(sets[profile], machines))
    updates = look.database.effects.updates(look.connection, look.revision)
    return [
        KbToInstall(id=kb, name=updates[kb].name if kb in updates else "", url=update_url(kb), machines=needed[kb])
        for kb in sorted(needed, key=int)
    ]


def _install_sets(look: Look, catalogue: CatalogueFile, profiles: Collection[bytes]) -> dict[bytes, tuple[str, ...]]:
    kept = look.database.install_sets
    found = {profile: known for profile in profiles if (known := kept.get((look.revision, profile))) is not None}
    absent = [profile for profile in profiles if profile not in found]
    members = look.database.effects.members(look.connection, look.tenant, absent)
    bodies = dict(states.bodies(look.connection, look.tenant, {key for _, mine in members.values() for key in mine}))
    for profile, (_, mine) in members.items():
        here: list[SoftwareState] = sorted((bodies[key] for key in mine), key=lambda state: state.software)
        fixes = catalogue.fixes_of(product.product for state in here for product in state.products)
        found[profile] = install_set(here, fixes)
        kept.put((look.revision, profile), found[profile])
    return found
