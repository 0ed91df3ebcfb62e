"""The requirements of a project as one lock for production, made in the copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from underway.adopt import requirements
from underway.adopt.plan import digest, recorded
from underway.adopt.requirements import FOLDER, Source
from underway.adopt.trial import Trial
from underway.checks.finding import Finding
from underway.errors import CheckFailed, CommandFailed

FILES = ("production.in", "production.txt", "project.txt", "underway.in", "underway.txt")
COMPILER = "gcc libc6-dev"
"""Debian's packages for what is written in C."""
LIBRARIES = {
    "psycopg2": "take psycopg2-binary, or psycopg[binary], in its place",
    "mysqlclient": "leave it to development: production has Postgres",
}
"""Packages that need a library of the system when they run, not only a compiler before."""


def lock(root: Path, copy: Trial, source: Source, python: str) -> None:
    """Write the requirements of production and their lock into the copy.

    Raises:
        CheckFailed: no versions fit together.
    """
    try:
        requirements.export(copy.root, source, python, copy.runner)
        for driver in (True, False):
            if not _edited(root):
                copy.write({requirements.PRODUCTION: requirements.wanted(source, driver=driver)})
            requirements.lock(copy.root, requirements.PRODUCTION, python, copy.runner)
            text = (copy.root / FOLDER / "production.txt").read_text()
            if not requirements.names(text) & set(requirements.DRIVERS):
                break
    except CommandFailed as error:
        raise CheckFailed(
            f"what {source} asks for cannot be locked for Python {python}.",
            why=error.why or error.what,
            next=f"mend {source.file}, then underway init",
        ) from error


def lock_tool(root: Path, copy: Trial, python: str) -> Iterator[Finding]:
    """Write the lock of Underway itself into the copy; CI installs it."""
    if not (root / requirements.TOOL).exists():
        copy.write({requirements.TOOL: requirements.tool()})
    try:
        requirements.lock(copy.root, requirements.TOOL, python, copy.runner)
    except CommandFailed as error:
        yield Finding(
            "requirements",
            "warning",
            f"{requirements.TOOL} could not be locked: CI has nothing to install Underway from.",
            error.why,
            "name there where it is to come from, then underway lock",
        )
    if origin := re.search(r"file:\S+", (copy.root / requirements.TOOL).read_text()):
        file = PurePosixPath(unquote(origin[0])).name
        yield Finding(
            "requirements",
            "note",
            "this Underway was installed from a file of this machine, which CI has not.",
            next=f"copy {file} to {FOLDER}/, name it in {requirements.TOOL}"
            f" as ./{file}[platform], then underway lock",
        )


def needing_libraries(names: tuple[str, ...], python: str) -> Iterator[Finding]:
    """The packages, of those that come as source only, that the image cannot run."""
    for name in names:
        if name in LIBRARIES:
            yield Finding(
                "requirements",
                "error",
                f"{name} comes without a wheel for Python {python} on Linux.",
                "it needs a compiler, and a library of the system that the image has not.",
                LIBRARIES[name],
            )


def compiled(copy: Trial, names: tuple[str, ...]) -> Iterator[Finding]:
    """The packages, of those that come as source only, that take a compiler."""
    for name in names:
        if copy.has_binary(name):
            yield Finding(
                "requirements",
                "warning",
                f"{name} comes without a wheel.",
                f"each build of the image compiles it, with {COMPILER}.",
                "take a version that has one; or add in the Dockerfile, to BUILD_PACKAGES, what"
                " else it needs",
            )


def texts(copy: Trial) -> dict[str, str]:
    """The files as they are in the copy."""
    paths = [f"{FOLDER}/{name}" for name in FILES]
    return {path: (copy.root / path).read_text() for path in paths if (copy.root / path).exists()}


def _edited(root: Path) -> bool:
    """Whether requirements/production.in has been changed by the user since it was written."""
    if not requirements.is_adopted(root):
        return False
    text = (root / requirements.PRODUCTION).read_text()
    return recorded(root).get(requirements.PRODUCTION) != digest(text)
