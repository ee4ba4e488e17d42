"""What tests/conftest.py promises: no test reaches another machine."""

import socket

import pytest

from tests.conftest import NetworkRefusedError


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "0.0.0.0", "example.org"])
def test_a_connection_to_another_machine_is_refused(host: str) -> None:
    """A test that needs the network would pass or fail by chance."""
    with socket.socket() as attempt, pytest.raises(NetworkRefusedError, match="stay on this machine"):
        attempt.connect((host, 443))


def test_a_connection_to_this_machine_is_allowed() -> None:
    """Tests start servers and talk to them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        with socket.create_connection(address) as connection:
            assert connection.getpeername() == address
