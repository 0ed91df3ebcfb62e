"""Requests pass, unless the registry's garbage is collected: then they wait."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PAUSE = 0.2


class Gate:
    """Open to any number of requests, or closed for one collection."""

    def __init__(self) -> None:
        self._inside = 0
        self._closed = False
        self._changed = asyncio.Condition()
        self._pushed = 0.0

    @asynccontextmanager
    async def passing(self, pushing: bool) -> AsyncIterator[None]:
        """For as long as a request is under way; ``pushing`` where it is part of a push."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            if pushing:
                self._pushed = time.monotonic()
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def closed(self, quiet: float) -> AsyncIterator[None]:
        """Once there was no push for ``quiet`` seconds: nobody is inside, nobody gets in.

        A push is many requests, and what it has uploaded is garbage until its last one.
        """
        async with self._changed:
            while self._inside or time.monotonic() - self._pushed < quiet:
                try:
                    await asyncio.wait_for(self._changed.wait(), PAUSE)
                except TimeoutError:
                    pass
            self._closed = True
        try:
            yield
        finally:
            async with self._changed:
                self._closed = False
                self._changed.notify_all()
