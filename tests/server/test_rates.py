"""Rate limits: off unless configured, counted for each client and each tenant, and answered as clients expect."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.auth.permissions import Principal
from kbgap.server.errors import TooManyRequests
from kbgap.server.rates import Rates
from kbgap.settings import Rate
from tests.server.conftest import running

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def somebody(client: str = "c", tenant: str = "t") -> Principal:
    """Who asks."""
    return Principal(tenant, client, frozenset())


def admitted(rates: Rates, principal: Principal, now: datetime) -> bool:
    """Whether one more request is let through."""
    try:
        rates.admit(principal, now)
    except TooManyRequests:
        return False
    return True


def test_nothing_is_limited_by_default() -> None:
    """Whoever wants limits sets them."""
    rates = Rates((), ())

    assert all(admitted(rates, somebody(), NOW) for _ in range(10_000))


def test_a_quota_may_be_used_at_once_and_then_grows_back() -> None:
    """Three in a minute: three, then one each twenty seconds."""
    rates = Rates((Rate(3, MINUTE),), ())

    at_once = [admitted(rates, somebody(), NOW) for _ in range(4)]
    later = [admitted(rates, somebody(), NOW + timedelta(seconds=after)) for after in (19.9, 20, 20, 40)]

    assert at_once == [True, True, True, False]
    assert later == [False, True, False, True]


def test_the_wait_is_told_and_is_long_enough() -> None:
    """In whole seconds, at least one."""
    rates = Rates((Rate(1, MINUTE),), ())
    rates.admit(somebody(), NOW)

    with pytest.raises(TooManyRequests, match=r"The quota of this application is reached: 1/1m requests") as caught:
        rates.admit(somebody(), NOW + timedelta(seconds=0.5))

    assert caught.value.retry_after == 60
    assert admitted(rates, somebody(), NOW + timedelta(seconds=0.5 + 60))


def test_all_limits_hold_together() -> None:
    """What one of them refuses does not count for the others."""
    rates = Rates((Rate(2, MINUTE), Rate(3, HOUR)), ())
    moments = [NOW, NOW, NOW, NOW + MINUTE, NOW + 2 * MINUTE, NOW + 21 * MINUTE]

    assert [admitted(rates, somebody(), moment) for moment in moments] == [True, True, False, True, False, True]


def test_clients_are_counted_for_themselves_and_tenants_together() -> None:
    """A client of the same id in another tenant is another client."""
    rates = Rates((Rate(2, MINUTE),), (Rate(3, MINUTE),))

    mine = [admitted(rates, somebody("a"), NOW) for _ in range(3)]
    its = [admitted(rates, somebody("b"), NOW) for _ in range(2)]
    another = admitted(rates, somebody("a", "u"), NOW)

    assert (mine, its, another) == ([True, True, False], [True, False], True)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.integers(1, 9), st.integers(1, 20))
def test_no_window_lets_more_through_than_twice_the_quota(pauses: list[float], requests: int, seconds: int) -> None:
    """A burst at the end of one period and one at the start of the next: never more, in any window of that length."""
    rates = Rates((Rate(requests, timedelta(seconds=seconds)),), ())
    moment, let_through = NOW, []
    for pause in pauses:
        moment += timedelta(seconds=pause)
        if admitted(rates, somebody(), moment):
            let_through.append(moment)

    for start in let_through:
        within = [at for at in let_through if start <= at < start + timedelta(seconds=seconds)]
        assert len(within) <= 2 * requests


def test_a_client_over_its_quota_gets_429_with_the_time_to_wait(sqlite_url: str) -> None:
    """In the contract's body; the others are answered, and the waiting is told in seconds."""
    with running(sqlite_url, client_rate=(Rate(2, MINUTE),)) as server:
        header = {"Authorization": f"Bearer {server.token()}"}
        answers = [server.http.get("/api/Software", headers=header) for _ in range(3)]
        other = server.http.get(
            "/api/Software", headers={"Authorization": f"Bearer {server.token('Software.Read.All')}"}
        )
        server.clock.move(seconds=int(answers[2].headers["retry-after"]))
        again = server.http.get("/api/Software", headers=header)

    assert [answer.status_code for answer in (*answers, other, again)] == [200, 200, 429, 200, 200]
    error = answers[2].json()["error"]
    assert error["code"] == "TooManyRequests"
    assert set(error) == {"code", "message", "target"}
    assert answers[2].headers["retry-after"] == "30"
