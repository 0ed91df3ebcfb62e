"""The image's local life: one container of this checkout, on a port of this machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from underway import console, ports, probe, smoke
from underway.command import Command
from underway.engine import LOOPBACK, Engine
from underway.errors import ContainerFailed
from underway.project import Project

if TYPE_CHECKING:
    from docker.models.containers import Container

PORT = 8765
"""Where gunicorn listens inside the container: what $PORT says on Heroku."""
BOOT_SECONDS = 60
"""Heroku's own limit for a web process to bind $PORT."""
ROLE = {"underway.role": "local"}
DATABASE = "sqlite:////tmp/db.sqlite3"
"""In memory, as short-lived as a dyno's disk."""


def run(
    project: Project,
    engine: Engine,
    *,
    port: str = "",
    debug: bool = False,
    database_url: str | None = None,
) -> str:
    """Start the web image and return its address once it serves.

    A container that ``run`` started before is replaced. Without a database URL the container has
    an SQLite database of its own, migrated by the image's ``release`` command.

    Raises:
        UsageError: the port is not a number from 1 to 65535.
        PortTaken: another program listens on it.
        ContainerFailed: the container ended, or does not answer.
    """
    published = ports.parse(port) if port else None
    image = engine.image(project.image(), next="invoke build").tags[0]
    stop(project, engine)
    with console.step(f"Starting {image}"):
        container = engine.start(
            image,
            name=_name(project),
            labels=project.labels | ROLE,
            environment=_environment(engine, debug, database_url or DATABASE),
            ports={f"{PORT}/tcp": (engine.interface, published)},
            tmpfs={"/tmp": "mode=1777"},  # nosec B108
            init=False,
        )
        try:
            url = probe.address(container, PORT, engine.host)
            probe.wait_until_serving(container, f"{url}{project.health_path}", seconds=BOOT_SECONDS)
            if database_url is None:
                _migrate(container)
        except BaseException:
            container.remove(force=True, v=True)
            raise
    return url.replace(LOOPBACK, "localhost")


def find(project: Project, engine: Engine) -> Container:
    """The container that ``run`` started.

    Raises:
        ContainerFailed: there is none.
    """
    found = _containers(project, engine)
    if not found:
        raise ContainerFailed(f"no container of {project.name} runs here.", next="invoke run")
    return found[0]


def stop(project: Project, engine: Engine) -> bool:
    """Stop and remove the container, gracefully; false where there was none."""
    found = _containers(project, engine)
    for container in found:
        with console.step(f"Stopping {container.name}"):
            container.stop(timeout=smoke.STOP_SECONDS)
            container.remove(v=True)
    return bool(found)


def follow(project: Project, engine: Engine) -> None:
    """Show the container's log until it ends or Ctrl-C comes, then remove it."""
    rest = ""
    try:
        for chunk in find(project, engine).logs(stream=True, follow=True):
            *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
            for line in lines:
                console.say(line)
    finally:
        stop(project, engine)


@contextmanager
def serving(project: Project, engine: Engine) -> Iterator[str]:
    """The address of the container that ``run`` started, or else of a short-lived one."""
    found = _containers(project, engine)
    if found:
        yield probe.address(found[0], PORT, engine.host)
        return
    with smoke.booted(engine, project.image(), project.labels) as dyno:
        yield dyno.url


def shell(container: Container) -> Command:
    """The command that opens a shell inside the container."""
    return Command(("docker", "exec", "--interactive", "--tty", str(container.id), "sh"))


def _containers(project: Project, engine: Engine) -> list[Container]:
    return engine.containers(project.labels | ROLE)


def _environment(engine: Engine, debug: bool, database_url: str) -> dict[str, str]:
    return {
        "PORT": str(PORT),
        "DEBUG": str(int(debug)),
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": f"localhost,{engine.host}",
        # No router with a certificate stands before it here.
        "HTTPS": "0",
    }


def _migrate(container: Container) -> None:
    result = container.exec_run(["python", "manage.py", "release"])
    if result.exit_code != 0:
        why = cast(bytes, result.output).decode(errors="replace")
        raise ContainerFailed(f"the release command exited {result.exit_code}.", why=why)


def _name(project: Project) -> str:
    return f"{project.name}-{project.labels['underway.folder']}"
