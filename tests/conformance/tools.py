"""Find the public clients that the conformance tests run, or skip with the reason."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = "KBGAP_CONFORMANCE"  # a virtual environment with the clients in it, when it is not the one of make
_MADE = Path(__file__).parents[2] / ".venv-conformance"
_MEND = f"make conformance installs it, or set {FOLDER} to a folder that has it"


def folder() -> Path:
    """Where the clients are: a virtual environment, with a folder ``node_modules``."""
    named = os.environ.get(FOLDER)
    return Path(named).absolute() if named else _MADE


def tool(name: str) -> Path:
    """The program of a client; the test is skipped when it is not there."""
    found = shutil.which(name, path=str(folder() / "bin")) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: {_MEND}")
    return Path(found)


def node_with(package: str) -> Path:
    """The program that runs JavaScript; the test is skipped when it is not there, or not this package."""
    node = tool("node")
    if not (folder() / "node_modules" / package).is_dir():
        pytest.skip(f"the package {package} is not installed: {_MEND}")
    return node


def python_with(package: str) -> Path:
    """The Python that has a package of a client; the test is skipped when none is at hand."""
    python = tool("python")
    if subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        pytest.skip(f"the package {package} is not installed: {_MEND}")
    return python
