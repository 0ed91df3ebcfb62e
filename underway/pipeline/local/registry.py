"""A registry in the place of GitLab's: for a pipeline's images, and their layers between runs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from underway.engine import Engine
from underway.errors import ContainerFailed
from underway.machine.registry import IMAGE, PROGRAM

READY_SECONDS = 20
PAUSE = 0.1


@contextmanager
def running(folder: Path, engine: Engine, labels: dict[str, str]) -> Iterator[int]:
    """A registry on 127.0.0.1, without passwords; what is in it stays in ``folder``.

    The port is the last run's if it is free: images are named after it.

    Raises:
        ContainerFailed: it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = _port(folder / "port")
    config = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}", "relativeurls": True},
    }
    with _started(folder, config, engine, labels):
        _wait(port)
        yield port


def _port(file: Path) -> int:
    for wanted in (int(file.read_text()) if file.exists() else 0, 0):
        try:
            with socket.create_server(("127.0.0.1", wanted)) as free:
                port = int(free.getsockname()[1])
        except OSError:
            continue
        break
    file.write_text(str(port))
    return port


@contextmanager
def _started(
    folder: Path, config: Mapping[str, object], engine: Engine, labels: dict[str, str]
) -> Iterator[None]:
    file = folder / "config.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    if program := shutil.which(PROGRAM):
        with (folder / "registry.log").open("wb") as log:
            process = subprocess.Popen(
                [program, "serve", str(file)], stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield
        finally:
            process.terminate()
            process.wait()
        return
    place = str(folder.resolve())
    with engine.throwaway(
        IMAGE,
        command=["serve", str(folder.resolve() / "config.yml")],
        user=f"{os.getuid()}:{os.getgid()}",
        labels=labels | {"underway.role": "ci-registry"},
        network_mode="host",
        volumes={place: {"bind": place, "mode": "rw"}},
    ):
        yield


def _wait(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/v2/", trust_env=False).raise_for_status()
            return
        except httpx.HTTPError as error:
            if time.monotonic() > deadline:
                raise ContainerFailed(
                    "the pipeline's registry does not start.", why=str(error), next="invoke setup"
                ) from error
            time.sleep(PAUSE)
