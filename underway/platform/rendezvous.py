"""Where clients meet their attached one-off dynos: TLS, a secret, and then a terminal.

The client sends the dyno's secret and CRLF. It throws away the first chunk that it gets, whatever
it says; then what it sends is the dyno's input, and what it gets is the dyno's output, to the end.
The size of its window comes with the dyno's environment (COLUMNS, LINES), never this way.
"""

import asyncio
import logging
import socket
from typing import Protocol

from underway.errors import UnderwayError
from underway.platform.models import Dyno
from underway.platform.settings import Settings
from underway.platform.tls import Authority

GREETING = b"rendezvous\r\n"
PAUSE_SECONDS = 0.1
"""Between the greeting and the output, so that they are not one chunk."""
SECRET_SECONDS = 10
LONGEST_SECRET = 1024
CHUNK = 16 * 1024
END_OF_INPUT = b"\x04"
"""What a client sends at the end of its input, where that is no terminal."""
EXIT_STATUS = "\uffff".encode()
"""A client that wants the exit status has the shell print it after this mark."""
log = logging.getLogger(__name__)


class Process(Protocol):
    """A process with its client."""

    @property
    def tty(self) -> bool:
        """Whether the client sits at a terminal."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    async def close_input(self) -> None: ...

    async def wait(self) -> int: ...

    async def close(self) -> None: ...


class Attachable(Protocol):
    """What a rendezvous needs of dynos."""

    def attached(self, secret: str) -> Dyno | None: ...

    async def open(self, dyno: Dyno) -> Process: ...

    async def hang_up(self, dyno: Dyno) -> None: ...


class Rendezvous:
    """The server that clients of attached one-off dynos connect to."""

    def __init__(self, settings: Settings, dynos: Attachable, authority: Authority) -> None:
        self._dynos, self._authority = dynos, authority
        self._server: asyncio.Server | None = None
        self._meetings: set[asyncio.Task[None]] = set()

    async def start(self, sock: socket.socket) -> None:
        """Accept connections on this socket, which is bound."""
        context = self._authority.context()
        self._server = await asyncio.start_server(
            self._meet, sock=sock, ssl=context, limit=LONGEST_SECRET
        )

    async def stop(self) -> None:
        """Hang up on all clients."""
        if self._server is None:
            return
        self._server.close()
        for meeting in self._meetings:
            meeting.cancel()
        await asyncio.gather(*self._meetings, return_exceptions=True)
        await self._server.wait_closed()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        meeting = asyncio.current_task()
        assert meeting
        self._meetings.add(meeting)
        try:
            if dyno := await self._invited(reader):
                await self._attach(dyno, reader, writer)
        except OSError:
            pass  # the client is gone
        except asyncio.CancelledError:
            pass  # the server stops; asyncio would log it
        except Exception:
            log.exception("an attached dyno was lost")
        finally:
            self._meetings.discard(meeting)
            writer.close()

    async def _invited(self, reader: asyncio.StreamReader) -> Dyno | None:
        """The dyno whose secret the client knows."""
        try:
            async with asyncio.timeout(SECRET_SECONDS):
                line = await reader.readline()
        except (TimeoutError, ValueError):  # nothing, or too long
            return None
        return self._dynos.attached(line.strip().decode("ascii", "replace"))

    async def _attach(
        self, dyno: Dyno, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(GREETING)
        await writer.drain()
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            process = await self._dynos.open(dyno)
        except UnderwayError as error:
            writer.write(f"{error}\r\n".encode())
            await writer.drain()
            return
        typing = asyncio.create_task(_type(reader, process))
        printing = asyncio.create_task(_print(process, writer))
        try:
            await asyncio.wait({typing, printing}, return_when=asyncio.FIRST_COMPLETED)
            if not _ended_well(printing):
                # The client is gone: its dyno gets SIGHUP, as the last program of a terminal does.
                await self._dynos.hang_up(dyno)
            await process.wait()
        finally:
            typing.cancel()
            printing.cancel()
            await asyncio.gather(typing, printing, return_exceptions=True)
            await process.close()


async def _type(reader: asyncio.StreamReader, process: Process) -> None:
    """Hand the client's input to the process, until the client is gone."""
    # Of a terminal it is a key like others: the terminal itself makes it the end of input.
    closes = not process.tty
    while data := await reader.read(CHUNK):
        ends = closes and data.endswith(END_OF_INPUT)
        await process.write(data.removesuffix(END_OF_INPUT) if ends else data)
        if ends:
            await process.close_input()


async def _print(process: Process, writer: asyncio.StreamWriter) -> None:
    """Hand the output of the process to its client, until it ends."""
    while data := await process.read():
        # The client looks for its exit status in one chunk: it must not be spread over two.
        before, mark, status = data.rpartition(EXIT_STATUS)
        for piece in (before, mark + status):
            if piece:
                writer.write(piece)
        await writer.drain()


def _ended_well(printing: "asyncio.Task[None]") -> bool:
    return printing.done() and printing.exception() is None
