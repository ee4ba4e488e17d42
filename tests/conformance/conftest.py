"""The servers of the server's own tests, and one that clients reach as they reach the service."""

from tests.conformance.front import front, node_client, oidc_node, proxy, python_client
from tests.server.conftest import demo_server

__all__ = ["demo_server", "front", "node_client", "oidc_node", "proxy", "python_client"]
