"""What deploy/ says about kbgap is so: its settings exist, and so do the files that it names."""

import re

from kbgap.settings import describe_settings
from tests.architecture.tree import ROOT

FOLDER = ROOT / "deploy"
PAGE = ROOT / "docs" / "howto" / "postgresql.md"
_OF_THE_FILES = {"KBGAP_DATABASE_PASSWORD"}  # a variable of compose.yaml itself


def test_every_setting_exists() -> None:
    """A misspelt one would be ignored without a word."""
    files = [*sorted(FOLDER.iterdir()), PAGE]
    named = {name for path in files for name in re.findall(r"KBGAP_[A-Z_]+", path.read_text(encoding="utf-8"))}

    assert named - {setting.variable for setting in describe_settings()} - _OF_THE_FILES == set()


def test_what_goes_into_the_image_is_there() -> None:
    """The container is built from the root of the repository."""
    copied = re.findall(r"^COPY (.+) \S+$", (FOLDER / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    names = [name for line in copied for name in line.split()]
    assert "requirements.txt" in names
    assert [name for name in names if not (ROOT / name).exists()] == []
