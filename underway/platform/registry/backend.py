"""The real registry behind the proxy: Debian's docker-registry, else the official image.

It listens on a port of 127.0.0.1 that any user of this machine could try, so every path of it
starts with a secret: only the proxy gets in.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from underway.command import Command, Runner
from underway.engine import Engine
from underway.errors import UnderwayError
from underway.machine.registry import IMAGE, PROGRAM

if TYPE_CHECKING:
    from docker.models.containers import Container

IMAGE_PORT, IMAGE_CONFIG, IMAGE_DATA = 5000, "/etc/docker/registry/config.yml", "/var/lib/registry"
READY_SECONDS = 20
PAUSE = 0.05


class RegistryFailed(UnderwayError):
    """The registry behind the platform's does not start."""


class Backend(ABC):
    """A registry that keeps its data under ``folder``; ``url`` is known once it is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "config.yml"
        self.url = ""
        self._prefix = f"/{secrets.token_urlsafe(24)}/"

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RegistryFailed: it ended, or does not answer.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        port = await self._launch()
        self.url = f"http://127.0.0.1:{port}{self._prefix}".rstrip("/")
        question = httpx.Request("GET", f"{self.url}/v2/")
        async with httpx.AsyncHTTPTransport() as transport:
            for _ in range(int(READY_SECONDS / PAUSE)):
                if await self._has_ended():
                    break
                try:
                    if (await transport.handle_async_request(question)).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(PAUSE)
        why = await self._log()
        await self.stop()
        raise RegistryFailed("the registry behind the platform does not start.", why=why)

    def _configure(self, address: str, data: str) -> None:
        # JSON is YAML. No cache of blobs: it would outlive what the garbage collection removes.
        config = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": data}},
            "http": {"addr": address, "prefix": self._prefix, "relativeurls": True}
            | {"secret": self._prefix},
        }
        self.config.touch(0o600)
        self.config.write_text(json.dumps(config, indent=2))

    @abstractmethod
    async def stop(self) -> None:
        """End it; its data stays."""

    @abstractmethod
    async def collect_garbage(self) -> None:
        """Remove blobs that no manifest names. Nobody may push meanwhile."""

    @abstractmethod
    async def _launch(self) -> int:
        """Start it, and return its port on 127.0.0.1."""

    @abstractmethod
    async def _has_ended(self) -> bool: ...

    @abstractmethod
    async def _log(self) -> str: ...


class ProgramBackend(Backend):
    """Debian's docker-registry as a child process."""

    def __init__(self, folder: Path, runner: Runner) -> None:
        super().__init__(folder)
        self._runner = runner
        self._log_file = folder / "registry.log"
        self._process: Process | None = None

    async def _launch(self) -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        self._configure(f"127.0.0.1:{port}", str(self.data))
        # setpriv: it ends with the platform, even one that is killed. Debian always has it.
        argv = ("setpriv", "--pdeathsig=KILL", "--", PROGRAM, "serve", str(self.config))
        with self._log_file.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", os.defpath), "OTEL_TRACES_EXPORTER": "none"},
                start_new_session=True,  # Ctrl-C is for the platform, which then stops it
            )
        return port

    async def stop(self) -> None:
        """End it; its data stays."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), timeout=10)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._process = None

    async def collect_garbage(self) -> None:
        """Remove blobs that no manifest names."""
        command = Command((PROGRAM, "garbage-collect", str(self.config)))
        await asyncio.to_thread(self._runner.capture, command)

    async def _has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def _log(self) -> str:
        return self._log_file.read_text(errors="replace")[-2000:].strip()


class ImageBackend(Backend):
    """The official image in a container."""

    def __init__(
        self, folder: Path, engine: Engine, labels: dict[str, str], image: str = IMAGE
    ) -> None:
        super().__init__(folder)
        self._engine = engine
        self._labels = labels | {"underway.role": "registry"}
        self._image = image
        self._container: Container | None = None

    async def _launch(self) -> int:
        self._configure(f":{IMAGE_PORT}", IMAGE_DATA)
        return await asyncio.to_thread(self._run)

    def _run(self) -> int:
        self._remove()  # one that a killed platform left behind
        if self._engine.find_image(self._image) is None:
            self._engine.pull(self._image)
        mounts = {
            str(self.data.resolve()): {"bind": IMAGE_DATA, "mode": "rw"},
            str(self.config.resolve()): {"bind": IMAGE_CONFIG, "mode": "ro"},
        }
        self._container = self._engine.start(
            self._image,
            user=f"{os.getuid()}:{os.getgid()}",
            labels=self._labels,
            ports={f"{IMAGE_PORT}/tcp": ("127.0.0.1", None)},
            volumes=mounts,
        )
        self._container.reload()
        published: list[dict[str, Any]] = self._container.ports.get(f"{IMAGE_PORT}/tcp") or []
        return int(published[0]["HostPort"]) if published else 0

    async def stop(self) -> None:
        """End it; its data stays."""
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        for container in self._engine.containers(self._labels):
            container.remove(force=True, v=True)
        self._container = None

    async def collect_garbage(self) -> None:
        """Remove blobs that no manifest names."""
        assert self._container is not None
        command = ["registry", "garbage-collect", IMAGE_CONFIG]
        result = await asyncio.to_thread(self._container.exec_run, command)
        if result.exit_code != 0:
            raise RegistryFailed("the garbage collection failed.", why=str(result.output))

    async def _has_ended(self) -> bool:
        assert self._container is not None
        await asyncio.to_thread(self._container.reload)
        return bool(self._container.status == "exited")

    async def _log(self) -> str:
        assert self._container is not None
        log: Any = await asyncio.to_thread(self._container.logs, tail=20)
        return str(log, errors="replace")


def choose(folder: Path, engine: Engine, labels: dict[str, str], runner: Runner) -> Backend:
    """The program where it is installed, else the image."""
    if shutil.which(PROGRAM):
        return ProgramBackend(folder, runner)
    return ImageBackend(folder, engine, labels)
