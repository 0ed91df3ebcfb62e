"""The locked requirements: requirements/NAME.txt from NAME.in, with every file's hash."""

import sys
from pathlib import Path

from underway import console
from underway.adopt import found, requirements
from underway.command import Command, Runner
from underway.errors import UsageError
from underway.project import Project

OLDEST_PYTHON = "3.11"


def refresh(project: Project, runner: Runner, *, upgrade: bool = False) -> None:
    """Write all locks anew, keeping their versions unless ``upgrade`` is set.

    Raises:
        UsageError: there is no requirements/production.in.
        CommandFailed: the resolver found no versions that fit together.
    """
    if requirements.is_adopted(project.root):
        requirements.refresh(project.root, found.python(project.root), runner, upgrade=upgrade)
        return
    for name in _names(project.root / "requirements"):
        with console.step(f"Locking requirements/{name}.txt") as line:
            runner.follow(_compile(project, name, upgrade), line)


def _names(folder: Path) -> list[str]:
    """Production first: the others are held to its versions."""
    names = {path.stem for path in folder.glob("*.in")}
    if "production" not in names:
        raise UsageError(
            f"{folder / 'production.in'} does not exist.",
            next="write the names of what the app needs into it, one a line",
        )
    return ["production", *sorted(names - {"production"})]


def _compile(project: Project, name: str, upgrade: bool) -> Command:
    # One resolution for every platform, with markers where they differ.
    argv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    argv += ["--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-emit-index-url"]
    argv += ["--custom-compile-command", "invoke lock", "--output-file", f"{name}.txt"]
    argv += ["--constraints", "production.txt"] if name != "production" else []
    argv += ["--upgrade"] if upgrade else []
    return Command((*argv, f"{name}.in"), cwd=project.root / "requirements")
