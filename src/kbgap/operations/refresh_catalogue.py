"""Refresh the catalogue: collect Microsoft's documents, correct and compile them, and make the result current."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from kbgap.catalogue.application_builds import load_application_builds
from kbgap.catalogue.cache import Cache
from kbgap.catalogue.collect import Collected, collect
from kbgap.catalogue.compile import Compiled, Corrections, compile_catalogue
from kbgap.catalogue.edges import Edges, join_scans, load_scan_products
from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.mended import mended_errors
from kbgap.catalogue.offers import Progress, silent
from kbgap.catalogue.overrides import apply, load_overrides
from kbgap.catalogue.records import Document
from kbgap.catalogue.releases import load_releases, with_releases
from kbgap.catalogue.rules import load_lines, load_product_rules
from kbgap.catalogue.shelf import Shelf
from kbgap.catalogue.source import Service
from kbgap.catalogue.supersedence_table import load_supersedence, with_scans
from kbgap.catalogue.wsus import Scan, read_scan
from kbgap.catalogue.wsus_shelf import ScanShelf
from kbgap.core.errors import Invalid, Unavailable
from kbgap.core.model import Value
from kbgap.core.product_names import product_table


class Refreshed(Value, frozen=True):
    """What a refresh did: the file that is current now, whether it is a new revision, and what became of the feed.

    ``scans``: what was read from the offline scan files that were given.
    """

    path: Path
    revision: str
    is_new: bool
    collected: Collected
    scans: tuple[Scan, ...] = ()


def refresh_catalogue(
    source: Service | Path | None,
    data_dir: Path,
    *,
    scan_files: Sequence[Path] = (),
    accept_shrink: bool = False,
    progress: Progress = silent,
) -> Refreshed:
    """Take what ``source`` offers, compile everything there is, and point to the result in one step.

    Without a ``source`` the documents at hand are compiled again. ``scan_files`` are offline scan files (wsusscn2.cab):
    they are read first, one that is bad ends the refresh, and what they say is kept for every later one.

    A feed that lost months or entries is refused by document, with the reason; the last good ones are compiled. Invalid
    when documents of the catalogue in use are nowhere any more, unless ``accept_shrink`` lets them go. Other errors as
    ``collect``, ``read_scan`` and ``write_catalogue``. On any error the old revision stays current.
    """
    scans = tuple(read_scan(path, progress=progress) for path in scan_files)
    shelf = Shelf(data_dir / "catalogue")
    before = _current(shelf)
    known = {facts.id: facts for facts in before.documents} if before else {}
    cache = Cache(data_dir / "documents")
    collected = collect(source, cache, known=known, accept_shrink=accept_shrink, progress=progress)
    if collected.lost and not accept_shrink:
        raise Invalid(
            f"{len(collected.lost)} documents of the catalogue in use are not at hand ({', '.join(collected.lost[:3])}"
            f"{', ...' if len(collected.lost) > 3 else ''}), and a catalogue without them would forget them",
            mend="refresh from Microsoft's service or a full folder, or forget them with --accept-shrink",
        )
    scan_shelf = ScanShelf(data_dir / "scans")
    for scan in scans:
        scan_shelf.keep(scan)
    progress("compiling", 0, 1)
    path = write_catalogue(compile_documents(collected.documents, scan_shelf.scans()), shelf.folder)
    progress("compiling", 1, 1)
    shelf.make_current(path)
    with CatalogueFile(path) as now:
        is_new = before is None or before.revision != now.revision
        return Refreshed(path=path, revision=now.revision, is_new=is_new, collected=collected, scans=scans)


def compile_documents(
    documents: Iterable[Document], scans: Iterable[Scan] = (), supersedence: Edges | None = None
) -> Compiled:
    """Correct documents by the overrides and compile them with the package's product rules and tables.

    ``scans``: what offline scan files say of supersedence, beside ``supersedence``, by default the package's own table.
    """
    overrides = load_overrides()
    corrected, use = apply(documents, overrides)
    names: dict[str, set[str]] = {}
    for document in corrected:
        for product, spelled in document.products.items():
            names.setdefault(product, set()).update(spelled)
    table = product_table(names, load_product_rules())
    lines = with_releases(load_lines(), load_releases())
    corrections = Corrections(
        traceless=overrides.traceless,
        standalone=overrides.standalone,
        application_builds=load_application_builds(),
        scanned=with_scans(
            load_supersedence() if supersedence is None else supersedence, join_scans(scans, load_scan_products())
        ),
    )
    compiled = compile_catalogue(corrected, table.products, table.canonical, lines, corrections)
    oddities = compiled.oddities | mended_errors(overrides, use, corrected)
    return msgspec.structs.replace(compiled, oddities=oddities)


def _current(shelf: Shelf) -> CatalogueFile | None:
    try:
        return shelf.current()
    except Unavailable:
        return None
