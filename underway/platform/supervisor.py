"""The service seen from outside: started, watched, stopped, and cleared away.

A running service holds a lock on ``service.lock``, in which its process id stands. The lock goes
with the process, however it ends, so nothing stale is ever believed.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import httpx

import underway
from underway.engine import Engine
from underway.errors import UnderwayError
from underway.platform.settings import Settings

START_SECONDS = 120
"""The first start may have to pull or build the registry and make certificates."""
STOP_SECONDS = 120
"""Dynos have half a minute to end."""
LOOK_SECONDS = 1
PAUSE = 0.05
_children: dict[Path, subprocess.Popen[bytes]] = {}
LOG_LINES = 20


class PlatformFailed(UnderwayError):
    """The local platform did not start, or did not stop."""

    exit_code = 18


@dataclass(frozen=True)
class Status:
    """Whether a platform runs, and where."""

    running: bool
    folder: str
    pid: int | None = None
    ports: dict[str, int] | None = None
    apps: int = 0
    dynos: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.running or not self.ports:
            return "the platform is not running."
        lines = {
            "platform": f"running, process {self.pid}, {self.apps} apps, {self.dynos} dynos",
            "page and API": f"http://127.0.0.1:{self.ports['api']}/",
            "registry": f"127.0.0.1:{self.ports['registry']}",
            "apps": f"https://NAME.localhost:{self.ports['https']}/"
            f" and http://NAME.localhost:{self.ports['http']}/",
            "folder": self.folder,
        }
        return "\n".join(f"{name + ':':<14}{text}" for name, text in lines.items())


def up(folder: Path) -> Status:
    """Start the service where it does not run yet, and return once it serves.

    Raises:
        PlatformFailed: it ended, or did not serve in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("a") as lock:
        # Whoever calls at the same moment waits here, then finds it running.
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = None
        deadline = time.monotonic() + START_SECONDS
        while not (found := status(folder)).running:
            if process is None and _pid(folder) is None:
                process = _spawn(folder)
            if process is not None and process.poll() is not None:
                raise _failed(folder, "the platform ended while it started.")
            if time.monotonic() > deadline:
                raise _failed(folder, f"the platform did not serve within {START_SECONDS} s.")
            time.sleep(PAUSE)
        return found


ensure = up
"""What a task calls that needs a platform."""


def down(folder: Path) -> bool:
    """Stop the service and its dynos; whether there was anything to stop.

    What a service that was killed has left on the engine is removed too. All state is kept.

    Raises:
        PlatformFailed: it does not end.
    """
    pid = _pid(folder)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _pid(folder) == pid:
            if time.monotonic() > deadline:
                raise _failed(folder, f"the platform did not stop within {STOP_SECONDS} s.")
            time.sleep(PAUSE)
    _reap(folder)
    if not folder.exists():
        return False
    left = Engine.connect().containers(Settings(folder).labels)
    for container in left:
        container.remove(force=True, v=True)
    return pid is not None or bool(left)


def reset(folder: Path) -> None:
    """Stop it and remove everything that it ever made: apps, databases, images, certificates."""
    down(folder)
    engine, labels = Engine.connect(), Settings(folder).labels
    for volume in engine.volumes(labels):
        volume.remove(force=True)
    for image in engine.images(labels):
        engine.client.images.remove(str(image.id), force=True)
    shutil.rmtree(folder, ignore_errors=True)


def status(folder: Path) -> Status:
    """What the service says of itself."""
    pid, place = _pid(folder), str(folder.resolve())
    if pid is None:
        return Status(False, place)
    try:
        port = Settings.load(folder).ports.api
        health = httpx.get(f"http://127.0.0.1:{port}/platform/health", timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return Status(False, place, pid)
    # Until it has taken its ports, another platform may answer there.
    if health.get("pid") != pid:
        return Status(False, place, pid)
    return Status(True, place, pid, health["ports"], health["apps"], health["dynos"])


def log_file(folder: Path) -> Path:
    """Where the service writes what it does."""
    return folder / "service.log"


@contextmanager
def presence(folder: Path) -> Iterator[None]:
    """Be the folder's one service for as long as the block runs.

    Raises:
        PlatformFailed: there is another.
    """
    with (folder / "service.lock").open("a+") as lock:
        deadline = time.monotonic() + LOOK_SECONDS
        while not _locked(lock):
            # Whoever looks for the service holds the lock for a moment.
            if time.monotonic() < deadline:
                time.sleep(PAUSE)
                continue
            raise PlatformFailed("another service runs in this folder.", why=str(folder))
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _pid(folder: Path) -> int | None:
    """The process id of the running service."""
    try:
        with (folder / "service.lock").open("r") as lock:
            if _locked(lock):
                return None
            return int(lock.read() or 0) or None
    except FileNotFoundError:
        return None


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _spawn(folder: Path) -> subprocess.Popen[bytes]:
    _reap(folder)
    # Of a checkout, this package is found by its folder only.
    found_in = [str(Path(underway.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    with log_file(folder).open("ab") as log:
        _children[folder] = subprocess.Popen(
            [sys.executable, "-m", "underway.platform", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, found_in))},
            # Ctrl-C in the terminal that started it is not meant for it.
            start_new_session=True,
        )
    return _children[folder]


def _reap(folder: Path) -> None:
    """Let go of a service that has ended, where this very process started it."""
    if child := _children.pop(folder, None):
        child.wait()


def _failed(folder: Path, what: str) -> PlatformFailed:
    lines = log_file(folder).read_text(errors="replace").splitlines()[-LOG_LINES:]
    return PlatformFailed(what, why="\n".join(lines), next="invoke platform.logs")
