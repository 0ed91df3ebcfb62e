"""The project's real processes, started as production starts them."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

PRODUCTION = {
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "example.com",
    "WEB_CONCURRENCY": "1",
    "PYTHONUNBUFFERED": "1",
}
PATIENCE = 60  # seconds; reached only when something hangs


def environment(**changes: str | None) -> dict[str, str]:
    """Production's environment and nothing from this shell; None removes a variable."""
    merged = {**PRODUCTION, "PATH": os.environ["PATH"], **changes}
    return {name: value for name, value in merged.items() if value is not None}


def manage(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return run(["manage.py", *arguments], environment(**changes))


def gunicorn(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return run(["-m", "hello_django", *arguments], environment(**changes))


def run(arguments: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log_path = log

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        names = {"Host": "example.com"} | {k.replace("_", "-"): v for k, v in headers.items()}
        connection = self.connect()
        connection.request("GET", path, headers={**names, "Connection": "close"})
        return connection.getresponse()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def serving(log: Path, *arguments: str, **changes: str | None) -> Iterator[Server]:
    """A gunicorn that answers, on a port of its own; gone when the block ends."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "hello_django", *arguments],
            cwd=settings.BASE_DIR,
            env=environment(PORT=str(port), **changes),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, port, log)
    try:
        wait_until(lambda: answers(server), server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)


def answers(server: Server) -> bool:
    assert server.process.poll() is None, server.log
    try:
        return server.get("/healthz").status == 200
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], server: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, server.log
        time.sleep(0.05)
