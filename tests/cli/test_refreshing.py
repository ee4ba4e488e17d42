"""A server refreshes the catalogue by itself, once a day, and never two at once."""

import logging
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from kbgap.catalogue.turns import Outcome, Turn, last_turn, one_turn
from kbgap.cli import context
from kbgap.cli.refreshing import refresh, refreshing, until_due
from kbgap.settings import Settings
from tests.catalogue.test_turns import NOW, clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_turn(outcome: Outcome, ended: timedelta | None = timedelta(minutes=5)) -> Turn:
    """One that began at ``NOW``."""
    at = None if ended is None else NOW + ended
    return Turn(outcome=outcome, started_at=NOW, ended_at=at, process=1, message="")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a server that refreshes."""
    return Settings(data_dir=tmp_path / "data", refresh="daily")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file of settings with which a refresh ends at once, before it asks anybody for anything."""
    (tmp_path / "kbgap.toml").write_text("nothing = 1\n")
    return tmp_path / "kbgap.toml"


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


def test_what_a_refresh_says_is_logged(settings: Settings, broken: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line for what went wrong."""
    with caplog.at_level(logging.INFO):
        went_well = refresh(settings, broken, threading.Event())

    assert not went_well
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"refresh: kbgap: {broken}: nothing: there is no such setting" in caplog.text


def test_one_refresh_runs_at_a_time(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever starts it: servers that share a folder, or a person at a terminal."""
    with one_turn(settings.data_dir / "catalogue", clock), caplog.at_level(logging.INFO):
        went_well = refresh(settings, None, threading.Event())

    assert not went_well
    assert "another refresh or import is running" in caplog.text


def test_a_server_refreshes_when_it_starts(settings: Settings, broken: Path, caplog: pytest.LogCaptureFixture) -> None:
    """When its catalogue is of another day; it answers meanwhile, and the thread ends with it."""
    with caplog.at_level(logging.INFO), refreshing(settings, broken):
        until = time.monotonic() + 30
        while not caplog.records:
            assert time.monotonic() < until
            time.sleep(0.05)

    assert "there is no such setting" in caplog.text
    assert not [thread for thread in threading.enumerate() if thread.name == "refresh"]


def test_a_server_waits_until_it_is_time(settings: Settings, broken: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody has refreshed today."""
    with one_turn(settings.data_dir / "catalogue", context.now):
        pass

    with caplog.at_level(logging.INFO), refreshing(settings, broken):
        time.sleep(0.5)

    assert caplog.records == []


def test_a_refresh_ends_with_its_server(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """A server that is told to stop does not wait for it."""
    ended = threading.Event()
    ended.set()

    with caplog.at_level(logging.INFO):
        assert not refresh(settings, None, ended)

    assert "is broken off, and goes on when a server starts again" in caplog.text


def test_nothing_is_refreshed_unless_it_is_asked_for(tmp_path: Path) -> None:
    """The setting is off by default: the server opens no connections by itself."""
    with refreshing(Settings(data_dir=tmp_path), None):
        assert [thread for thread in threading.enumerate() if thread.name == "refresh"] == []

    assert last_turn(tmp_path / "catalogue") is None
