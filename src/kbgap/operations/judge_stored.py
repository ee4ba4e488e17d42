"""Judge a machine again on the whole evidence of its last report: what is missing there, and what is not known."""

from collections.abc import Collection

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.model import Entitlement
from kbgap.inventory.normalise import Outside
from kbgap.operations.audit import Judged, judge
from kbgap.operations.looking import EVERYTHING
from kbgap.operations.telling import decode_evidence
from kbgap.store import states, visible
from kbgap.store.database import Database
from kbgap.store.packing import unpacked
from kbgap.store.tenants import tenant_key


def judge_stored(
    database: Database,
    catalogue: CatalogueFile,
    tenant: str,
    machine: str,
    scopes: Collection[int] = EVERYTHING,
    untold: Entitlement = Entitlement.ENTITLED,
) -> Judged | Outside:
    """One machine (its id or DNS name), as ``kbgap audit`` would judge its last report; NotFound when there is none.

    ``untold`` as in ``normalise``.
    """
    key = tenant_key(tenant)
    with database.snapshot() as connection:
        found = visible.find(connection, key, machine, scopes)
        body = unpacked(states.evidence_body(connection, key, found.evidence))
    return judge(decode_evidence(body), catalogue, untold=untold)
