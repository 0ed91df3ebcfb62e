"""Starting containers for dynos, and saying in the log what becomes of them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import APIError

from underway.engine import Engine, explained
from underway.errors import UnderwayError
from underway.platform.dynos import container, sizes
from underway.platform.dynos.instance import TROUBLE, Hear, Instance
from underway.platform.logs import Logs
from underway.platform.models import App, Dyno, Release
from underway.platform.settings import Settings
from underway.platform.store import Store

if TYPE_CHECKING:
    from docker.models.containers import Container


FIRST_ONE_OFF = 1000
"""Dynos of a formation count from 1; the others draw a number of four digits."""


@dataclass(frozen=True)
class Plan:
    """What to run for a dyno: an image, and what replaces or adds to what the image says."""

    app: App
    release: Release
    image: str
    command: list[str] | None = None
    env: Mapping[str, str] | None = None
    tty: bool = False


class Launcher:
    """Makes a dyno's container; knows all that run. The dyno's row follows what happens."""

    def __init__(self, settings: Settings, store: Store, engine: Engine, logs: Logs) -> None:
        self.settings = settings
        self.limits = settings.limits
        self.store = store
        self.engine = engine
        self.logs = logs
        self.running: dict[str, tuple[Dyno, Instance]] = {}
        """By the dyno's id, until it has ended."""

    async def create(self, dyno: Dyno, plan: Plan, hear: Hear | None) -> Instance:
        """Make the container, without starting it.

        Raises:
            UnderwayError: the engine could not make it.
        """
        port = container.random_port()
        variables = container.environment(plan.app, plan.release, dyno, port)
        options = container.options(
            dyno,
            labels=container.labels(self.settings.labels, dyno) | {container.PORT: str(port)},
            command=plan.command,
            variables={**variables, **(plan.env or {})},
            tty=plan.tty,
        )
        making = asyncio.ensure_future(asyncio.to_thread(self._create, plan.image, options))
        try:
            made = await asyncio.shield(making)
        except asyncio.CancelledError:
            # The engine makes it all the same: nobody else would remove it.
            await asyncio.to_thread(self.remove, [await making])
            raise
        dyno.container_id = made.id
        dyno.command = [made.attrs["Path"], *made.attrs["Args"]]
        self.store.save(dyno)
        return Instance(made, hear)

    async def start(self, dyno: Dyno, instance: Instance) -> None:
        """Start the container.

        Raises:
            UnderwayError: the engine could not start it; the container is removed.
        """
        command = " ".join(container.command_text(dyno.command).splitlines())
        self.say(dyno, f"Starting process with command `{command}`")
        try:
            await instance.start()
        except (UnderwayError, *TROUBLE):
            await instance.remove()
            raise
        self.running[dyno.id] = (dyno, instance)
        await self._note_port(dyno, instance)

    async def adopt(self, dyno: Dyno, found: Container, hear: Hear) -> Instance:
        """Go on with a container that runs, or has ended, since before this process began."""
        instance = Instance(found, hear)
        instance.watch(since=self.logs.last_heard(dyno.app_id, dyno.name))
        self.running[dyno.id] = (dyno, instance)
        await self._note_port(dyno, instance)
        return instance

    async def finish(self, dyno: Dyno, instance: Instance) -> int:
        """Wait for the end, say how it came, remove the container, return the exit status."""
        status = await asyncio.shield(instance.ended)
        self.running.pop(dyno.id, None)
        if await instance.out_of_memory():
            limit = 2 * self.quota(dyno)
            self.say(dyno, f"Process running mem={limit}M(200.0%)")
            self.say(dyno, "Error R15 (Memory quota vastly exceeded)")
            self.say(dyno, "Stopping process with SIGKILL")
        self.say(dyno, f"Process exited with status {status}")
        await instance.remove()
        return status

    async def terminate(self, dyno: Dyno, instance: Instance, signal: str = "TERM") -> None:
        """Ask every process to end, and kill what has not in time."""
        if instance.ended.done():
            return
        self.say(dyno, f"Stopping all processes with SIG{signal}")
        await instance.signal(signal)
        await asyncio.wait({instance.ended}, timeout=self.limits.stop)
        if not instance.ended.done():
            self.say(
                dyno,
                "Error R12 (Exit timeout) -> At least one process failed to exit"
                f" within {self.limits.stop:g} seconds of SIGTERM",
            )
            self.say(dyno, "Stopping remaining processes with SIGKILL")
            await instance.kill()

    def free_name(self, app_id: str, kind: str) -> str:
        """A name for a one-off dyno, such as run.1234, that no other dyno of the app has."""
        taken = {dyno.name for dyno in self.store.all(Dyno, app_id=app_id)}
        numbers = (random.randrange(FIRST_ONE_OFF, 10_000) for _ in itertools.count())  # nosec B311
        return next(name for n in numbers if (name := f"{kind}.{n}") not in taken)

    def become(self, dyno: Dyno, state: str) -> None:
        """Note and say that its state changed."""
        if state != dyno.state:
            self.say(dyno, f"State changed from {dyno.state} to {state}")
            dyno.state = state
            self.store.save(dyno)

    def say(self, dyno: Dyno, text: str) -> None:
        """A line of Heroku's own about a dyno."""
        self.logs.write(dyno.app_id, "heroku", dyno.name, text)

    def hear(self, dyno: Dyno) -> Hear:
        """Where the dyno's own lines go."""
        return lambda at, text: self.logs.write(dyno.app_id, "app", dyno.name, text, at)

    @staticmethod
    def quota(dyno: Dyno) -> int:
        """The memory it may use, in MB."""
        return (sizes.find(dyno.size) or sizes.SIZES[0]).memory

    def containers(self, app_id: str | None = None) -> list[Container]:
        """All containers of dynos, or those of an app; blocks."""
        labels = self.settings.labels | {container.ROLE: "dyno"}
        if app_id is not None:
            labels[container.APP] = app_id
        return self.engine.client.containers.list(
            all=True, ignore_removed=True, filters=container.filters(labels)
        )

    @staticmethod
    def remove(containers: Iterable[Container]) -> None:
        """Remove containers, whatever their state; blocks."""
        for one in containers:
            # Refused where it is gone, or being removed.
            with suppress(APIError):
                one.remove(force=True, v=True)

    def forget(self, app_id: str) -> None:
        """Count nothing of an app as running."""
        kept = {id: pair for id, pair in self.running.items() if pair[0].app_id != app_id}
        self.running = kept

    def _create(self, image: str, options: dict[str, Any]) -> Container:
        with explained():
            return self.engine.client.containers.create(image, **options)

    async def _note_port(self, dyno: Dyno, instance: Instance) -> None:
        if dyno.type == "web":
            dyno.port = await instance.published(int(instance.container.labels[container.PORT]))
        self.store.save(dyno)
