"""One built package and one booted machine for the file that asks for them."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import machine as machines
from tests.system.machine import Machine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def _possible() -> None:
    if why := machines.why_not():
        pytest.skip(why)


@pytest.fixture(scope="session")
def package(_possible: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package of this tree."""
    return build(ROOT, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def previous_package(_possible: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the release before, built from its own commit by its own scripts."""
    commit = (Path(__file__).parent / "previous-release").read_text().split()[0]
    tree = tmp_path_factory.mktemp("previous") / "tree"
    tree.mkdir()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
    return build(tree, tmp_path_factory.mktemp("previous-package"))


def build(tree: Path, out: Path) -> Path:
    done = subprocess.run(
        [str(tree / "deploy/build-deb"), str(out), str(ROOT / ".venv/bin/python")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (built,) = out.glob("homeward_*.deb")
    return built


@pytest.fixture
def bare(_possible: None) -> Iterator[Machine]:
    """A Debian without Homeward, not booted."""
    with tempfile.TemporaryDirectory(prefix="homeward-machine-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with machines.machine(Path(name)) as found:
            yield found
