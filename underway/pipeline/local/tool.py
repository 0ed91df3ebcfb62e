"""gitlab-ci-local, which runs the file: installed from npm at first use."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from underway import console
from underway.command import Command, Runner
from underway.engine import Engine
from underway.errors import ContainerFailed, SetupImpossible
from underway.machine.debian import Debian
from underway.project import Project

VERSION = "4.61.1"
"""The newest that runs on Node 20."""
DOCKER = Path(__file__).parent / "docker.sh"
"""The docker that it is given, told by the environment what docker() says."""


def install(project: Project, runner: Runner) -> str:
    """Have the program, and rsync, which it needs; the program's path.

    Raises:
        SetupImpossible: npm is not here, or rsync cannot be installed from here.
        CommandFailed: npm failed.
    """
    folder = project.state / "cache" / f"gitlab-ci-local-{VERSION}"
    program = folder / "node_modules" / ".bin" / "gitlab-ci-local"
    if shutil.which("npm") is None:
        raise SetupImpossible(
            "npm is not installed.",
            why="gitlab-ci-local, which runs .gitlab-ci.yml here, comes from there.",
            next="install Node 20 or newer",
        )
    if shutil.which("rsync") is None:
        with console.step("Installing rsync") as line:
            Debian.here(runner).install(["rsync"], line)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # Two runs at once: one of them installs.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            words = ("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder))
            with console.step(f"Installing gitlab-ci-local {VERSION}") as line:
                runner.follow(Command((*words, f"gitlab-ci-local@{VERSION}")), line)
            (folder / "installed").touch()
    return str(program)


def docker(project: Project, engine: Engine, labels: dict[str, str]) -> dict[str, str]:
    """What DOCKER is to be told: the labels of all that it makes, and whether it may privilege."""
    try:
        engine.run(project.python_image, ["true"], privileged=True, labels=project.labels)
        privileged = True
    except ContainerFailed:
        privileged = False
    options = " ".join(f"--label={key}={value}" for key, value in labels.items())
    return {"UNDERWAY_LABELS": options, "UNDERWAY_PRIVILEGED": str(int(privileged))}
