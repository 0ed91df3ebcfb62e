"""A connection as the router sees it: bytes both ways, with back-pressure both ways."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

FULL = 256 * 1024
"""Bytes that are taken in before somebody reads them; then the other side has to wait."""


class Wire(asyncio.Protocol):
    """One TCP or TLS connection. ``lost`` is true once it is gone, at whoever's wish; ``failed``,
    where it broke.

    ``on_lost`` is called at that moment, ``on_data`` when bytes come in: for who is not reading.
    """

    def __init__(self, opened: "Callable[[Wire], None] | None" = None) -> None:
        self.lost = self.failed = False
        self.on_lost: Callable[[], None] | None = None
        self.on_data: Callable[[], None] | None = None
        self.transport: asyncio.Transport
        self._opened = opened
        self._received = bytearray()
        self._unsent: list[bytes] = []
        self._reader: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._reading = True

    async def read(self, seconds: float | None = None) -> bytes:
        """What has come in, at least one byte; ``b""`` when no more will come.

        Raises:
            TimeoutError: nothing came for so long.
        """
        if not self._received and not self.lost:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                if seconds is None:
                    await self._reader
                else:
                    async with asyncio.timeout(seconds):
                        await self._reader
            finally:
                self._reader = None
        data = bytes(self._received)
        self._received.clear()
        if not self._reading and not self.lost:
            self._reading = True
            self.transport.resume_reading()
        return data

    def write(self, data: bytes) -> None:
        """Send this with the next ``flush``."""
        self._unsent.append(data)

    async def flush(self, seconds: float | None = None) -> None:
        """Send what was written, and wait while the other side takes in too little.

        Raises:
            TimeoutError: it took nothing for so long.
        """
        if self._unsent and not self.lost:
            self.transport.write(b"".join(self._unsent))
        self._unsent.clear()
        if self._writable:
            async with asyncio.timeout(seconds):
                # Shielded: a time limit must not end it for others who wait.
                await asyncio.shield(self._writable)

    async def discard(self, seconds: float) -> None:
        """Take in whatever still comes, for so long at most.

        A client that is cut off while it sends may never see its answer.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self.read():
                    pass

    def close(self) -> None:
        """Close it after what is under way was sent."""
        self.transport.close()

    def abort(self) -> None:
        """Close it at once."""
        self.transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self._opened:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > FULL and self._reading:
            self._reading = False
            self.transport.pause_reading()
        self._wake(self._reader)
        if self.on_data:
            self.on_data()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost, self.failed = True, error is not None
        self._wake(self._reader)
        self.resume_writing()
        if self.on_lost:
            self.on_lost()

    def pause_writing(self) -> None:
        if not self.lost:
            self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        self._wake(self._writable)
        self._writable = None

    @staticmethod
    def _wake(waiting: "asyncio.Future[None] | None") -> None:
        if waiting and not waiting.done():
            waiting.set_result(None)
