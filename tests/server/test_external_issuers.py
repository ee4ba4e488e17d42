"""Tokens of external issuers at the door, over real HTTP: the issuer publishes its keys on loopback."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from kbgap.server.operation import Guarded, Operation
from kbgap.server.routes import OPERATIONS
from tests.builders import OTHER_TENANT, TENANT
from tests.issuing import AUDIENCE, DISCOVERY, LoopbackIssuer, issuing
from tests.server.conftest import Server, an_address, running

GUARDED = [operation for operation in OPERATIONS if isinstance(operation.access, Guarded)]
OPEN = "/api/Software"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine is set up with must not stand between two programs on it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def issuers() -> Iterator[tuple[LoopbackIssuer, LoopbackIssuer]]:
    """Two issuers: one for both tenants by claim, the other for the second tenant, with machine groups."""
    with issuing() as one, issuing() as other:
        yield one, other


@pytest.fixture(scope="module")
def trusting(
    tmp_path_factory: pytest.TempPathFactory, issuers: tuple[LoopbackIssuer, LoopbackIssuer]
) -> Iterator[Server]:
    """A server that accepts both issuers' tokens beside its own."""
    folder = Path(tmp_path_factory.mktemp("trusting"))
    one, other = issuers
    described = folder / "issuers.toml"
    described.write_text(f"""
[[issuer]]
issuer = "{one.url}"
audience = "{AUDIENCE}"
tenant_claim = "org"
tenants = {{ north = "{TENANT}", south = "{OTHER_TENANT}", gone = "{uuid.uuid4()}" }}

[[issuer]]
issuer = "{other.url}"
audience = "{AUDIENCE}"
tenant = "{OTHER_TENANT}"
""")
    with running(f"sqlite:///{folder / 'kbgap.sqlite'}", issuers=described) as server:
        yield server


def call(server: Server, token: str, method: str = "GET", path: str = OPEN) -> httpx2.Response:
    """A request with a token."""
    return server.http.request(method, path, headers={"Authorization": f"Bearer {token}"})


def test_two_issuers_and_our_own_tokens_open_the_api(
    trusting: Server, issuers: tuple[LoopbackIssuer, LoopbackIssuer]
) -> None:
    """All at once."""
    one, other = issuers
    now = trusting.clock()
    tokens = [one.token(now, org="north"), other.token(now), trusting.token()]

    assert [call(trusting, token).status_code for token in tokens] == [200, 200, 200]


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: f"{operation.method} {operation.path}")
def test_nothing_opens_with_a_bad_token_of_a_good_issuer(
    trusting: Server, issuers: tuple[LoopbackIssuer, LoopbackIssuer], operation: Operation
) -> None:
    """Each guarded operation answers 401 to each kind of bad token, and 403 to a good one without the role."""
    one, other = issuers
    now = trusting.clock()
    stranger = LoopbackIssuer(port=9)
    past, future = now.timestamp() - 1, now.timestamp() + 3600
    bad = {
        "audience": one.token(now, org="north", aud="https://graph.microsoft.com"),
        "issuer": one.token(now, org="north", iss="https://sts.example.net"),
        "our name as its issuer": one.token(now, tid=TENANT, iss=f"{trusting.url}/{TENANT}/v2.0"),
        "the other's name": one.token(now, org="north", iss=other.url),
        "expired": one.token(now, org="north", exp=past),
        "not yet valid": one.token(now, org="north", nbf=future),
        "unknown key": one.token(now, org="north", header={"kid": "nobody"}),
        "signature": stranger.token(now, org="north", iss=one.url),
        "unknown tenant": one.token(now, org="west"),
        "no tenant": one.token(now),
        "tenant that is gone": one.token(now, org="gone"),
        "no access token": one.token(now, org="north", header={"typ": "logout+jwt"}),
    }
    access = operation.access
    assert isinstance(access, Guarded)

    answers = {name: call(trusting, token, operation.method, an_address(operation.path)) for name, token in bad.items()}
    without = call(
        trusting, one.token(now, org="north", roles=["Other.Read.All"]), operation.method, an_address(operation.path)
    )

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(bad, 401)
    assert without.status_code == 403
    assert ",".join(access.application) in without.json()["error"]["message"]


