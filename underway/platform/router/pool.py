"""Connections to dynos, kept open between requests."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from underway.platform.router.wire import Wire

HOST = "127.0.0.1"
CONNECT_SECONDS = 5
SWEEP_SECONDS = 1


class Pool:
    """Idle connections by the port they lead to; each is closed after ``keep`` seconds."""

    def __init__(self, keep: float) -> None:
        self._keep = keep
        self._idle: dict[int, dict[Wire, float]] = defaultdict(dict)

    async def open(self, port: int) -> Wire:
        """A new connection.

        Raises:
            OSError: it was refused, or not accepted in time.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, wire = await loop.create_connection(Wire, HOST, port)
        return wire

    def take(self, port: int) -> Wire | None:
        """The connection that was used last, where one is idle."""
        if not (idle := self._idle.get(port)):
            return None
        wire, _ = idle.popitem()
        wire.on_lost = wire.on_data = None
        return wire

    def give(self, port: int, wire: Wire) -> None:
        """Keep a connection whose last answer was read to its end."""
        if wire.lost:
            return
        self._idle[port][wire] = asyncio.get_running_loop().time()
        wire.on_lost = lambda: self._forget(port, wire)
        # Nobody asked: whatever it says cannot be an answer.
        wire.on_data = wire.abort

    async def sweep(self, ports: Callable[[], set[int]]) -> None:
        """Close for ever what was idle for too long, or leads to a port that serves no more.

        A server that stops may wait for its idle connections to end: it must not wait for these.
        """
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            oldest = asyncio.get_running_loop().time() - self._keep
            serving = ports()
            for port, idle in list(self._idle.items()):
                for wire, since in list(idle.items()):
                    if port not in serving or since < oldest:
                        self._forget(port, wire)
                        wire.close()

    def close(self) -> None:
        """Close them all."""
        for idle in self._idle.values():
            for wire in list(idle):
                wire.abort()
        self._idle.clear()

    def _forget(self, port: int, wire: Wire) -> None:
        wire.on_lost = wire.on_data = None
        if port in self._idle:
            self._idle[port].pop(wire, None)
            if not self._idle[port]:
                del self._idle[port]
