"""The repository holds for anyone anywhere: no file names one machine's folders or where its packages came from."""

import re
import shutil
import subprocess

import pytest

from tests.architecture.tree import ROOT

# In pieces, so that this file does not hold what it looks for.
FOLDERS = ("work", "root", "opt/" + "pypi")
HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("deb", "debian", "org"))
ELSEWHERE = [rf"(?<![\w.*-])/{folder}/" for folder in FOLDERS] + [re.escape(".".join(host)) for host in HOSTS]
NAMED = re.compile("|".join(ELSEWHERE).encode())


def test_no_file_names_a_machine_or_a_registry() -> None:
    """Whoever clones this has other folders, and another source of packages."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git work tree: which files belong to the repository is not known")
    listed = subprocess.check_output([git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    paths = [ROOT / name for name in listed.decode().split("\0") if name]

    named = {str(path.relative_to(ROOT)) for path in paths if path.is_file() and NAMED.search(path.read_bytes())}

    assert named == set()
