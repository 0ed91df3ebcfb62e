"""The commands of everyday development, word for word."""

import sys
from pathlib import Path

import pytest

from tests.unit.fakes import FakeRunner
from underway import development, locks
from underway.errors import CheckFailed, UsageError
from underway.project import Project

PROJECT = Project(root=Path("/project"), name="hello")


def test_manage_turns_debug_on_unless_the_user_has_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    assert development.manage(PROJECT, ("migrate",)).env == {"DEBUG": "1"}
    monkeypatch.setenv("DEBUG", "0")
    assert development.manage(PROJECT, ("migrate",)).env == {"DEBUG": "0"}


def test_a_project_with_an_environment_of_its_own_runs_in_it(
    tmp_path: Path, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    monkeypatch.setattr(development, "find_spec", lambda name: None)  # the tool's own has no Django
    project = Project(root=tmp_path, name="shop")
    assert development.serve(project, "8010").argv[0] == str(own)
    runner.expect(str(own), "manage.py", "test", "shop")
    assert development.test(project, runner, ("shop",)) == 0


def test_serve_runs_djangos_own_server_on_the_port() -> None:
    command = development.serve(PROJECT, "8010")
    assert command.argv == (sys.executable, "manage.py", "runserver", "8010")
    with pytest.raises(UsageError, match="--port cannot be 'x'"):
        development.serve(PROJECT, "x")


def test_every_linter_runs_even_when_the_first_finds_something(runner: FakeRunner) -> None:
    isort, black, flake8 = development.lint(PROJECT)
    runner.expect(*isort.argv, code=1)
    runner.expect(*black.argv)
    runner.expect(*flake8.argv, code=1)
    with pytest.raises(CheckFailed, match="isort and flake8 found something"):
        development.run_all((isort, black, flake8), runner)


def test_a_linter_that_is_not_there_is_no_finding(runner: FakeRunner) -> None:
    isort, black, flake8 = development.lint(PROJECT)
    runner.expect(*isort.argv, code=1)
    runner.expect(*black.argv)
    runner.expect(*flake8.argv, code=1, stderr=f"{sys.executable}: No module named flake8\n")
    with pytest.raises(UsageError, match="not installed: flake8"):
        development.run_all((isort, black, flake8), runner)


def test_production_is_locked_first_and_holds_the_others(
    tmp_path: Path, runner: FakeRunner
) -> None:
    (tmp_path / "requirements").mkdir()
    for name in ("development", "production"):
        (tmp_path / "requirements" / f"{name}.in").touch()
    start: tuple[str, ...] = (
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
    )
    start += ("--python-version", "3.11", "--generate-hashes", "--no-emit-index-url")
    start += ("--custom-compile-command", "invoke lock", "--output-file")
    runner.expect(*start, "production.txt", "production.in")
    runner.expect(*start, "development.txt", "--constraints", "production.txt", "development.in")
    locks.refresh(Project(root=tmp_path, name="hello"), runner)
