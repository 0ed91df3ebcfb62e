"""The commands of everyday development, as data, and one way to run several."""

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from underway import console, ports
from underway.command import Command, Runner
from underway.engine import Engine
from underway.errors import CheckFailed, CommandFailed, UsageError
from underway.postgres import throwaway
from underway.project import Project


def manage(project: Project, arguments: tuple[str, ...]) -> Command:
    """A command of manage.py, with DEBUG on unless the environment says otherwise."""
    return Command(
        (python(project), "manage.py", *arguments),
        env={"DEBUG": os.environ.get("DEBUG", "1")},
        cwd=project.root,
    )


def python(project: Project) -> str:
    """This Python, if it has Django; else that of the project's own environment."""
    own = [project.root / ".venv", Path(os.environ.get("VIRTUAL_ENV", "venv"))]
    candidates = [path / "bin" / "python" for path in own]
    if find_spec("django") is None:
        return next((str(path) for path in candidates if path.exists()), sys.executable)
    return sys.executable


def serve(project: Project, port: str) -> Command:
    """Django's own server, which loads the code anew when a file changes.

    Raises:
        UsageError: the port is not one.
    """
    return manage(project, ("runserver", str(ports.parse(port))))


def test(
    project: Project, runner: Runner, arguments: tuple[str, ...], *, postgres: bool = False
) -> int:
    """Run the tests that need no engine, or those that the arguments name; their exit code.

    They are pytest's; in an environment of the project's own, which may have none, Django's.

    With ``postgres`` they get a throwaway server as their database, instead of SQLite.
    """
    tests = _tool(project, "pytest", *arguments)
    if python(project) != sys.executable:
        # A project that has its own environment, and perhaps no pytest.
        tests = replace(manage(project, ("test", *arguments)), env={})
    if not postgres:
        return runner.attach(tests)
    with throwaway(Engine.connect(), project) as server:
        return runner.attach(replace(tests, env={"DATABASE_URL": server.url()}))


def lint(project: Project) -> tuple[Command, ...]:
    """The linters."""
    return (
        _tool(project, "isort", "--check", "--diff", "."),
        _tool(project, "black", "--check", "--diff", "--quiet", "."),
        _tool(project, "flake8"),
    )


def format(project: Project) -> tuple[Command, ...]:
    """The formatters; black has the last word."""
    return (_tool(project, "isort", "."), _tool(project, "black", "--quiet", "."))


def run_all(commands: Iterable[Command], runner: Runner) -> None:
    """Run them all, also after one has failed.

    Raises:
        CheckFailed: at least one exited non-zero.
        UsageError: one is not installed.
    """
    failed: list[str] = []
    missing: list[str] = []
    for command in commands:
        name = command.argv[2]
        try:
            with console.step(name) as line:
                runner.follow(command, line)
        except CommandFailed as error:
            console.say(f"{console.bad('✗')} {name}")
            (missing if f"No module named {name}" in error.why else failed).append(name)
    if missing:
        raise UsageError(
            f"not installed: {', '.join(missing)}.",
            why=f"{command.argv[0]} runs them.",
            next="add them to what development installs, and install it there",
        )
    if failed:
        raise CheckFailed(
            f"{' and '.join(failed)} found something.",
            why="the findings are above.",
            next="invoke format mends layout and import order",
        )


def _tool(project: Project, module: str, *arguments: str) -> Command:
    return Command((python(project), "-m", module, *arguments), cwd=project.root)
