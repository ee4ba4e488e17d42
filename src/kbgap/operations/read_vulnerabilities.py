"""Answer which CVEs there are, and on which machines they are open."""

from collections.abc import Collection
from datetime import datetime

from kbgap.core.errors import NotFound
from kbgap.odata.options import Query
from kbgap.operations.looking import EVERYTHING, looking
from kbgap.store import cves, references, visible, vulnerabilities
from kbgap.store.database import Database
from kbgap.store.listing import Listed, one, page
from kbgap.store.machine_cves import MachineVulnerability, machine_cves
from kbgap.store.references import MachineReference
from kbgap.store.vulnerabilities import Vulnerability
from kbgap.store.walking import walk


def list_vulnerabilities(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[Vulnerability]:
    """Every CVE of the catalogue that concerns software machines can have, by id."""
    with looking(database, tenant, scopes, now) as look:
        return page(look.connection, vulnerabilities.vulnerabilities(look.revision, look.standing), query)


def get_vulnerability(
    database: Database, tenant: str, cve: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> Vulnerability:
    """One CVE by its id, in any letter case; NotFound when the catalogue does not have it."""
    with looking(database, tenant, scopes, now) as look:
        view = vulnerabilities.vulnerabilities(look.revision, look.standing, only=(cve.upper(),))
        found = one(look.connection, view)
    if found is None:
        raise NotFound(f"Vulnerability {cve} was not found")
    return found


def vulnerability_machines(
    database: Database,
    tenant: str,
    cve: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[MachineReference]:
    """The machines on which a CVE is open, by id; NotFound when the catalogue does not have it."""
    identifier = cve.upper()
    with looking(database, tenant, scopes, now) as look:
        if not cves.is_known(look.connection, look.revision, identifier):
            raise NotFound(f"Vulnerability {cve} was not found")
        gaps = [gap for gap, effect in look.effects.items() if identifier in effect.open_cves]
        which = visible.has_gap(look.tenant, look.revision, gaps)
        return page(look.connection, references.references(look.tenant, scopes, which), query)


def machines_vulnerabilities(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[MachineVulnerability]:
    """Every machine that counts, with every CVE that is open on it and every KB that closes it there, by machine id."""
    with looking(database, tenant, scopes, now) as look:
        return walk(look.connection, machine_cves(look.on_machines, scopes), query)
