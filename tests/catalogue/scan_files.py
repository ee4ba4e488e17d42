"""Make offline scan files for tests: cabinets in a cabinet, as Microsoft lays them out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from tests.catalogue.cab import STORED, cabinet

NAMESPACE = "http://schemas.microsoft.com/msus/2004/02/OfflineSync"
WINDOWS_7 = "bfe5b177-a086-47a0-b102-097e4fa1f807"
SERVER_2008_R2 = "fdfe8200-9d98-44ba-a12a-772282bf60ef"
SERVER_2012_R2 = "d31bd4c3-d872-41c9-a2e7-231f372588cb"
OFFICE_2016 = "25aed893-7c2d-4a31-ae22-28ff8ac150ed"


@dataclass(frozen=True)
class Listed:
    """One update of a scan file. ``superseded_by`` holds revisions and ``supersedes`` GUIDs, as in the real one."""

    revision: int
    kb: str = ""
    title: str | None = None
    id: str = ""
    products: Sequence[str] = (WINDOWS_7,)
    superseded_by: Sequence[int] = ()
    supersedes: Sequence[str] = ()
    bundled_by: Sequence[int] = ()
    day: str = "2025-01-14"

    @property
    def guid(self) -> str:
        """Its own, or one made of the revision."""
        return self.id or guid(self.revision)

    @property
    def told(self) -> str:
        """Its title, in the usual form unless another was given."""
        return f"Security Update for Windows 7 (KB{self.kb})" if self.title is None else self.title


def guid(number: int) -> str:
    """A GUID that says its number."""
    return f"00000000-0000-4000-8000-{number:012}"


@dataclass
class ScanFile:
    """A scan file in the making; every part can be replaced before ``made``, fragments under names like "x/7".

    ``starts``: the first revision of each inner cabinet, from package2.cab on.
    """

    updates: Sequence[Listed]
    day: str = "2025-02-11"
    starts: Sequence[int] = (0,)
    replaced: Mapping[str, bytes | None] = field(default_factory=dict)

    def made(self, method: int = STORED) -> bytes:
        """The bytes of the file, its inner cabinets packed as said; a part replaced by None is left out."""
        parts: dict[str, bytes | None] = {"index.xml": self.index()}
        parts["package.cab"] = cabinet({"package.xml": self.replaced.get("package.xml") or self.package()}, method)
        for number, fragments in enumerate(self.fragments(), start=2):
            parts[f"package{number}.cab"] = cabinet(fragments, method)
        parts.update({name: part for name, part in self.replaced.items() if "/" not in name and name != "package.xml"})
        return cabinet({name: part for name, part in parts.items() if part is not None})

    def index(self) -> bytes:
        """The list of the inner cabinets."""
        rows = "".join(
            f'<CAB NAME="package{number}.cab" RANGESTART="{start}"/>'
            for number, start in enumerate(self.starts, start=2)
        )
        return f'<INDEX VERSION="1"><CABLIST XOR="0"><CAB NAME="package.cab"/>{rows}</CABLIST></INDEX>'.encode()

    def package(self) -> bytes:
        """The list of the updates."""
        updates = "".join(_update(update) for update in self.updates)
        return (
            f'<?xml version="1.0" encoding="utf-8"?><OfflineSyncPackage xmlns="{NAMESPACE}" PackageVersion="1.1" '
            f'CreationDate="{self.day}T10:00:00Z"><Updates>{updates}</Updates><FileLocations>'
            '<FileLocation Id="abc" Url="http://example.com/a.cab"/></FileLocations></OfflineSyncPackage>'
        ).encode()

    def fragments(self) -> list[dict[str, bytes]]:
        """The fragments of each inner cabinet, replaced ones among them."""
        cabinets: list[dict[str, bytes]] = [{} for _ in self.starts]
        for update in self.updates:
            place = max(n for n, start in enumerate(self.starts) if start <= update.revision)
            cabinets[place].update(_fragments(update))
        for name, part in self.replaced.items():
            if "/" in name and part is not None:
                cabinets[0][name.replace("/", "\\")] = part
        return cabinets


def _update(update: Listed) -> str:
    children = "".join(
        f"<{tag}>{inner}</{tag}>"
        for tag, inner in (
            ("Categories", "".join(f'<Category Type="Product" Id="{product}"/>' for product in update.products)),
            ("SupersededBy", "".join(f'<Revision Id="{revision}"/>' for revision in update.superseded_by)),
            ("BundledBy", "".join(f'<Revision Id="{revision}"/>' for revision in update.bundled_by)),
        )
        if inner
    )
    return (
        f'<Update CreationDate="{update.day}T00:00:00Z" DefaultLanguage="en" UpdateId="{update.guid}" '
        f'RevisionNumber="200" RevisionId="{update.revision}" IsLeaf="true" IsBundle="true">{children}</Update>'
    )


def _fragments(update: Listed) -> dict[str, bytes]:
    older = "".join(f"<UpdateIdentity UpdateID={quoteattr(other)} />" for other in update.supersedes)
    superseded = f"<SupersededUpdates>{older}</SupersededUpdates>" if older else ""
    core = (
        f'<UpdateIdentity UpdateID="{update.guid}" RevisionNumber="200" /><Properties UpdateType="Software" />'
        f"<Relationships>{superseded}</Relationships><ApplicabilityRules><lar:Or /></ApplicabilityRules>"
    )
    article = f"<KBArticleID>{update.kb}</KBArticleID>" if update.kb else ""
    extended = f'<ExtendedProperties MsrcSeverity="Critical">{article}</ExtendedProperties><Files />'
    localized = f"<LocalizedProperties><Title>{escape(update.told)}</Title></LocalizedProperties>"
    number = update.revision
    return {f"c\\{number}": core.encode(), f"x\\{number}": extended.encode(), f"l\\en\\{number}": localized.encode()}
