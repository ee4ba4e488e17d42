"""Microsoft's real documents, read once for all tests of a run."""

import os
import pickle
from pathlib import Path

import pytest

from kbgap.catalogue.offers import Offer, read_path
from kbgap.catalogue.records import Document


@pytest.fixture(scope="session")
def real_offer(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Offer:
    """Everything in the folder of the 190 documents of 2026-07-06, as ``read_path`` gives it.

    Reading takes eight seconds on two processors, so the test processes of one run share the result.
    """
    folder = shared_data / "msrc-cvrf" / "2026-07-06"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return read_path(folder)
    import fasteners  # type: ignore[import-untyped] # it ships no types

    shared = tmp_path_factory.getbasetemp().parent / "real-offer.pickle"  # the parent belongs to this run alone
    with fasteners.InterProcessLock(shared.with_suffix(".lock")):
        if not shared.is_file():
            shared.write_bytes(pickle.dumps(read_path(folder)))
        offer: Offer = pickle.loads(shared.read_bytes())  # noqa: S301 - written by this very run
    return offer


@pytest.fixture(scope="session")
def real_documents(real_offer: Offer) -> tuple[Document, ...]:
    """The 190 documents of 2026-07-06, by date and id."""
    return real_offer.documents
