"""Finding the Docker engine, and on Debian and Ubuntu installing and starting one."""

import getpass
import os
import time
from pathlib import Path

from underway import console
from underway.command import Command, Runner
from underway.engine import Engine
from underway.errors import EngineUnavailable, SetupImpossible
from underway.machine.debian import Debian, find_program

PACKAGES = {"dockerd": "docker.io", "iptables": "iptables"}
"""Which package brings a program that has to be there."""
COMPANIONS = {"docker-cli", "docker-buildx"}
"""Packages that the engine's own held once: newer releases have cut them off."""
SYSTEMD = Path("/run/systemd/system")
START = Path(__file__).with_name("start-dockerd.sh")
LOG = Path("/var/log/dockerd.log")
LOG_TAIL = 15
READY_SECONDS = 60


def ensure(runner: Runner) -> Engine:
    """Connect to the engine; where there is none, install and start it.

    Raises:
        SetupImpossible: the engine that is asked for is the user's own affair, this is neither
            Debian nor Ubuntu, root is out of reach, or the engine does not start.
    """
    try:
        return Engine.connect()
    except EngineUnavailable as unavailable:
        _refuse_what_is_not_ours(unavailable)
    try:
        debian = Debian.here(runner)
    except SetupImpossible as impossible:
        raise SetupImpossible(
            "no Docker engine answers, and none can be installed from here.",
            why=impossible.what,
            next="install and start Docker Desktop; on Debian and Ubuntu:\n"
            f"sudo apt-get install {' '.join(PACKAGES.values())}\n"
            "then invoke setup again",
        ) from impossible
    _install(debian)
    return _start(debian)


def _refuse_what_is_not_ours(unavailable: EngineUnavailable) -> None:
    from docker.context.config import get_current_context_name

    if "permission denied" in unavailable.why.lower():
        raise SetupImpossible(
            "a Docker engine is there, but this user may not use it.",
            why=unavailable.why,
            next=f"sudo usermod --append --groups docker {getpass.getuser()}\n"
            "then log out, in again, and invoke setup",
        ) from unavailable
    host, context = os.environ.get("DOCKER_HOST"), get_current_context_name()
    if host or context != "default":
        name = f"DOCKER_HOST={host}" if host else f"the docker context {context}"
        other = "unset DOCKER_HOST" if host else "docker context use default"
        raise SetupImpossible(
            f"the engine of {name} does not answer.",
            why=unavailable.why,
            next=f"start that engine; or, to use this machine's own: {other}",
        ) from unavailable


def _install(debian: Debian) -> None:
    missing = [package for program, package in PACKAGES.items() if not find_program(program)]
    if not missing:
        return
    with console.step(f"Installing {' and '.join(missing)}") as line:
        debian.install(missing, line)
        known = debian.runner.capture(Command(("apt-cache", "pkgnames", "docker-"))).stdout
        if companions := sorted(COMPANIONS & set(known.split())):
            debian.install(companions, line)


def _start(debian: Debian) -> Engine:
    start = ("systemctl", "start", "docker") if SYSTEMD.is_dir() else ("sh", str(START), str(LOG))
    with console.step("Starting the Docker engine"):
        debian.runner.capture(debian.root(*start))
        deadline = time.monotonic() + READY_SECONDS
        while True:
            time.sleep(0.2)
            try:
                return Engine.connect()
            except EngineUnavailable as unavailable:
                _refuse_what_is_not_ours(unavailable)
                if time.monotonic() > deadline or not _runs("dockerd"):
                    raise SetupImpossible(
                        "the Docker engine does not start.",
                        why=_last_words() or unavailable.why,
                        next="mend what it names, then invoke setup again",
                    ) from unavailable


def _runs(program: str) -> bool:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            # Of a process that has ended and waits for its parent, this is empty.
            name = file.read_text(errors="replace").partition("\0")[0]
        except OSError:  # it ended meanwhile
            continue
        if Path(name).name == program:
            return True
    return False


def _last_words() -> str:
    if SYSTEMD.is_dir():
        return "journalctl --unit docker has its log."
    try:
        return "\n".join(LOG.read_text(errors="replace").splitlines()[-LOG_TAIL:])
    except OSError:
        return ""
