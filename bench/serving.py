"""Servers in processes of their own, with a core of their own where there are two, and the tokens to ask them with."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.clock import as_installed
from bench.database import TENANT

_RESOURCE = "https://api.securitycenter.microsoft.com"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    url: str
    pid: int

    @property
    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory(self) -> float:
        """Megabytes that it holds."""
        lines = Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def token_of(url: str, client_id: str, client_secret: str) -> str:
    """A token with every role of the client."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": f"{_RESOURCE}/.default",
    }
    answer = httpx2.post(f"{url}/{TENANT}/oauth2/v2.0/token", data=form, timeout=30).raise_for_status()
    return str(answer.json()["access_token"])


@contextmanager
def running(command: Sequence[str], path: str, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server in a process of its own, on a core of its own; PORT in its command is a free one.

    ``path`` answers once it is ready. ``settings`` are added to its environment.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryFile() as log:
        os.sched_setaffinity(0, cores[:1])  # a child inherits it
        process = subprocess.Popen(
            [str(port) if word == "PORT" else word for word in command],
            stdout=log,
            stderr=log,
            env=as_installed() | dict(settings or {}),
        )
        os.sched_setaffinity(0, cores[1:] or cores)
        try:
            _wait(f"http://127.0.0.1:{port}{path}", process)
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        except httpx2.ConnectError:
            log.seek(0)
            sys.exit(f"{' '.join(command)}: {log.read().decode()}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            os.sched_setaffinity(0, cores)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers; ConnectError when it has ended instead, or takes too long."""
    until = time.monotonic() + 60
    while True:
        try:
            httpx2.get(url)
        except httpx2.ConnectError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
