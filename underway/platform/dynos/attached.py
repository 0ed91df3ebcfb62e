"""The terminal of a one-off dyno: what its client types goes in, what it prints comes out."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from docker.errors import APIError

from underway.platform.dynos.instance import Instance

CHUNK = 65536
HEADER = struct.Struct(">BxxxL")
"""Before each piece of output, where there is no terminal: which stream, how many bytes."""


class AttachedProcess:
    """A process with its client's end of the line. ``tty``: both its outputs are one."""

    def __init__(self, instance: Instance, handle: Any, tty: bool) -> None:
        self._instance = instance
        self._handle = handle
        # The SDK wraps the socket in a reader that would block the event loop.
        self._socket: socket.socket = handle._sock
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self.tty = tty
        self._left = 0

    @classmethod
    async def open(cls, instance: Instance, tty: bool) -> AttachedProcess:
        """Attach to a container that has been created, and is about to be started."""
        handle = await asyncio.to_thread(
            instance.container.attach_socket,
            params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1},
        )
        return cls(instance, handle, tty)

    async def read(self) -> bytes:
        """What it printed since; nothing (b"") at the end."""
        with suppress(OSError):
            if self.tty:
                return await self._loop.sock_recv(self._socket, CHUNK)
            while self._left == 0:
                header = await self._exactly(HEADER.size)
                if not header:
                    return b""
                self._left = HEADER.unpack(header)[1]
            piece = await self._loop.sock_recv(self._socket, min(self._left, CHUNK))
            self._left -= len(piece)
            return piece
        return b""

    async def write(self, data: bytes) -> None:
        """Hand input to it; lost where it has ended."""
        with suppress(OSError):
            await self._loop.sock_sendall(self._socket, data)

    async def close_input(self) -> None:
        """The end of its input."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    async def resize(self, rows: int, columns: int) -> None:
        """Tell it how large its client's window is."""
        # Refused where it has ended.
        with suppress(APIError):
            await asyncio.to_thread(self._instance.container.resize, rows, columns)

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        return await asyncio.shield(self._instance.ended)

    async def close(self) -> None:
        """Hang up. The process runs on: ``Dynos.stop`` ends it."""
        # The SDK hangs the HTTP answer, which owns the connection, on the handle.
        self._handle._response.close()
        self._handle.close()
        self._socket.close()

    async def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = await self._loop.sock_recv(self._socket, count - len(data))
            if not piece:
                return b""
            data += piece
        return data
