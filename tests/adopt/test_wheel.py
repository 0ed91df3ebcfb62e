"""The wheel of the library, in an environment that has nothing else, away from the repository."""

import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.adopt.projects import environment
from tests.checkout import ROOT

IMPORT_ALL = """
import importlib, pkgutil, underway
skipped = ("underway.__main__", "underway.platform.__main__")
for module in pkgutil.walk_packages(underway.__path__, "underway."):
    if module.name not in skipped:
        importlib.import_module(module.name)
print(underway.__file__)
"""


def run(*argv: str, cwd: Path) -> str:
    done = subprocess.run(argv, cwd=cwd, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def away(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with nothing but an environment, in which the wheel is."""
    folder = tmp_path_factory.mktemp("away")
    run(find_uv_bin(), "venv", "--quiet", cwd=folder)
    run(find_uv_bin(), "pip", "install", "--quiet", f"{wheel}[platform]", cwd=folder)
    yield folder


def test_every_file_of_the_library_is_in_the_wheel(wheel: Path) -> None:
    tracked = run("git", "ls-files", "underway", cwd=ROOT).split()
    with zipfile.ZipFile(wheel) as packed:
        assert set(tracked) <= set(packed.namelist())


def test_every_module_can_be_imported_there(away: Path) -> None:
    where = run(str(away / ".venv/bin/python"), "-c", IMPORT_ALL, cwd=away)
    assert where.startswith(str(away))


def test_the_command_names_its_tasks_and_itself(away: Path) -> None:
    command = str(away / ".venv/bin/underway")
    assert run(command, "--version", cwd=away).startswith("Underway ")
    listed = run(command, "--list", cwd=away)
    for task in ("init", "deploy", "rollback", "platform.up"):
        assert f" {task} " in listed


def test_the_core_alone_lists_the_tasks(wheel: Path, tmp_path: Path) -> None:
    run(find_uv_bin(), "venv", "--quiet", cwd=tmp_path)
    run(find_uv_bin(), "pip", "install", "--quiet", str(wheel), cwd=tmp_path)
    assert " init " in run(str(tmp_path / ".venv/bin/underway"), "--list", cwd=tmp_path)
    packages = run(find_uv_bin(), "pip", "freeze", cwd=tmp_path)
    assert not {"django", "psycopg", "starlette"} & {
        line.partition("==")[0] for line in packages.split()
    }
