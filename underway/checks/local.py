"""What can be seen without an engine: Python, the locks, tools and ports."""

import errno
import platform
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from underway.builder import find_buildkit
from underway.checks.finding import Finding
from underway.command import Runner

OLDEST_PYTHON = (3, 11)
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


def builder(runner: Runner) -> Finding:
    """What images are built with."""
    if buildkit := find_buildkit(runner):
        return Finding("builder", "ok", f"BuildKit, through {buildkit.name} ({buildkit.docker})")
    return Finding(
        "builder",
        "note",
        "the engine's classic builder.",
        why="no docker command line on PATH speaks BuildKit, which is faster.",
        next="install docker's buildx plugin (on Debian and Ubuntu: docker-buildx)",
    )


def python() -> Finding:
    """The Python that the tasks run with."""
    version = platform.python_version()
    if sys.version_info >= OLDEST_PYTHON:
        return Finding("Python", "ok", version)
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding("Python", "error", version, f"{oldest} is the oldest.", f"install {oldest}")


def locks(folder: Path) -> Iterator[Finding]:
    """Whether each file of requirements has a lock, with all its names in it."""
    wanted = sorted(folder.glob("*.in"))
    if not wanted:
        what = "there are no requirements."
        yield Finding("locks", "error", what, f"no .in file lies in {folder}.")
    for path in wanted:
        lock = path.with_suffix(".txt")
        name = f"{folder.name}/{lock.name}"
        if not lock.exists():
            why = "nothing says which versions to install."
            yield Finding("locks", "error", f"{name} does not exist.", why, "invoke lock")
        elif missing := sorted(_required(path) - _pinned(lock)):
            why = f"it lacks {', '.join(missing)}."
            yield Finding(
                "locks", "error", f"{name} is older than {path.name}.", why, "invoke lock"
            )
        else:
            yield Finding("locks", "ok", name)


def tools() -> tuple[Finding, ...]:
    """Programs that some tasks start."""
    return (
        _tool("git", "warning", "it names the commit that is built.", "install git"),
        _tool(
            "docker",
            "note",
            "builds use the classic builder without it, and invoke shell needs it.",
            "install docker's command line",
        ),
    )


def port(number: int) -> Finding:
    """Whether a program can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return Finding(
                "port",
                "warning",
                f"{number} is {'in use by another program' if taken else 'not for this user'}.",
                why=error.strerror or "",
                next="choose another with --port",
            )
    return Finding("port", "ok", f"{number} is free")


def _tool(program: str, level: str, why: str, mend: str) -> Finding:
    if found := shutil.which(program):
        return Finding("tools", "ok", f"{program} ({found})")
    what = f"{program} is not installed."
    return Finding("tools", "warning" if level == "warning" else "note", what, why, mend)


def _required(path: Path) -> set[str]:
    """The names in a file of requirements and in those that it includes."""
    names = set()
    for line in path.read_text().splitlines():
        if included := re.match(r"\s*(?:-r|--requirement)[\s=]+(\S+)", line):
            other = path.parent / included[1]
            names |= _required(other) if other.exists() else set()
        elif name := re.match(rf"\s*({NAME})", line):
            names.add(_normal(name[1]))
    return names


def _pinned(lock: Path) -> set[str]:
    found = re.findall(rf"^({NAME})(?:\[[^]]*\])? *(?:===?|@)", lock.read_text(), re.MULTILINE)
    return set(map(_normal, found))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
