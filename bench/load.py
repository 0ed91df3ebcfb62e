"""Load from `wrk`, and what it says of the answers."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from underway import console
from underway.command import Command, Runner
from underway.machine.debian import Debian, find_program

PROGRAM = "wrk"
"""The program, and Debian's package of it."""
SECONDS = 3
PORTS = 8000
"""Connections that have ended and keep a port, at most, before there is load."""
SOCKETS = Path("/proc/net/sockstat")
PATIENCE = "30s"
"""For an answer: one worker leaves many waiting."""
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Answers:
    """``requests``: all that were answered; ``lost``: errors in place of an answer, or as one."""

    requests: int
    per_second: float
    p99: float
    """Milliseconds."""
    lost: int


def ensure(runner: Runner) -> None:
    """Have the program.

    Raises:
        SetupImpossible: this is neither Debian nor Ubuntu, or root is out of reach.
    """
    if find_program(PROGRAM):
        return
    debian = Debian.here(runner)
    with console.step(f"Installing {PROGRAM}") as line:
        debian.install([PROGRAM], line)


def run(
    url: str, connections: int, headers: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> Answers:
    """Ask as fast as this many connections can, from one thread.

    Raises:
        CommandFailed: there is nothing to ask.
    """
    _wait_for_ports()
    argv = _argv(url, connections, headers or {}, seconds)
    return parse(Runner().capture(Command(argv)).stdout)


def steady(
    url: str, connections: int, headers: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> Answers:
    """The same, where each request has to be answered.

    Raises:
        AssertionError: one was not.
    """
    answers = run(url, connections, headers, seconds)
    assert answers.lost == 0, f"{url}: {answers.lost} of {answers.requests} were lost"
    return answers


@contextmanager
def meanwhile(
    url: str, connections: int, headers: Mapping[str, str], longest: float
) -> Iterator[list[Answers]]:
    """Load for as long as the block runs; its answers are in the list afterwards."""
    argv = _argv(url, connections, headers, longest)
    heard: list[Answers] = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield heard
        finally:
            # It ends with its report, as at the end of its time.
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
    heard.append(parse(said))


def parse(said: str) -> Answers:
    """What wrk's report means.

    Raises:
        ValueError: it is no report.
    """
    requests = re.search(r"(\d+) requests in", said)
    rate = re.search(r"Requests/sec: +([\d.]+)", said)
    p99 = re.search(r"99% +([\d.]+)(us|ms|s|m)", said)
    if requests is None or rate is None or p99 is None:
        raise ValueError(f"wrk has not reported: {said!r}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said
    )
    lost = sum(map(int, errors.groups())) if errors else 0
    return Answers(
        requests=int(requests[1]),
        per_second=float(rate[1]),
        p99=float(p99[1]) * MILLISECONDS[p99[2]],
        lost=lost + (int(refused[1]) if refused else 0),
    )


def _wait_for_ports() -> None:
    """Wait until those of earlier connections are free again: each is kept for a minute.

    A server that closes every connection takes a new one for each request, and with most of
    them taken, to find a free one costs more than the request.
    """
    while int(SOCKETS.read_text().partition(" tw ")[2].split()[0]) > PORTS:
        time.sleep(1)


def _argv(
    url: str, connections: int, headers: Mapping[str, str], seconds: float
) -> tuple[str, ...]:
    argv = [PROGRAM, "--latency", "--threads", "1", "--connections", str(connections)]
    argv += ["--duration", f"{seconds:g}s", "--timeout", PATIENCE]
    for name, value in headers.items():
        argv += ["--header", f"{name}: {value}"]
    return (*argv, url)
