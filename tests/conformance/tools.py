"""Find the public clients that the conformance tests run, or skip with the reason."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = "KBGAP_CONFORMANCE"  # a virtual environment with the clients in it (tests/conformance/README.md)


def tool(name: str) -> Path:
    """The program of a client; the test is skipped when it is not there."""
    folder = os.environ.get(FOLDER)
    beside = shutil.which(name, path=str(Path(folder) / "bin")) if folder else None
    found = beside or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: set {FOLDER} to a virtual environment that has it")
    return Path(found)


def python_with(package: str) -> Path:
    """The Python that has a package of a client; the test is skipped when none is at hand."""
    python = tool("python")
    if subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        pytest.skip(f"the package {package} is not installed: set {FOLDER} to a virtual environment that has it")
    return python
