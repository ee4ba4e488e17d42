"""TLS: the server speaks it itself, says what is wrong with its files, and takes a renewed certificate."""

import shutil
import ssl
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization

from kbgap.core.errors import Invalid
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.server.app import create_app
from kbgap.server.run import address_of_socket, in_background, listen
from kbgap.server.tls import Certificate
from kbgap.settings import Settings
from kbgap.store import tenants
from kbgap.store.database import open_database
from kbgap.store.migrate import migrate
from tests.builders import TENANT
from tests.certificates import Authority, Files
from tests.server.conftest import Clock, no_catalogue


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private authority."""
    return Authority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> Files:
    """A certificate for loopback, in files of this test's own."""
    made = authority.certificate("loopback", "127.0.0.1", "localhost")
    return Files(Path(shutil.copy(made.chain, tmp_path)), Path(shutil.copy(made.key, tmp_path)))


def test_clients_that_trust_the_authority_read_over_https(authority: Authority, files: Files, sqlite_url: str) -> None:
    """Discovery then has https links by itself, which token libraries insist on."""
    migrate(sqlite_url)
    with open_database(sqlite_url) as database:
        clock = Clock()
        with database.transaction() as tx:
            tenants.create(tx, TENANT, "contoso", clock())
        create_client(database, TENANT, "test", ALL_ROLES, clock())
        listening = listen("127.0.0.1", 0)
        url = address_of_socket(listening, "https")
        app = create_app(Settings(), database, no_catalogue, clock, address=url)
        trusted = ssl.create_default_context(cafile=str(authority.files.chain))
        with (
            in_background(app, listening, Certificate(files.chain, files.key)),
            httpx2.Client(base_url=url, verify=trusted) as http,
        ):
            found = http.get("/contoso/v2.0/.well-known/openid-configuration").json()
            with pytest.raises(httpx2.ConnectError):
                httpx2.get(f"{url}/healthz")

    assert found["token_endpoint"] == f"{url}/{TENANT}/oauth2/v2.0/token"
    assert found["token_endpoint"].startswith("https://")


def test_a_renewed_certificate_is_taken_without_a_restart(authority: Authority, files: Files) -> None:
    """For connections to come; files that are no pair change nothing."""
    certificate = Certificate(files.chain, files.key)
    context = certificate.context()
    before = _presented(context, authority)

    renewed = authority.certificate("renewed", "127.0.0.1", "localhost")
    shutil.copy(renewed.chain, files.chain)
    certificate.renew()
    half = _presented(context, authority)
    shutil.copy(renewed.key, files.key)
    certificate.renew()
    after = _presented(context, authority)

    assert before == half
    assert after != before


def _presented(server: ssl.SSLContext, authority: Authority) -> bytes | None:
    """The certificate that a client is shown, without a network."""
    client = ssl.create_default_context(cafile=str(authority.files.chain))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (one, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return one.getpeercert(binary_form=True)


def _protected(files: Files) -> None:
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda files, _: files.chain.unlink(), "cannot be read"),
        (lambda files, _: files.key.unlink(), "cannot be read"),
        (lambda files, _: files.chain.write_text("nothing"), "cannot be used"),
        (lambda files, _: files.key.write_bytes(b""), "cannot be used"),
        (lambda files, other: shutil.copy(other.key, files.key), "cannot be used"),
        (lambda files, _: _protected(files), "protected by a password"),
    ],
)
def test_files_that_cannot_be_used_are_named(authority: Authority, files: Files, spoil: object, said: str) -> None:
    """One line, with the flags to give."""
    other = authority.certificate("other", "localhost")
    assert callable(spoil)
    spoil(files, other)

    with pytest.raises(Invalid, match=said):
        Certificate(files.chain, files.key).context()
