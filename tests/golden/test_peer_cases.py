"""Every case of other projects is answered as it should be, or is not ours to answer for a reason.

``differences.toml`` lists the cases that kbgap answers otherwise on purpose, each with its reason; a case that is wrong
and not listed there fails, and so does an entry there that is no longer needed.
"""

from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.records import Document
from tests.accuracy.peers import NO_RUNNER, Peers, differences, run_peers


@pytest.fixture(scope="module")
def peers(
    real_catalogue: CatalogueFile,
    real_documents: tuple[Document, ...],
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Peers:
    """The outcome of all of them."""
    return run_peers(real_catalogue, real_documents, shared_data, tmp_path_factory.mktemp("catalogues"))


@pytest.mark.timeout(300)
def test_every_case_is_answered_as_it_should_be(peers: Peers) -> None:
    """A wrong answer needs a reason that has been thought through, and an unneeded reason goes."""
    wrong = {told.id: told.text for told in peers.differing if not told.reason}

    assert wrong == {}
    assert sorted(differences().keys() - {told.id for told in peers.differing}) == []
    assert peers.total.total() >= 486


def test_no_kind_of_case_is_left_out_silently(peers: Peers) -> None:
    """A kind that is added to the data set asks for an answer, and what is not run has its reason."""
    assert [told.kind for told in peers.idle if told.text == NO_RUNNER] == []
    assert peers.total["not run"] <= 64
