"""One process at a time changes the catalogue of a folder, and what became of the last one is known."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kbgap.catalogue.turns import Outcome, last_turn, one_turn
from kbgap.core.errors import Invalid, Unavailable

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOLD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from kbgap.catalogue.turns import one_turn
with one_turn(Path(sys.argv[1]), lambda: datetime.now(UTC)):
    print("holding", flush=True)
    time.sleep(60)
"""


def clock() -> datetime:
    """Always the same moment."""
    return NOW


def test_before_the_first_turn_nothing_is_known(tmp_path: Path) -> None:
    """Also without the folder."""
    assert last_turn(tmp_path / "nowhere") is None


def test_what_became_of_a_turn_is_remembered(tmp_path: Path) -> None:
    """With what it said when it ended well."""
    with one_turn(tmp_path / "new", clock) as ending:
        running = last_turn(tmp_path / "new")
        ending.message = "two documents"

    done = last_turn(tmp_path / "new")
    assert running is not None
    assert (running.outcome, running.ended_at) == (Outcome.RUNNING, None)
    assert done is not None
    assert (done.outcome, done.started_at, done.ended_at, done.message) == (Outcome.DONE, NOW, NOW, "two documents")


@pytest.mark.parametrize("error", [Invalid("cut", where="feed"), OSError("disk full")])
def test_why_a_turn_failed_is_remembered(tmp_path: Path, error: Exception) -> None:
    """And raised as it was; the next turn can be taken."""
    with pytest.raises(type(error)), one_turn(tmp_path, clock):
        raise error

    failed = last_turn(tmp_path)
    assert failed is not None
    assert failed.outcome is Outcome.FAILED
    assert str(error) in failed.message
    with one_turn(tmp_path, clock):
        pass


def test_two_processes_cannot_have_the_turn(tmp_path: Path) -> None:
    """The second says who has it; when that one is killed, the turn is free, and known to be broken off."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"

        with (
            pytest.raises(Unavailable, match=rf"another refresh or import is running \(process {holder.pid}, since"),
            one_turn(tmp_path, clock),
        ):
            pass
        during = last_turn(tmp_path)
        holder.send_signal(signal.SIGKILL)

    after = last_turn(tmp_path)
    assert during is not None
    assert during.outcome is Outcome.RUNNING
    assert after is not None
    assert after.outcome is Outcome.BROKEN_OFF
    with one_turn(tmp_path, clock):
        pass


@pytest.mark.parametrize("content", [b"", b"{}", b'{"outcome": 1}', b"\xff"])
def test_a_damaged_record_is_as_none(tmp_path: Path, content: bytes) -> None:
    """It is only for people; a refresh does not depend on it."""
    (tmp_path / "last-refresh.json").write_bytes(content)

    assert last_turn(tmp_path) is None
    with one_turn(tmp_path, clock):
        pass


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """One line, before anything is done."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(Unavailable, match="the folder cannot be written"), one_turn(tmp_path / "file", clock):
        pass
