"""Booting the image the way Heroku would, before Heroku has to."""

from __future__ import annotations

import random
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from underway import console, probe, static_files
from underway.engine import Engine
from underway.errors import CheckFailed
from underway.static_files import StaticFiles

if TYPE_CHECKING:
    from docker.models.containers import Container

MEMORY = "512m"
PROCESSES = 256
"""What a basic dyno may have."""
BOOT_SECONDS = 60
STOP_SECONDS = 30
"""From SIGTERM to SIGKILL."""
MOMENT = 0.5
HOST = "hello.example.com"
ROUTER = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"}
"""What Heroku's router adds to a request."""


@dataclass(frozen=True)
class Booted:
    """A web container that runs under Heroku's conditions; ``url`` has no path."""

    container: Container
    url: str
    user: int


def environment() -> dict[str, str]:
    """The variables of a production web process, with a key that lives as long as this run."""
    return {"SECRET_KEY": secrets.token_urlsafe(50), "ALLOWED_HOSTS": HOST}


@contextmanager
def booted(engine: Engine, image: str, labels: dict[str, str]) -> Iterator[Booted]:
    """The image as a web dyno: random user, only /tmp to write in, 512 MB, $PORT, no database.

    Raises:
        ContainerFailed: it ended, or did not bind $PORT within 60 s.
    """
    port = random.randrange(10_000, 60_000)
    user = random.randrange(10_000, 60_000)
    with engine.throwaway(
        image,
        user=f"{user}:{user}",
        environment=environment() | {"PORT": str(port), "DYNO": "web.1"},
        labels=labels | {"underway.role": "smoke"},
        ports={f"{port}/tcp": (engine.interface, None)},
        read_only=True,
        tmpfs={"/tmp": "mode=1777"},  # nosec B108
        mem_limit=MEMORY,
        memswap_limit=MEMORY,
        pids_limit=PROCESSES,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    ) as container:
        url = probe.address(container, port, engine.host)
        probe.wait_until_serving(container, f"{url}/healthz", seconds=BOOT_SECONDS, headers=ROUTER)
        yield Booted(container, url, user)


def smoke(
    engine: Engine, image: str, labels: dict[str, str], files: Callable[[], StaticFiles]
) -> None:
    """Boot, ask, stop; one line a check. ``files`` gives what it is to serve, once it is known.

    Raises:
        ContainerFailed: it did not boot.
        CheckFailed: it booted, and something is not as it should be.
    """
    with console.step("Booting the image as a web dyno"), booted(engine, image, labels) as dyno:
        _ask(dyno, files())


def _ask(dyno: Booted, files: StaticFiles) -> None:
    console.say(f"  /healthz answers as user {dyno.user}, read-only, in 512 MB, no database")
    sample = static_files.samples(files)[0]
    static_files.check_served(dyno.url, files, sample, headers=ROUTER)
    console.say(f"  {files.address(sample)} is served")
    seconds = _drain(dyno)
    console.say(f"  SIGTERM: the request under way was answered, ended after {seconds:.1f} s")


def _drain(dyno: Booted) -> float:
    """Stop it in the middle of a request, as a restart does; seconds until it had ended."""
    target = urlsplit(dyno.url)
    with socket.create_connection((target.hostname, target.port), timeout=STOP_SECONDS) as client:
        client.sendall(f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n".encode())
        time.sleep(MOMENT)  # a worker has begun to read
        started = time.monotonic()
        terminate(dyno.container)
        time.sleep(MOMENT)  # it knows that it is to stop
        client.sendall(b"Connection: close\r\n\r\n")
        answer = client.makefile("rb").readline().decode(errors="replace").strip()
    code = dyno.container.wait(timeout=STOP_SECONDS + 5)["StatusCode"]
    seconds = time.monotonic() - started
    if " 200 " not in f"{answer} ":
        raise CheckFailed(
            "a request under way was dropped at SIGTERM.",
            why=f"its answer was {answer!r}.",
            next="let the server finish its requests: gunicorn's graceful_timeout",
        )
    if code != 0 or seconds > STOP_SECONDS:
        raise CheckFailed(
            f"after SIGTERM it took {seconds:.0f} s to end, with exit code {code}.",
            why=f"Heroku kills what has not ended after {STOP_SECONDS} s.",
            next="run the server itself as the image's command, not behind a shell",
        )
    return seconds


def terminate(container: Container) -> None:
    """SIGTERM to every process of the container, as Heroku sends it."""
    container.kill("SIGTERM")
    container.exec_run(["sh", "-c", "kill -TERM -1"])
