"""Outputs that clients read while they are written: those of builds and of release phases."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

from underway.platform.models import new_id

CHUNK = 65536
ID = re.compile(r"[0-9a-f-]{36}")


class Stream:
    """One output: a file that grows until it is closed."""

    def __init__(self, path: Path, closed: bool = False) -> None:
        self.id = path.name
        self.closed = closed
        self._path = path
        self._readers: set[asyncio.Event] = set()
        path.touch()

    def write(self, text: str) -> None:
        """Append a text, as it is."""
        if self.closed:
            return
        with self._path.open("ab") as file:
            file.write(text.encode())
        self._wake()

    def close(self) -> None:
        """No more will come."""
        self.closed = True
        self._wake()

    async def follow(self) -> AsyncIterator[bytes]:
        """What was written, from the start, then what is being written, until it is closed."""
        event = asyncio.Event()
        self._readers.add(event)
        try:
            with self._path.open("rb", buffering=0) as file:
                while True:
                    event.clear()
                    # Asked before reading, so that what came just before the end is read too.
                    closed = self.closed
                    while chunk := file.read(CHUNK):
                        yield chunk
                    if closed:
                        return
                    await event.wait()
        finally:
            self._readers.discard(event)

    def _wake(self) -> None:
        for event in self._readers:
            event.set()


class Streams:
    """All outputs, by id. Those that a killed platform left open are closed.

    For only what this process opened can grow; a writer that continues opens it again.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._open: dict[str, Stream] = {}

    def open(self, id: str | None = None) -> Stream:
        """A new stream; or the one of that id, to go on where it ends."""
        self._open = {key: stream for key, stream in self._open.items() if not stream.closed}
        stream = Stream(self._folder / (id or new_id()))
        return self._open.setdefault(stream.id, stream)

    def get(self, id: str) -> Stream | None:
        """The stream of that id, open or closed."""
        if id in self._open:
            return self._open[id]
        if ID.fullmatch(id) and (self._folder / id).exists():
            return Stream(self._folder / id, closed=True)
        return None

    async def follow(self, id: str) -> AsyncIterator[bytes]:
        """What a stream has from its start, until it is closed; nothing, if there is none."""
        if stream := self.get(id):
            async for chunk in stream.follow():
                yield chunk

    def remove(self, id: str) -> None:
        """Close and delete it."""
        if stream := self.get(id):
            stream.close()
            self._open.pop(id, None)
            (self._folder / id).unlink()

    def close(self) -> None:
        """Close all: the platform ends."""
        for stream in self._open.values():
            stream.close()
