"""bin/environment, which makes .venv; the lock is empty, so that nothing is downloaded."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BIN = Path(__file__).parent.parent.parent / "bin"
PYTHON_FOLDER = Path(sys.executable).parent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the real scripts and an empty lock."""
    shutil.copytree(BIN, tmp_path / "bin")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "development.txt").write_text("# nothing\n")
    return tmp_path


def start(root: Path, *, uv: bool = True) -> subprocess.Popen[str]:
    """Begin to make the environment; without uv, Python itself makes it."""
    tools = root / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("python3", "uv") if uv else ("python3",):
        source = PYTHON_FOLDER / ("python" if name == "python3" else name)
        if not (tools / name).exists():
            (tools / name).symlink_to(source)
    return subprocess.Popen(
        [root / "bin" / "environment"],
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def make(root: Path) -> str:
    """Make the environment, and return what was said."""
    with start(root) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert subprocess.run([root / ".venv" / "bin" / "python", "-c", ""]).returncode == 0
    return said


def test_the_first_start_makes_the_environment_and_the_next_leaves_it(root: Path) -> None:
    assert "Making .venv" in make(root)
    assert make(root) == ""


def test_without_uv_python_makes_it(root: Path) -> None:
    with start(root, uv=False) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert (root / ".venv" / "bin" / "pip").exists()


def test_two_starts_at_once_make_it_once(root: Path) -> None:
    with start(root) as one, start(root) as two:
        said = one.communicate(timeout=60)[0] + two.communicate(timeout=60)[0]
    assert one.returncode == two.returncode == 0, said
    assert said.count("Making .venv") == 1


def test_a_changed_lock_makes_it_anew(root: Path) -> None:
    make(root)
    (root / "requirements" / "development.txt").write_text("# still nothing\n")
    assert "Making .venv" in make(root)


def test_after_an_interrupted_first_run_the_next_one_begins_anew(root: Path) -> None:
    with start(root, uv=False) as process:
        while not (root / ".venv" / "bin").exists():
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert "Making .venv" in make(root)


def test_an_installer_that_fails_is_an_error_for_every_start_until_it_is_mended(root: Path) -> None:
    (root / "requirements" / "development.txt").write_text("unhashed==1.0\n")
    for _start in range(2):
        with start(root) as process:
            said, _ = process.communicate(timeout=60)
        assert process.returncode == 3
        assert "error: .venv could not be made: its installer exited" in said
