"""A command as data, and the one runner that executes it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from underway.errors import CommandFailed
from underway.secret import Secret

TAIL_LINES = 30
PATIENCE_SECONDS = 20
Stream = IO[bytes] | int | None
"""As subprocess takes one; None: this process's own."""


@dataclass(frozen=True)
class Command:
    """A program to start: never a shell string, never with a secret among its arguments."""

    argv: tuple[str, ...]
    env: Mapping[str, str | Secret] = field(default_factory=dict)
    stdin: str | Secret | None = None
    cwd: Path | None = None

    def __str__(self) -> str:
        return " ".join(self.argv)


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


class ProgramMissing(CommandFailed):
    """The program is not installed, or not on PATH."""


class Runner:
    """Executes commands. Tests hand over a strict fake in its place."""

    def capture(self, command: Command, check: bool = True) -> Result:
        """Run it quietly and keep its output, standard output and error apart.

        Without ``check`` a failure is only its exit code; 127 where the program is missing.

        Raises:
            CommandFailed: it exited non-zero, or the program is missing.
        """
        try:
            with _started(command, stderr=subprocess.PIPE) as process:
                stdout, stderr = process.communicate(_reveal(command.stdin or ""))
        except ProgramMissing:
            if check:
                raise
            return Result(127, "", "")
        return _finished(command, process, stdout, stderr, check)

    def follow(self, command: Command, on_line: Callable[[str], None]) -> Result:
        """Run it and hand over each line of its output, both streams in one, as it comes.

        Raises:
            CommandFailed: it exited non-zero, or the program is missing.
        """
        lines = []
        with _started(command, stderr=subprocess.STDOUT) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(_reveal(command.stdin or ""))
            process.stdin.close()
            for line in process.stdout:
                lines.append(line)
                on_line(line.rstrip())
        return _finished(command, process, "".join(lines), "", check=True)

    def transfer(
        self, command: Command, *, source: IO[bytes] | None = None, sink: IO[bytes] | None = None
    ) -> None:
        """Run it between files, byte for byte; left out: no input, and an output that is dropped.

        Raises:
            CommandFailed: it exited non-zero, or the program is missing.
        """
        ends = (source or subprocess.DEVNULL, sink or subprocess.DEVNULL)
        with _started(command, *ends, stderr=subprocess.PIPE) as process:
            _, stderr = process.communicate()
        _finished(command, process, "", stderr, check=True)

    def attach(self, command: Command) -> int:
        """Run it on the user's own terminal, input included, and return its exit code.

        Interrupted, it is given the time to put away what it has made.
        """
        with _started(command, stdin=None, stdout=None) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                if not sys.stdin.isatty():  # A terminal has told it already.
                    process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=PATIENCE_SECONDS)
                raise


@contextmanager
def _started(
    command: Command,
    stdin: Stream = subprocess.PIPE,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = None,
) -> Iterator[subprocess.Popen[str]]:
    try:
        process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=os.environ | {key: _reveal(value) for key, value in command.env.items()},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise ProgramMissing(
            f"{command.argv[0]} is not installed.",
            why=f"it was needed for: {command}",
            next="invoke doctor",
        ) from error
    with process:
        try:
            yield process
        except BaseException:
            # Ctrl-C reached the child too; let it clean up before this process goes on.
            _end(process)
            raise


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()


def _finished(
    command: Command, process: subprocess.Popen[str], stdout: str, stderr: str, check: bool
) -> Result:
    result = Result(process.returncode, stdout, stderr)
    if check and result.code != 0:
        raise CommandFailed(f"exited {result.code}: {command}", why=_tail(stderr or stdout))
    return result


def _reveal(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])
