"""The servers of the server's own tests."""

from tests.server.conftest import demo_server

__all__ = ["demo_server"]
