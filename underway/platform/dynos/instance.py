"""A dyno's container on the engine: heard, and its end awaited, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from docker.errors import DockerException, NotFound

from underway.engine import explained

if TYPE_CHECKING:
    from docker.models.containers import Container

Hear = Callable[[str, str], None]
"""Takes a line that a process wrote: when, as the engine writes times, and its text."""
GONE = 137
"""The exit status of what was killed, and of what somebody else removed."""
TROUBLE = (DockerException, requests.RequestException, urllib3.exceptions.HTTPError)
"""What the SDK raises where the engine refuses, or does not answer."""
AHEAD = 200
"""Lines that the thread may have read and the event loop not taken so far."""
RETRY = 1.0
"""Seconds between two questions to an engine that does not answer."""


class Instance:
    """One container, created and perhaps running. Make it inside the event loop."""

    def __init__(self, container: Container, hear: Hear | None) -> None:
        self.container = container
        self.id = str(container.id)
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.starved = False
        """Whether the kernel killed one of its processes at the memory limit."""
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        self._lines_heard: deque[tuple[str, str]] = deque()
        self._room = threading.Semaphore(AHEAD)
        self._handing_over = False
        self._thread: threading.Thread | None = None
        self._output: Any = None
        self._left = False

    async def start(self) -> None:
        """Start it, and hear it from its first line on.

        Raises:
            UnderwayError: the engine could not start it.
        """
        await asyncio.to_thread(self._start)
        self.watch()

    def watch(self, since: str = "") -> None:
        """Hear what it says after that moment, and wait for its end."""
        self._thread = threading.Thread(target=self._watch, args=(since,), daemon=True)
        self._thread.start()

    async def leave(self) -> None:
        """Stop hearing it; it runs on."""
        self._left = True
        with suppress(OSError):
            if self._output is not None:
                self._output.close()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 5)

    async def published(self, port: int) -> int | None:
        """The port of this machine that leads to a port of the container, while it runs."""
        with suppress(*TROUBLE):
            await asyncio.to_thread(self.container.reload)
        bindings = self.container.ports.get(f"{port}/tcp")
        return int(bindings[0]["HostPort"]) if bindings else None

    async def out_of_memory(self) -> bool:
        """Whether it met its memory limit; to be asked when it has ended."""
        with suppress(*TROUBLE):
            await asyncio.to_thread(self.container.reload)
        return self.starved or bool(self.container.attrs["State"]["OOMKilled"])

    async def memory(self) -> int:
        """The bytes it uses now, without what the kernel could take back; 0 when it has ended."""
        client = self.container.client
        assert client is not None  # the engine's own
        try:
            stats = await asyncio.to_thread(client.api.stats, self.id, stream=False, one_shot=True)
        except TROUBLE:
            return 0
        memory = stats.get("memory_stats", {})
        details = memory.get("stats", {})
        cache = details.get("total_inactive_file", details.get("inactive_file", 0))
        return max(int(memory.get("usage", 0)) - int(cache), 0)

    async def signal(self, name: str) -> None:
        """Send TERM, HUP … to every process in it."""
        await asyncio.to_thread(self._signal, name)

    async def kill(self) -> None:
        """End it at once."""
        with suppress(*TROUBLE):
            await asyncio.to_thread(self.container.kill)

    async def remove(self) -> None:
        """Remove it from the engine, whatever its state."""
        # Refused where it is gone, or where somebody else is removing it.
        with suppress(*TROUBLE):
            await asyncio.to_thread(self.container.remove, force=True, v=True)

    def _start(self) -> None:
        with explained():
            self.container.start()

    def _signal(self, name: str) -> None:
        # Refused where it has ended meanwhile.
        with suppress(*TROUBLE):
            told = self.container.exec_run(["/bin/sh", "-c", f"kill -{name} -1"])
            if told.exit_code != 0:  # no shell in the image: its first process passes it on
                self.container.kill(f"SIG{name}")

    def _watch(self, since: str) -> None:
        while not self._left:
            try:
                for since, text in self._lines(since):
                    self._deliver(since, text)
                code = self.container.wait(timeout=RETRY)["StatusCode"]
            except NotFound:
                code = GONE
            except TROUBLE:
                # It runs on, or the engine restarts.
                time.sleep(RETRY)
                continue
            if not self._left:
                self._loop.call_soon_threadsafe(self._end, code)
            return

    def _lines(self, since: str) -> Iterator[tuple[str, str]]:
        # Of a terminal's output nothing is heard here, its client reads it: only the end matters.
        self._output = self.container.logs(
            stream=True,
            follow=True,
            stdout=self._hear is not None,
            stderr=True,
            timestamps=True,
            since=_seconds(since) if since else None,
        )
        try:
            for frame in self._output:
                at, _, text = frame.decode(errors="replace").partition(" ")
                if at > since:
                    yield at, text.rstrip("\r\n")
        finally:
            # The SDK leaves the connection open where the engine ends the answer.
            self._output._response.close()

    def _deliver(self, at: str, text: str) -> None:
        # Waits for room, so that a dyno which talks without end cannot fill the memory.
        self._room.acquire()
        self._lines_heard.append((at, text))
        if not self._handing_over:
            self._handing_over = True
            self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        self._handing_over = False
        while self._lines_heard:
            at, text = self._lines_heard.popleft()
            self._room.release()
            if self._hear is not None and not self._left:
                self._hear(at, text)

    def _end(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment[:19] + "+00:00").timestamp())
