"""The floors of accuracy only ever rise."""

import subprocess

import pytest

from tests.accuracy.floors import PATH, below, is_worse, read_floors
from tests.conftest import ROOT


@pytest.mark.parametrize("commit", ["HEAD", "HEAD~1"])
def test_no_floor_is_lower_than_in_the_last_commits(commit: str) -> None:
    """A floor that falls or disappears says that kbgap became worse and that somebody hid it."""
    before = _committed(commit)
    if before is None:
        pytest.skip(f"no floors are committed in {commit}, or there is no git here")

    now, then = read_floors(PATH.read_text(encoding="utf-8")), read_floors(before)

    assert below(now, then) == []


def test_a_floor_that_falls_is_seen() -> None:
    """Fewer pairs, less recall, more Unknown and a lost row are all worse; the reverse is not."""
    then = {"a": {"pairs": 10.0, "recall": 0.9, "unknown": 0.1}, "b": {"pairs": 1.0}}

    assert below(then, then) == []
    assert below({"a": {"pairs": 11.0, "recall": 1.0, "unknown": 0.0}, "b": {"pairs": 1.0}}, then) == []
    assert len(below({"a": {"pairs": 9.0, "recall": 0.8, "unknown": 0.2}}, then)) == 4
    assert is_worse("wrong", 1, 0)


def _committed(commit: str) -> str | None:
    name = PATH.relative_to(ROOT).as_posix()
    try:
        shown = subprocess.run(
            ["git", "show", f"{commit}:{name}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return shown.stdout if shown.returncode == 0 else None
