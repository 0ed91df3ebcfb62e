"""The test job, which runs in the test image: its Python, its packages, its files."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from underway import console, smoke
from underway.command import Command
from underway.errors import CheckFailed
from underway.project import Project

APP = Path("/app")
"""Where the image has the project."""
PORT = 5432
READY_SECONDS = 60
PAUSE = 0.2
REPORT = "junit-image.xml"


def tests(project: Project, folder: Path = APP) -> tuple[Command, ...]:
    """Django's tests; their report goes to the job's own folder."""
    report = f"--junitxml={project.root / REPORT}"
    if settings := os.environ.get("TEST_SETTINGS"):
        return (_python(folder, "manage.py", "test", "--settings", settings),)
    words = ("pytest", "-p", "no:cacheprovider", report, *packages(folder))
    return (_python(folder, "-m", *words),)


def checks(folder: Path = APP) -> tuple[Command, ...]:
    """Django's own look at the deployment, and whether every change of a model has a migration."""
    return (
        _python(folder, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        _python(folder, "manage.py", "makemigrations", "--check", "--dry-run"),
    )


def linters(folder: Path = APP) -> tuple[Command, ...]:
    """Style, format and import order."""
    return (
        _python(folder, "-m", "flake8", *packages(folder)),
        _python(folder, "-m", "black", "--check", "--diff", "--quiet", *packages(folder)),
        _python(folder, "-m", "isort", "--check", "--diff", *packages(folder)),
    )


def packages(folder: Path) -> tuple[str, ...]:
    """The project's own packages."""
    return tuple(sorted(found.parent.name for found in folder.glob("*/__init__.py")))


def wait_for_database(environ: Mapping[str, str] = os.environ) -> None:
    """Return once the service of DATABASE_URL listens; without one, at once.

    Raises:
        CheckFailed: it does not.
    """
    address = urlsplit(environ.get("DATABASE_URL", ""))
    if not address.hostname:
        return
    deadline = time.monotonic() + READY_SECONDS
    with console.step(f"Waiting for {address.hostname}"):
        while True:
            try:
                socket.create_connection((address.hostname, address.port or PORT), 5).close()
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise CheckFailed(
                        f"{address.hostname} did not listen within {READY_SECONDS} s.",
                        why=str(error),
                        next="look at the log of the job's service",
                    ) from error
                time.sleep(PAUSE)


def _python(folder: Path, *words: str) -> Command:
    """A command of the image's own Python, which is not the one that runs this task."""
    env = smoke.environment() | {"BLACK_CACHE_DIR": "/tmp/black"}  # nosec B108
    return Command(("python", *words), env=env, cwd=folder)
