"""The real catalogue, for the tests here too."""

from tests.golden.conftest import real_catalogue, real_documents

__all__ = ["real_catalogue", "real_documents"]
