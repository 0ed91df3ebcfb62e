"""The command ``underway``: the tasks, for the project whose pyproject.toml lies nearest."""

from importlib.metadata import version
from pathlib import Path

from invoke.program import Program

from underway.tasks import collection


def main() -> None:
    """Run the tasks that the command line names."""
    program = Program(
        name="Underway",
        binary="underway",
        namespace=collection(project_root(Path.cwd())),
        version=version("underway"),
    )
    program.run()


def project_root(here: Path) -> Path:
    """The nearest folder upwards with a pyproject.toml; else this one."""
    return next((f for f in (here, *here.parents) if (f / "pyproject.toml").exists()), here)
