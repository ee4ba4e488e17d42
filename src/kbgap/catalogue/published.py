"""What the catalogue tells people about one KB and one CVE: the shapes that ``catalogue show`` and the API read."""

from kbgap.core.model import Value


class BuildOnLine(Value, frozen=True):
    """The build that a KB brings on one line."""

    line: str
    build: str


class ScannedNewer(Value, frozen=True):
    """A KB that supersedes another, as a source besides Microsoft's documents says, last on that day (ISO)."""

    kb: str
    source: str
    day: str


class PublishedUpdate(Value, frozen=True):
    """One KB: ``software`` maps the product part of a software id to the distinct CVE ids that the KB closes for it.

    ``name`` is the title of the document in which it fixes most CVEs (semantics 3.7); ``urls`` are Microsoft's own
    links; ``published`` the ISO day from which rows of it count (``--as-of``). ``superseded_by`` is what Microsoft's
    documents say, ``scanned`` what other sources do.
    """

    kb: str
    name: str
    urls: tuple[str, ...]
    kinds: tuple[str, ...]
    builds: tuple[BuildOnLine, ...]
    supersedes: tuple[str, ...]
    superseded_by: tuple[str, ...]
    published: str
    software: dict[str, tuple[str, ...]]
    scanned: tuple[ScannedNewer, ...] = ()


class FixedProduct(Value, frozen=True):
    """One product that a CVE names, with the KBs and the fixed build (after our corrections) that close it there."""

    product: str
    software: str
    kbs: tuple[str, ...]
    fixed_build: str


class LeftOut(Value, frozen=True):
    """A KB that a CVE names for a product (by its name) and that judging leaves out there, with the reason."""

    product: str
    kb: str
    reason: str


class PublishedCve(Value, frozen=True):
    """One CVE or advisory; ``severity`` is the API's word (semantics 3.10), ``cvss`` the highest base score.

    ``products`` and their KBs are those that are judged, or that no rule of ours knows; the others are ``left_out``.
    """

    id: str
    title: str
    severity: str
    cvss: float
    vector: str
    published: str
    revised: str
    exploit: str
    products: tuple[FixedProduct, ...]
    description: str = ""
    left_out: tuple[LeftOut, ...] = ()


class DocumentFacts(Value, frozen=True):
    """Identity and size of one compiled document: what a later refresh is compared with."""

    id: str
    title: str
    initial: str
    current: str
    entries: int
    kbs: int


class Dropped(Value, frozen=True):
    """Rows that were left out of judging, and why: shown by ``catalogue quality``."""

    product: str
    kb: str
    rows: int
    reason: str
