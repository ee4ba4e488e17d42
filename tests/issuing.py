"""An external issuer on loopback: it signs tokens, publishes its keys, and fails in every way that it is told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

AUDIENCE = "https://kbgap.example.org"
KEYS, DISCOVERY = "/keys", "/.well-known/openid-configuration"


class LoopbackIssuer:
    """Signs with one key or several, and counts what it is asked for; ``answers`` replaces what it says at a path."""

    def __init__(self, port: int) -> None:
        """Make the first key."""
        self.url = f"http://127.0.0.1:{port}"
        self.keys: dict[str, RSAKey | ECKey] = {}
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.add_key("first")

    def add_key(self, kid: str, key: RSAKey | ECKey | None = None) -> None:
        """Publish one more key."""
        self.keys[kid] = key or RSAKey.generate_key(2048)

    def published(self) -> dict[str, Any]:
        """The set of public keys."""
        return {"keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]}

    def token(self, now: datetime, kid: str = "first", header: dict[str, Any] | None = None, **claims: object) -> str:
        """A token for an application; a claim of None is left out."""
        every = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "app-1",
            "client_id": "app-1",
            "roles": ["Software.Read.All"],
            "exp": int((now + timedelta(hours=1)).timestamp()),
            "nbf": int(now.timestamp()),
            **claims,
        }
        key = self.keys[kid]
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        return jws.serialize_compact(
            {"alg": algorithm, "typ": "at+jwt", "kid": kid, **(header or {})},
            json.dumps({name: value for name, value in every.items() if value is not None}),
            key,
            registry=jws.JWSRegistry(strict_check_header=False),
        )

    def answer_to(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        found = {KEYS: self.published(), DISCOVERY: {"issuer": self.url, "jwks_uri": self.url + KEYS}}.get(path)
        return (404, {}, b"") if found is None else (200, {}, json.dumps(found).encode())


@contextmanager
def issuing() -> Iterator[LoopbackIssuer]:
    """An issuer that answers for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = issuer.answer_to(self.path)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = LoopbackIssuer(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield issuer
        server.shutdown()
        thread.join()
