"""What one MSRC document says, after parsing: the shapes between reading and compiling."""

import msgspec

from kbgap.core.model import Kind, Value


class Remedy(Value, frozen=True):
    """One Vendor Fix row that names a KB, for one CVE.

    ``url`` is Microsoft's own link (often blank; for .NET it holds the child's KB). ``supersedes`` holds KBs only:
    several values split, self edges kept (compiling drops and counts them). ``fixed_build`` is raw text, trimmed.
    """

    kb: str
    kind: Kind
    subtype: str
    url: str
    supersedes: tuple[str, ...]
    fixed_build: str
    products: tuple[str, ...]


class VersionFix(Value, frozen=True):
    """One Vendor Fix or Release Notes row without a KB that names a fixed version, for products known by version."""

    label: str
    fixed_build: str
    products: tuple[str, ...]


class Score(Value, frozen=True):
    """A CVSS base score with its vector, for some products."""

    base: float
    vector: str
    products: tuple[str, ...]


class Entry(Value, frozen=True):
    """One vulnerability entry: a CVE or an advisory (ADV...), with what fixes it.

    Dates are ISO days or empty. ``severities`` maps a product id to Microsoft's word.
    ``exploit`` is the raw text of the exploit-status threat ("Publicly Disclosed:No;Exploited:No;...").
    ``known_issue_kbs`` are KBs that are only named by Known Issue rows: never fixes.
    """

    id: str
    title: str
    published: str
    revised: str
    description: str = ""
    exploit: str = ""
    affected: tuple[str, ...] = ()
    severities: dict[str, str] = msgspec.field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    version_fixes: tuple[VersionFix, ...] = ()
    known_issue_kbs: tuple[str, ...] = ()


class Oddity(Value, frozen=True):
    """One thing in a document that is dirty: kept for ``catalogue quality``, never fatal.

    ``kb`` and ``product`` (a name) where it is about one; ``override``: the label of the entry that mends it.
    """

    kind: str
    where: str
    text: str
    kb: str = ""
    product: str = ""
    override: str = ""


class Document(Value, frozen=True):
    """One MSRC document: its identity, its product names by id (an id may have had several), and its entries."""

    id: str
    title: str
    initial: str
    current: str
    products: dict[str, tuple[str, ...]]
    entries: tuple[Entry, ...]
    remediations: int = 0
    oddities: tuple[Oddity, ...] = ()
