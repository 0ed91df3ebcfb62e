"""Attached one-off dynos, as the Heroku CLI meets them; a local process stands in for the dyno."""

import asyncio
import os
import pty
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from underway.errors import UnderwayError
from underway.platform.models import Dyno
from underway.platform.rendezvous import Rendezvous
from underway.platform.settings import Settings
from underway.platform.tls import Authority

pytestmark = pytest.mark.anyio
SECRET = "the-secret"


class Piped:
    """A process without a terminal."""

    tty = False

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        assert process.stdin and process.stdout
        self._in, self._out = process.stdin, process.stdout

    async def read(self) -> bytes:
        return await self._out.read(65536)

    async def write(self, data: bytes) -> None:
        with suppress(OSError):
            self._in.write(data)
            await self._in.drain()

    async def close_input(self) -> None:
        self._in.close()

    async def wait(self) -> int:
        return await self.process.wait()

    async def close(self) -> None:
        self._in.close()


class Terminal(Piped):
    """A process at a terminal of its own."""

    tty = True

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process, self._master = process, master

    async def read(self) -> bytes:
        with suppress(OSError):
            return await asyncio.to_thread(os.read, self._master, 65536)
        return b""

    async def write(self, data: bytes) -> None:
        os.write(self._master, data)

    async def close(self) -> None:
        os.close(self._master)


@dataclass
class FakeDynos:
    """One dyno waits for a client, with a command for the shell."""

    command: str = "true"
    tty: bool = False
    broken: bool = False
    dyno: Dyno = field(
        default_factory=lambda: Dyno("app", "run.1234", "run", "release", [], attach=SECRET)
    )
    stopped: list[str] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None

    def attached(self, secret: str) -> Dyno | None:
        return self.dyno if secret == SECRET and self.process is None else None

    async def open(self, dyno: Dyno) -> Piped:
        if self.broken:
            raise UnderwayError("the engine is gone.")
        if self.tty:
            master, slave = pty.openpty()
            self.process = await asyncio.create_subprocess_shell(
                self.command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
            )
            os.close(slave)
            return Terminal(self.process, master)
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_shell(
            f"exec {self.command}", stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        return Piped(self.process)

    async def hang_up(self, dyno: Dyno) -> None:
        assert dyno.app_id == "app" and self.process
        self.stopped.append(dyno.name)
        self.process.send_signal(signal.SIGHUP)


@dataclass
class Meeting:
    """A rendezvous, and the way there."""

    dynos: FakeDynos
    rendezvous: Rendezvous
    port: int
    trust: ssl.SSLContext

    async def connect(
        self, secret: str = SECRET
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """As the CLI does it: the first chunk is thrown away, whatever it is."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust)
        writer.write(f"{secret}\r\n".encode())
        async with asyncio.timeout(5):
            await reader.read(65536)
        return reader, writer

    async def output(self, typed: bytes = b"") -> bytes:
        """All that a client gets."""
        reader, writer = await self.connect()
        writer.write(typed)
        async with asyncio.timeout(10):
            found = await reader.read()
        await hang_up(writer)
        return found


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@pytest.fixture
async def meeting(tmp_path: Path) -> AsyncIterator[Meeting]:
    authority, dynos = Authority(tmp_path), FakeDynos()
    rendezvous = Rendezvous(Settings(tmp_path), dynos, authority)
    sock = socket.create_server(("127.0.0.1", 0))
    await rendezvous.start(sock)
    trust = ssl.create_default_context(cafile=str(authority.ca_file))
    yield Meeting(dynos, rendezvous, sock.getsockname()[1], trust)
    await rendezvous.stop()


async def test_the_output_comes_after_the_greeting(meeting: Meeting) -> None:
    meeting.dynos.command = "echo hello"
    assert await meeting.output() == b"hello\n"
    assert meeting.dynos.stopped == []


async def test_all_of_a_long_output_comes(meeting: Meeting) -> None:
    meeting.dynos.command = f"{sys.executable} -c \"print('x' * 5_000_000)\""
    assert len(await meeting.output()) == 5_000_001


async def test_the_end_of_input_reaches_a_process_without_a_terminal(meeting: Meeting) -> None:
    meeting.dynos.command = "sort"
    assert await meeting.output(b"b\na\n\x04") == b"a\nb\n"


async def test_the_end_of_input_is_a_key_of_a_terminal(meeting: Meeting) -> None:
    meeting.dynos.tty, meeting.dynos.command = True, "sort; stty -echo; cat"
    assert (await meeting.output(b"b\na\n\x04\x04")).endswith(b"a\r\nb\r\n")


async def test_a_terminal_is_typed_into(meeting: Meeting) -> None:
    meeting.dynos.tty = True
    meeting.dynos.command = "test -t 0 && read name && echo hello $name"
    assert (await meeting.output(b"you\r")).endswith(b"hello you\r\n")


async def test_the_exit_status_comes_in_one_chunk(meeting: Meeting) -> None:
    status = "\uffff heroku-command-exit-status: 3\n".encode()
    code = f"import os; os.write(1, b'x' * 16384 + {status!r})"
    meeting.dynos.command = f'{sys.executable} -c "{code}"'.replace("\\", "\\\\")
    reader, writer = await meeting.connect()
    chunks = []
    while data := await reader.read(65536):
        chunks.append(data)
    await hang_up(writer)
    assert b"".join(chunks) == b"x" * 16384 + status
    assert any(status in chunk for chunk in chunks)


async def test_a_client_that_goes_hangs_up_its_dyno(meeting: Meeting) -> None:
    meeting.dynos.command = "sleep 60"
    _, writer = await meeting.connect()
    async with asyncio.timeout(5):
        while meeting.dynos.process is None:
            await asyncio.sleep(0.01)
        await hang_up(writer)
        assert await meeting.dynos.process.wait() == -signal.SIGHUP
    assert meeting.dynos.stopped == ["run.1234"]


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 5000, "\N{SNOWMAN}"])
async def test_who_does_not_know_the_secret_learns_nothing(meeting: Meeting, secret: str) -> None:
    reader, writer = await meeting.connect(secret)
    assert await reader.read() == b""
    await hang_up(writer)
    assert meeting.dynos.process is None


async def test_a_dyno_that_cannot_start_says_why(meeting: Meeting) -> None:
    meeting.dynos.broken = True
    assert b"the engine is gone." in await meeting.output()


async def test_stopping_hangs_up_on_clients(meeting: Meeting) -> None:
    meeting.dynos.command = "sleep 60"
    reader, writer = await meeting.connect()
    await asyncio.sleep(0.3)
    await meeting.rendezvous.stop()
    assert await reader.read() == b""
    await hang_up(writer)
    assert meeting.dynos.process
    meeting.dynos.process.kill()
    await meeting.dynos.process.wait()
