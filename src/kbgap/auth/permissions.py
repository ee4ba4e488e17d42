"""Name every permission that a token can carry, and say what a principal may do.

The names are Defender's own, so that clients and their administrators find what they know; ``Inventory.Write.All`` is
kbgap's: Defender has sensors where kbgap takes reports.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class ApplicationPermission(StrEnum):
    """What an application may do on its own, over its whole tenant: a member of the token's ``roles``."""

    INVENTORY_WRITE_ALL = "Inventory.Write.All"
    MACHINE_READ_ALL = "Machine.Read.All"
    MACHINE_READ_WRITE_ALL = "Machine.ReadWrite.All"
    SCORE_READ_ALL = "Score.Read.All"
    SECURITY_RECOMMENDATION_READ_ALL = "SecurityRecommendation.Read.All"
    SOFTWARE_READ_ALL = "Software.Read.All"
    VULNERABILITY_READ_ALL = "Vulnerability.Read.All"


class DelegatedPermission(StrEnum):
    """What an application may do for a signed-in person: a word of the token's ``scp``."""

    MACHINE_READ = "Machine.Read"
    MACHINE_READ_WRITE = "Machine.ReadWrite"
    SCORE_READ = "Score.Read"
    SECURITY_RECOMMENDATION_READ = "SecurityRecommendation.Read"
    SOFTWARE_READ = "Software.Read"
    VULNERABILITY_READ = "Vulnerability.Read"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a verified token speaks for, in which tenant, and with which permissions.

    Permissions that kbgap does not know stay in: they open nothing, and an answer of 403 names what the caller holds.
    ``machine_groups``: the names of the machine groups whose machines it may see; None for the whole tenant.
    """

    tenant_guid: str
    client_id: str
    roles: frozenset[str]
    scopes: frozenset[str] = frozenset()
    machine_groups: frozenset[str] | None = None

    def may(
        self, application: Collection[ApplicationPermission], delegated: Collection[DelegatedPermission] = ()
    ) -> bool:
        """True when the principal holds at least one of the permissions."""
        return not self.roles.isdisjoint(application) or not self.scopes.isdisjoint(delegated)
