"""The real catalogue, made once and kept between runs, and its documents."""

import hashlib
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbgap.catalogue.application_builds import Builds, load_application_builds
from kbgap.catalogue.compile import Compiled, Corrections
from kbgap.catalogue.edges import Edges
from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.offers import read_path
from kbgap.catalogue.overrides import Overrides, apply, load_overrides
from kbgap.catalogue.records import Document
from kbgap.catalogue.releases import load_releases, with_releases
from kbgap.catalogue.rules import load_lines, load_product_rules
from kbgap.catalogue.supersedence_table import load_supersedence
from kbgap.catalogue.wsus import Scan
from kbgap.core.product_names import product_table
from kbgap.operations.refresh_catalogue import compile_documents
from tests.conftest import ROOT
from tests.fleet import World
from tests.golden.scan_truth import february

NO_EDGES: Edges = {}
KEPT = 3  # catalogues of earlier code: another run may be using one
SOURCES = ("core", "catalogue", "data", "operations/refresh_catalogue.py")


@pytest.fixture(scope="session")
def real_documents(shared_data: Path, request: pytest.FixtureRequest) -> tuple[Document, ...]:
    """The 190 documents of 2026-07-06 as read, by date and id; kept while neither they nor the code change."""
    return read_kept(_kept(shared_data, request))


@pytest.fixture(scope="session")
def real_catalogue(shared_data: Path, request: pytest.FixtureRequest) -> Iterator[CatalogueFile]:
    """The catalogue that ``kbgap catalogue refresh`` makes of these documents."""
    with CatalogueFile(kept_catalogue(_kept(shared_data, request))) as catalogue:
        yield catalogue


@pytest.fixture(scope="session")
def scan(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """The scan file of February 2025."""
    return february(shared_data, tmp_path_factory.mktemp("scan"))


@pytest.fixture(scope="session")
def scanned(real_documents: tuple[Document, ...], scan: Scan) -> Compiled:
    """The documents with that scan file instead of our table."""
    return compile_documents(real_documents, [scan], supersedence={})


@pytest.fixture(scope="session")
def alone(real_documents: tuple[Document, ...]) -> Compiled:
    """The documents without our table and without a scan file."""
    return compile_documents(real_documents, supersedence={})


@pytest.fixture(scope="session")
def real_world(real_documents: tuple[Document, ...]) -> World:
    """The same documents with the overrides, rules and tables that come with kbgap: what both assessors read."""
    return world_of(real_documents, load_overrides(), supersedence=load_supersedence())


def world_of(
    documents: tuple[Document, ...],
    overrides: Overrides,
    builds: Builds | None = None,
    supersedence: Edges = NO_EDGES,
) -> World:
    """Documents as read, corrected, with our product rules and release table, and by default our table of programs.

    ``supersedence``: what is said besides the documents of which update contains which; by default nothing.
    """
    builds = load_application_builds() if builds is None else builds
    corrected, _ = apply(documents, overrides)
    names: dict[str, set[str]] = {}
    for document in corrected:
        for product, spelled in document.products.items():
            names.setdefault(product, set()).update(spelled)
    table = product_table(names, load_product_rules())
    return World(
        documents=tuple(corrected),
        products=table.products,
        canonical=table.canonical,
        lines=with_releases(load_lines(), load_releases()),
        corrections=Corrections(
            traceless=overrides.traceless,
            standalone=overrides.standalone,
            application_builds=builds,
            scanned=supersedence,
        ),
    )


def read_kept(kept: Path) -> tuple[Document, ...]:
    """The documents in a folder that ``keep`` made."""
    content = (kept / "documents.pickle").read_bytes()
    documents: tuple[Document, ...] = pickle.loads(content)  # noqa: S301 - written by these very tests
    return documents


def kept_catalogue(kept: Path) -> Path:
    """The catalogue file in it."""
    (path,) = kept.glob("*.kbcat")
    return path


def _kept(shared_data: Path, request: pytest.FixtureRequest) -> Path:
    cache: pytest.Cache = request.config.cache
    return keep(shared_data, cache.mkdir("kbgap-golden"))


def keep(shared_data: Path, folder: Path) -> Path:
    """A folder below ``folder`` with the documents and the catalogue; made by the first process that asks."""
    import fasteners  # type: ignore[import-untyped] # it ships no types

    source = shared_data / "msrc-cvrf" / "2026-07-06"
    mine = folder / _key(source)
    with fasteners.InterProcessLock(folder / "lock"):
        if not (mine / "done").exists():
            made = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
            for older in made[:-KEPT]:
                shutil.rmtree(older)
            mine.mkdir(exist_ok=True)
            documents = read_path(source).documents
            (mine / "documents.pickle").write_bytes(pickle.dumps(documents))
            write_catalogue(compile_documents(documents), mine)
            (mine / "done").touch()
    return mine


def _key(source: Path) -> str:
    """A hash over all that the catalogue is made from, the code included."""
    digest = hashlib.sha256()
    code = [path for name in SOURCES for path in [ROOT / "src" / "kbgap" / name]]
    paths = [file for path in code for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    for file in (
        file for file in (*paths, *sorted(source.iterdir())) if file.suffix in {".py", ".toml", ".csv", ".zst"}
    ):
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]
