"""A program at a pseudo-terminal, and one whose output is read as it comes."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from tests.checkout import Checkout

SECONDS = 60


class Terminal:
    """A user at a terminal of 30 rows and 100 columns, who has started a task there."""

    def __init__(self, checkout: Checkout, *words: str) -> None:
        self._here, there = pty.openpty()
        termios.tcsetwinsize(there, (30, 100))
        self._process = subprocess.Popen(
            checkout.argv(*words),
            cwd=checkout.root,
            env=os.environ | {"TERM": "xterm"},
            stdin=there,
            stdout=there,
            stderr=there,
            start_new_session=True,
        )
        os.close(there)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._here)

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._here, text.encode())

    def read_until(self, pattern: bytes) -> bytes:
        """What is shown, up to and with the pattern."""
        seen, deadline = b"", time.monotonic() + SECONDS
        while not re.search(pattern, seen):
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self._here], [], [], left)[0], seen
            seen += os.read(self._here, 4096)
        return seen

    def code(self) -> int:
        """The task's exit code, once it has ended."""
        return self._process.wait(SECONDS)


class Running:
    """A task that goes on; off a terminal."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def line_with(self, text: str) -> str:
        """The next line of its output that has this text."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}")

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; its exit code and what it said on standard error."""
        self._process.send_signal(signal.SIGINT)
        _, errors = self._process.communicate(timeout=SECONDS)
        return self._process.returncode, errors


@contextmanager
def running(checkout: Checkout, *words: str) -> Iterator[Running]:
    """A task for as long as the block runs."""
    process = subprocess.Popen(
        checkout.argv(*words),
        cwd=checkout.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Running(process)
        finally:
            process.kill()