def test_a_role_does_not_open_the_tenant_to_a_person(
    trusting: Server, issuers: tuple[LoopbackIssuer, LoopbackIssuer]
) -> None:
    """A delegated token opens by its scopes, whatever roles its person holds."""
    one, now = issuers[0], trusting.clock()

    person = one.token(now, org="north", sub="somebody", scp="Machine.Read")
    allowed = one.token(now, org="north", sub="somebody", scp="Software.Read", roles=None)

    assert call(trusting, person).status_code == 403
    assert "Missing user scopes" in call(trusting, person).json()["error"]["message"]
    assert call(trusting, allowed).status_code == 200


def test_keys_change_without_a_break(trusting: Server, issuers: tuple[LoopbackIssuer, LoopbackIssuer]) -> None:
    """A token signed with a key that was just made opens; one of a withdrawn key does not, though it is remembered."""
    other = issuers[1]
    call(trusting, other.token(trusting.clock()))
    other.add_key("second")
    trusting.clock.move(seconds=31)
    old, new = other.token(trusting.clock()), other.token(trusting.clock(), "second")

    before = [call(trusting, token).status_code for token in (old, new)]
    first = other.keys.pop("first")
    other.add_key("third")
    trusting.clock.move(seconds=31)
    third = call(trusting, other.token(trusting.clock(), "third")).status_code
    after = call(trusting, old).status_code
    other.add_key("first", first)

    assert (before, third, after) == ([200, 200], 200, 401)


def test_a_key_withdrawn_by_its_issuer_ends_long_tokens_within_two_hours(
    trusting: Server, issuers: tuple[LoopbackIssuer, LoopbackIssuer]
) -> None:
    """Also when no other token comes that makes the keys be fetched: what is remembered is checked anew each hour."""
    other = issuers[1]
    other.add_key("short-lived")
    trusting.clock.move(seconds=31)
    token = other.token(trusting.clock(), "short-lived", exp=trusting.clock().timestamp() + 90_000)
    before = call(trusting, token).status_code
    del other.keys["short-lived"]

    statuses = []
    for _ in range(3):
        trusting.clock.move(hours=1)
        statuses.append(call(trusting, token).status_code)
        time.sleep(0.3)  # the keys are fetched while the request goes on

    assert (before, statuses[-1]) == (200, 401)


def test_an_issuer_that_is_down_costs_nothing_but_new_keys(
    trusting: Server, issuers: tuple[LoopbackIssuer, LoopbackIssuer]
) -> None:
    """Tokens of its known keys open all the same."""
    one = issuers[0]
    call(trusting, one.token(trusting.clock(), org="north"))
    one.answers[DISCOVERY] = (503, {}, b"")
    trusting.clock.move(hours=2)

    answer = call(trusting, one.token(trusting.clock(), org="north"))
    one.answers.clear()

    assert answer.status_code == 200


def test_an_issuer_that_was_never_there_is_unavailable(sqlite_url: str, tmp_path: Path) -> None:
    """503 and not 401: the token may be good, and the client need not ask for another."""
    absent = LoopbackIssuer(port=9)
    described = tmp_path / "issuers.toml"
    described.write_text(
        f'[[issuer]]\nissuer = "{absent.url}"\naudience = "{AUDIENCE}"\n'
        f'tenant = "{TENANT}"\nkeys_url = "{absent.url}/keys"\n'
    )
    with running(sqlite_url, issuers=described) as server:
        answer = call(server, absent.token(server.clock()))

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ServiceUnavailable")
    assert absent.url not in answer.text
