"""Asking a container over HTTP whether it serves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from underway.errors import ContainerFailed

if TYPE_CHECKING:
    import httpx
    from docker.models.containers import Container

PAUSE = 0.1
"""Seconds between two questions."""
LOG_LINES = 30


def address(container: Container, port: int, host: str = "127.0.0.1") -> str:
    """Where a container's port is published, as a URL without a path; ``host`` is the engine's."""
    container.reload()
    bindings = container.ports.get(f"{port}/tcp")
    if not bindings:
        raise _ended(container)
    return f"http://{host}:{bindings[0]['HostPort']}"


def wait_until_serving(
    container: Container, url: str, *, seconds: float, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Ask until the answer is 200, and return it.

    Raises:
        ContainerFailed: the container ended, or no such answer came in time.
    """
    import httpx

    deadline = time.monotonic() + seconds
    last = "no answer"
    with httpx.Client(timeout=5, headers=headers, trust_env=False) as client:
        while True:
            try:
                response = client.get(url)
                if response.status_code == httpx.codes.OK:
                    return response
                last = f"{response.status_code}: {response.text[:300]}"
            except httpx.TransportError as error:
                last = str(error)
            container.reload()
            if container.status != "running":
                raise _ended(container)
            if time.monotonic() > deadline:
                raise ContainerFailed(
                    f"{url} did not answer 200 within {seconds:g} s ({last}).", why=_log(container)
                )
            time.sleep(PAUSE)


def _ended(container: Container) -> ContainerFailed:
    container.reload()
    code = container.attrs["State"]["ExitCode"]
    reason = "out of memory, killed" if container.attrs["State"]["OOMKilled"] else f"exited {code}"
    return ContainerFailed(f"the container ended before it served ({reason}).", _log(container))


def _log(container: Container) -> str:
    return container.logs(tail=LOG_LINES).decode(errors="replace").strip() or "its log is empty"
