"""Read the labels that need a word: those left out, and what no judging is about."""

import tomllib
from pathlib import Path

PATH = Path(__file__).parent / "labels.toml"


def entries(kind: str) -> dict[str, str]:
    """The reason by KB of one kind of label."""
    return {entry["kb"]: entry["reason"] for entry in tomllib.loads(PATH.read_text(encoding="utf-8"))[kind]}
