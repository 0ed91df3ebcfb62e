"""A dyno that runs one command and is gone: ``run.1234``, started at once or by its client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from underway.platform.dynos.attached import AttachedProcess
from underway.platform.dynos.instance import Instance
from underway.platform.dynos.launcher import Launcher
from underway.platform.models import Dyno

OnExit = Callable[[int], None]
Window = tuple[int, int]
"""Rows and columns."""


class OneOff:
    """Sees a one-off dyno to its end, in a task of its own; then its row and container go."""

    def __init__(
        self,
        launcher: Launcher,
        dyno: Dyno,
        instance: Instance,
        tty: bool = False,
        on_exit: OnExit | None = None,
        window: Window | None = None,
    ) -> None:
        """``window`` is the size of the client's, where it is a terminal."""
        self.dyno = dyno
        self._launcher = launcher
        self._instance = instance
        self._tty = tty
        self._on_exit = on_exit
        self._window = window
        self._opened = asyncio.Event()
        self._abandoned = False
        self._task = asyncio.create_task(self._live())

    @property
    def awaits_client(self) -> bool:
        """Whether nobody has attached to it so far."""
        return self.dyno.attach is not None and not self._opened.is_set()

    async def open(self) -> AttachedProcess:
        """Start it with a client at its terminal.

        Raises:
            UnderwayError: the engine could not start it.
        """
        process = await AttachedProcess.open(self._instance, self._tty)
        try:
            await self._launcher.start(self.dyno, self._instance)
        except BaseException:
            await process.close()
            self._abandon()
            raise
        self._opened.set()
        if self._window is not None:
            await process.resize(*self._window)
        return process

    async def stop(self, now: bool = False) -> None:
        """End it, and return when it has."""
        if self.awaits_client:
            self._abandon()
        elif now:
            await self._instance.kill()
        else:
            signal = "HUP" if self.dyno.attach else "TERM"
            await self._launcher.terminate(self.dyno, self._instance, signal)
        await asyncio.wait({self._task})

    def when_done(self, call: Callable[[], object]) -> None:
        """Call that when it has ended and its row is gone."""
        self._task.add_done_callback(lambda _: call())

    async def leave(self) -> None:
        """Let go of it; its container runs on."""
        self._task.cancel()
        await asyncio.wait({self._task})

    def _abandon(self) -> None:
        self._abandoned = True
        self._opened.set()

    async def _live(self) -> None:
        launcher, dyno = self._launcher, self.dyno
        if self.awaits_client:
            launcher.say(dyno, "Awaiting client")
            try:
                await asyncio.wait_for(self._opened.wait(), launcher.limits.boot)
            except TimeoutError:
                self._abandon()
                launcher.say(dyno, "Error R13 (Attach error) -> Failed to attach to process")
        if self._abandoned:
            await self._instance.remove()
        else:
            launcher.become(dyno, "up")
            status = await launcher.finish(dyno, self._instance)
            launcher.become(dyno, "complete")
            if self._on_exit:
                self._on_exit(status)
        launcher.store.delete(Dyno, id=dyno.id)
