"""`underway init`, as far as it gets without an environment; and the command itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from underway import adopt
from underway.command import Runner
from underway.errors import UsageError
from underway.program import project_root


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "manage.py").touch()
    git(tmp_path, "init")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--message", "first")
    return tmp_path


def init(root: Path) -> None:
    adopt.init(root, Runner(), plan=False, yes=True, json=False)


def test_another_folder_than_manage_pys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no manage.py"):
        init(tmp_path)


def test_a_project_without_a_commit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manage.py").touch()
    git(tmp_path, "init")
    with pytest.raises(UsageError, match="no commit yet"):
        init(tmp_path)


def test_a_dirty_tree_is_refused_and_nothing_is_written(project: Path) -> None:
    (project / "new.py").touch()
    with pytest.raises(UsageError, match="1 files differ from the commit: new.py"):
        init(project)
    assert sorted(path.name for path in project.iterdir()) == [".git", "manage.py", "new.py"]


def test_a_project_whose_requirements_nobody_knows_is_refused(project: Path) -> None:
    with pytest.raises(UsageError, match="nothing says what the project needs"):
        init(project)


def test_the_project_is_that_of_the_nearest_pyproject_upwards(tmp_path: Path) -> None:
    below = tmp_path / "shop" / "templates"
    below.mkdir(parents=True)
    assert project_root(below) == below
    (tmp_path / "pyproject.toml").touch()
    assert project_root(below) == tmp_path


def test_looking_for_the_tasks_loads_neither_engine_nor_http_client() -> None:
    code = (
        "import sys, underway.program\n"
        "print([name for name in ('docker', 'httpx', 'rich', 'packaging') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
