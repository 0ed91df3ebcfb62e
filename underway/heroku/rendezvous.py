"""Sitting at the terminal of a one-off dyno: input goes there, output comes from there.

The protocol is that of Heroku's own command line: TLS, the secret and CRLF; the first chunk that
comes back is thrown away; then bytes in both directions. End of input is 0x04 where it is no
terminal. The exit status does not come by itself: the command's shell prints it behind a mark.
"""

from __future__ import annotations

import os
import select
import shlex
import socket
import ssl
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from underway import web
from underway.errors import CommandFailed, HerokuUnavailable
from underway.heroku.client import Heroku

CONNECT_SECONDS = 60
CHUNK = 16 * 1024
END_OF_INPUT = b"\x04"
MARK = "\uffff heroku-command-exit-status: "
NOTHING = -1
"""In place of a file descriptor: no input."""
Output = Callable[[bytes], object]


def run(
    heroku: Heroku,
    words: tuple[str, ...],
    *,
    env: dict[str, str] | None = None,
    stdin: int | None = None,
    output: Output | None = None,
) -> int:
    """Run a command in a one-off dyno, at this process's own terminal or between its streams.

    ``stdin`` is another file descriptor to read from (NOTHING: none), ``output`` takes what the
    command says in place of standard output. Returns the command's own exit status.

    Raises:
        HerokuUnavailable: the dyno cannot be reached.
        CommandFailed: the connection broke before the command had ended.
    """
    source = sys.stdin.fileno() if stdin is None else stdin
    interactive = stdin is None and output is None and sys.stdin.isatty() and sys.stdout.isatty()
    variables = dict(env or {})
    if interactive:
        # Of the terminal itself: COLUMNS and LINES may be set by whoever started this process.
        size = os.get_terminal_size(source)
        window = {"COLUMNS": str(size.columns), "LINES": str(size.lines)}
        variables |= window | {"TERM": os.environ.get("TERM", "xterm")}
    command = f'{shlex.join(words)}; echo "{MARK}$?"'
    dyno = heroku.run_dyno(command, variables, tty=interactive)
    status = ExitStatus(output or _to_stdout)
    with _connected(dyno.attach_url, heroku) as connection, _raw(source, interactive):
        _exchange(connection, source, interactive, status)
    if status.code is None:
        raise CommandFailed(
            f"the connection to {dyno.name} ended before its command did.",
            why=f"{shlex.join(words)} may have been stopped, or may go on.",
            next=f"invoke logs --dyno {dyno.name}",
        )
    return status.code


class ExitStatus:
    """Passes output on, and takes the exit status out of it."""

    def __init__(self, output: Output) -> None:
        self.code: int | None = None
        self._output = output
        self._held = b""

    def feed(self, data: bytes) -> None:
        """One more piece of output; what may be the mark's beginning is held back."""
        self._held += data
        mark = MARK.encode()
        before, found, status = self._held.partition(mark)
        if found:
            if status.endswith(b"\n") and status.strip().isdigit():
                self._output(before)
                self.code, self._held = int(status), b""
            return
        kept = next(
            (
                n
                for n in range(min(len(mark), len(self._held)), 0, -1)
                if mark.startswith(self._held[-n:])
            ),
            0,
        )
        self._output(self._held[: len(self._held) - kept])
        self._held = self._held[len(self._held) - kept :]

    def end(self) -> None:
        """No more comes."""
        before, found, status = self._held.partition(MARK.encode())
        self._output(before)
        if found and status.strip().isdigit():
            self.code = int(status)


@contextmanager
def _connected(url: str, heroku: Heroku) -> Iterator[ssl.SSLSocket]:
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or 5000
    context = web.trust(heroku.target.authority)
    try:
        plain = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
        connection = context.wrap_socket(plain, server_hostname=host)
    except OSError as error:
        raise HerokuUnavailable(
            f"the one-off dyno cannot be reached at {host}:{port}.",
            why=str(error),
            next="a firewall may keep that port closed; try again elsewhere",
        ) from None
    with connection:
        connection.sendall(f"{place.path.lstrip('/')}\r\n".encode())
        connection.recv(CHUNK)
        connection.settimeout(None)
        yield connection


def _exchange(
    connection: ssl.SSLSocket, source: int, interactive: bool, status: ExitStatus
) -> None:
    reading: list[ssl.SSLSocket | int] = [connection]
    if source != NOTHING:
        reading.append(source)
    if source == NOTHING:
        connection.sendall(END_OF_INPUT)
    while True:
        # What TLS has decrypted already, select does not see.
        ready = [connection] if connection.pending() else select.select(reading, (), ())[0]
        if source in ready:
            data = os.read(source, CHUNK)
            if not data:
                reading.remove(source)
            if data or not interactive:
                connection.sendall(data or END_OF_INPUT)
        if connection in ready:
            try:
                data = connection.recv(CHUNK)
            except OSError:
                data = b""
            if not data:
                status.end()
                return
            status.feed(data)


@contextmanager
def _raw(source: int, interactive: bool) -> Iterator[None]:
    """Keys go to the dyno one by one, Ctrl-C among them."""
    if not interactive:
        yield
        return
    before = termios.tcgetattr(source)
    try:
        tty.setraw(source)
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(source, termios.TCSADRAIN, before)


def _to_stdout(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
