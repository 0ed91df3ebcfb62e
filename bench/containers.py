"""Containers as large as a dyno, asked straight at their own addresses."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from underway import smoke
from underway.engine import Engine

if TYPE_CHECKING:
    from docker.models.containers import Container

PORT = 8000
CPUS = 2
PAUSE = 0.005
HEADERS = {"Host": smoke.HOST, "X-Forwarded-Proto": "https"}


@contextmanager
def created(engine: Engine, image: str, labels: Mapping[str, str]) -> Iterator[Container]:
    """A web dyno's container that has not started: 512 MB, two processors."""
    container = engine.client.containers.create(
        image,
        environment=smoke.environment() | {"PORT": str(PORT), "DYNO": "web.1"},
        labels=dict(labels),
        mem_limit=smoke.MEMORY,
        memswap_limit=smoke.MEMORY,
        nano_cpus=CPUS * 10**9,
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


@contextmanager
def serving(engine: Engine, image: str, labels: Mapping[str, str]) -> Iterator[Container]:
    """The same, once it answers."""
    with created(engine, image, labels) as container:
        first_answer(container, "/ping/")
        yield container


def first_answer(container: Container, path: str) -> float:
    """Start it and ask until it answers; seconds from the start to the answer.

    Raises:
        AssertionError: it ended, or did not answer in time.
    """
    started = time.monotonic()
    container.start()
    host = address(container)
    while not _answers(host, path):
        waited = time.monotonic() - started
        assert waited < smoke.BOOT_SECONDS, container.logs().decode(errors="replace")
        time.sleep(PAUSE)
    return time.monotonic() - started


def address(container: Container) -> str:
    """Where the machine reaches it, without a published port between."""
    container.reload()
    return str(container.attrs["NetworkSettings"]["IPAddress"])


def url(container: Container, path: str) -> str:
    """A page of it."""
    return f"http://{address(container)}:{PORT}{path}"


def megabytes(container: Container) -> float:
    """The memory that it uses, without what the kernel keeps of its files for later."""
    found = cast("dict[str, dict[str, object]]", container.stats(stream=False))["memory_stats"]
    details = cast("dict[str, int]", found["stats"])
    # Control groups of version 2, then of version 1.
    cached = details.get("inactive_file", details.get("total_inactive_file", 0))
    return (int(cast(int, found["usage"])) - cached) / 1e6


def _answers(host: str, path: str) -> bool:
    connection = http.client.HTTPConnection(host, PORT, timeout=5)
    try:
        connection.request("GET", path, headers=HEADERS)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
