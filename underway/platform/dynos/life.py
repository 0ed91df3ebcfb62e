"""The life of one dyno of a formation: booted, restarted when it crashes, until it is stopped."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from underway.errors import UnderwayError
from underway.platform.dynos.instance import TROUBLE, Instance
from underway.platform.dynos.launcher import Launcher, Plan
from underway.platform.models import Dyno, Release

PAUSE = 0.1
"""Seconds between two looks whether a web process has bound its port."""
HELD = 0.2
"""Seconds that a connection must stay open: the engine accepts it before the process does."""


class Life:
    """Keeps a dyno alive in a task of its own, the only one that writes the dyno's row."""

    def __init__(self, launcher: Launcher, dyno: Dyno, plan: Plan) -> None:
        self.dyno = dyno
        self._launcher = launcher
        self._plan = plan
        self._stop: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._now = False
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()

    @property
    def serves(self) -> bool:
        """Whether requests may go to it."""
        return self.dyno.state == "up" and not self._stop.done()

    def fits(self, release: Release, size: str) -> bool:
        """Whether it is what the formation wants of it."""
        return self._plan.release.id == release.id and self.dyno.size == size

    def begin(self, adopted: Instance | None = None) -> None:
        """Start it, or go on with a container that is there."""
        self._task = asyncio.create_task(self._live(adopted))

    async def settled(self) -> None:
        """Wait until it is up, or has crashed."""
        await self._settled.wait()

    def end(self, then: str = "down") -> None:
        """Have it end; from now on nothing is sent to it.

        ``then`` is the state of the dyno after it: "starting", where another life takes over.
        """
        if self._stop.done():
            return
        self._stop.set_result(None)
        if then == "starting":
            self._launcher.say(self.dyno, "Restarting")
        self._launcher.become(self.dyno, then)

    async def stop(self, now: bool = False) -> None:
        """End it, and return when it has; ``now`` without waiting for its processes."""
        self.end()
        self._now = now
        if now and (running := self._launcher.running.get(self.dyno.id)):
            await running[1].kill()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def leave(self) -> None:
        """Let go of it; its container runs on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _live(self, instance: Instance | None) -> None:
        while not self._stop.done():
            begun = time.monotonic()
            try:
                instance = instance or await self._start()
                if instance is not None:
                    await self._run(instance)
            except UnderwayError as error:
                self._launcher.say(self.dyno, f"Error: {error.what} {error.why}")
            except TROUBLE as error:
                self._launcher.say(self.dyno, f"Error: the engine does not answer: {error}")
            instance = None
            if not self._stop.done():
                lasted = time.monotonic() - begun
                await self._back_off(lasted)
        self._settled.set()

    async def _start(self) -> Instance | None:
        launcher = self._launcher
        instance = await launcher.create(self.dyno, self._plan, launcher.hear(self.dyno))
        if self._stop.done():
            await instance.remove()
            return None
        await launcher.start(self.dyno, instance)
        return instance

    async def _run(self, instance: Instance) -> None:
        await self._boot(instance)
        await self._until_over(instance)
        if self._now:
            await instance.kill()
        elif self._stop.done():
            await self._launcher.terminate(self.dyno, instance)
        await self._launcher.finish(self.dyno, instance)

    async def _boot(self, instance: Instance) -> None:
        limit = self._launcher.limits.boot
        deadline = time.monotonic() + limit
        while not (instance.ended.done() or self._stop.done()):
            if self.dyno.type != "web" or await _is_bound(self.dyno.port):
                if not self._stop.done():
                    self._launcher.become(self.dyno, "up")
                    self._settled.set()
                return
            if time.monotonic() > deadline:
                self._launcher.say(
                    self.dyno,
                    "Error R10 (Boot timeout) -> Web process failed to bind to $PORT"
                    f" within {limit:g} seconds of launch",
                )
                self._launcher.say(self.dyno, "Stopping process with SIGKILL")
                await instance.kill()
                return
            await self._until_over(instance, timeout=PAUSE)

    async def _until_over(self, instance: Instance, timeout: float | None = None) -> None:
        ends: list[asyncio.Future[Any]] = [instance.ended, self._stop]
        await asyncio.wait(ends, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)

    async def _back_off(self, lasted: float) -> None:
        limits = self._launcher.limits
        # What ran this long starts afresh.
        self.dyno.crashes = 1 if lasted > limits.restart_most else self.dyno.crashes + 1
        self._launcher.become(self.dyno, "crashed")
        self._settled.set()
        if self.dyno.crashes > 1:
            # The exponent is bounded, or a dyno that never starts would some day overflow it.
            doubled = limits.restart_first * 2 ** min(self.dyno.crashes - 2, 30)
            await asyncio.wait({self._stop}, timeout=min(doubled, limits.restart_most))
        if not self._stop.done():
            self._launcher.become(self.dyno, "starting")


async def _is_bound(port: int | None) -> bool:
    if port is None:
        return False
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        # Nothing was asked: where the process listens, nothing comes and nothing ends.
        await asyncio.wait_for(reader.read(1), HELD)
        return False
    except TimeoutError:
        return True
    except OSError:
        return False
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
