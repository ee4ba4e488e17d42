"""A server refreshes the catalogue by itself, once a day, and never two at once."""

import logging
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from kbgap.catalogue.turns import Outcome, Turn, last_turn, one_turn
from kbgap.cli.refreshing import refresh, refreshing, until_due
from kbgap.settings import Settings
from tests.catalogue.test_turns import NOW, clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_turn(outcome: Outcome, ended: timedelta | None = timedelta(minutes=5)) -> Turn:
    """One that began at ``NOW``."""
    at = None if ended is None else NOW + ended
    return Turn(outcome=outcome, started_at=NOW, ended_at=at, process=1, message="")


@pytest.fixture
def without_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings of a folder whose refresh ends at once, because a list that it should load is not there."""
    monkeypatch.setenv("KBGAP_KEV", str(tmp_path / "nowhere.json"))
    monkeypatch.setenv("KBGAP_DATABASE_URL", f"sqlite:///{tmp_path / 'data' / 'kbgap.sqlite'}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kbgap.sqlite").touch()
    return Settings(data_dir=tmp_path / "data", refresh="daily")


@pytest.mark.parametrize(
    ("last", "after", "wait"),
    [
        (None, HOUR, timedelta(0)),
        (a_turn(Outcome.DONE), HOUR, 23 * HOUR),
        (a_turn(Outcome.DONE), DAY, timedelta(0)),
        (a_turn(Outcome.DONE), -30 * DAY, DAY),
        (a_turn(Outcome.FAILED), timedelta(minutes=35), timedelta(minutes=30)),
        (a_turn(Outcome.FAILED), 2 * HOUR, timedelta(0)),
        (a_turn(Outcome.RUNNING, None), 2 * HOUR, HOUR),
        (a_turn(Outcome.BROKEN_OFF, None), timedelta(minutes=1), timedelta(0)),
    ],
)
def test_a_refresh_is_due_a_day_after_the_last(last: Turn | None, after: timedelta, wait: timedelta) -> None:
    """An hour after one that failed, and at once after one that was broken off; a clock set back delays it by a day."""
    assert until_due(last, NOW + after) == wait


def test_what_a_refresh_says_is_logged(without_service: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """One line for what went wrong, and what became of it is known."""
    with caplog.at_level(logging.INFO):
        went_well = refresh(without_service, None, threading.Event())

    assert not went_well
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "refresh: kbgap: " in caplog.text
    last = last_turn(without_service.data_dir / "catalogue")
    assert last is not None
    assert last.outcome is Outcome.FAILED


def test_one_refresh_runs_at_a_time(without_service: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever starts it: servers that share a folder, or a person at a terminal."""
    with one_turn(without_service.data_dir / "catalogue", clock), caplog.at_level(logging.INFO):
        went_well = refresh(without_service, None, threading.Event())

    assert not went_well
    assert "another refresh or import is running" in caplog.text


def test_a_server_refreshes_when_it_starts_and_its_catalogue_is_of_yesterday(without_service: Settings) -> None:
    """It answers meanwhile; the thread ends with it."""
    folder = without_service.data_dir / "catalogue"

    with refreshing(without_service, None):
        until = time.monotonic() + 30
        while (last := last_turn(folder)) is None or last.outcome is Outcome.RUNNING:
            assert time.monotonic() < until
            time.sleep(0.05)

    assert last.outcome is Outcome.FAILED
    assert not [thread for thread in threading.enumerate() if thread.name == "refresh"]


def test_a_refresh_ends_with_its_server(without_service: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """A server that is told to stop does not wait for it."""
    ended = threading.Event()
    ended.set()

    with caplog.at_level(logging.INFO):
        assert not refresh(without_service, None, ended)

    assert "is broken off, and goes on when a server starts again" in caplog.text


def test_nothing_is_refreshed_unless_it_is_asked_for(tmp_path: Path) -> None:
    """The setting is off by default: the server opens no connections by itself."""
    with refreshing(Settings(data_dir=tmp_path), None):
        assert [thread for thread in threading.enumerate() if thread.name == "refresh"] == []

    assert last_turn(tmp_path / "catalogue") is None
