"""The registry as the rest of the platform sees it."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket as sockets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn

from underway.command import Runner
from underway.engine import Engine
from underway.errors import ImageUnavailable, UnderwayError
from underway.platform.models import Account, App
from underway.platform.registry import backend
from underway.platform.registry.gate import Gate
from underway.platform.registry.index import Index
from underway.platform.registry.proxy import Proxy
from underway.platform.settings import Settings
from underway.platform.store import Store

QUIET_SECONDS = 10
"""Without any push, before garbage is collected."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class PushFailed(UnderwayError):
    """The engine could not push an image."""


class Registry:
    """One repository for each app and process type: ``APP/TYPE``."""

    def __init__(self, settings: Settings, store: Store, engine: Engine, runner: Runner) -> None:
        self._store, self._engine = store, engine
        self._folder = settings.folder / "registry"
        self._labels = settings.labels
        self._host = f"127.0.0.1:{settings.ports.registry}"
        self._index = Index(self._folder / "index")
        self._gate = Gate()
        self._backend = backend.choose(self._folder, engine, settings.labels, runner)
        self._kept = self._backend.data / "docker/registry/v2"
        self._garbage = self._folder / "garbage"
        self._collection: asyncio.Task[None] | None = None

    async def start(self, socket: sockets.socket) -> None:
        """Serve on a bound socket.

        Raises:
            RegistryFailed: the real registry does not start.
            ImageUnavailable: there is neither its program nor its image.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._host = f"127.0.0.1:{socket.getsockname()[1]}"
        await self._backend.start()
        if self._garbage.exists():
            await self._collect(quiet=0)
        self._proxy = Proxy(self._store, self._index, self._gate, self._backend.url)
        config = uvicorn.Config(
            self._proxy,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="error",  # docker tries TLS first, each time
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[socket]))
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End it; what was pushed stays."""
        if self._collection is not None:
            self._collection.cancel()
            with suppress(asyncio.CancelledError):
                await self._collection
        self._server.should_exit = True
        await self._serving
        await self._proxy.close()
        await self._backend.stop()

    def reference(self, app: App, type: str) -> str:
        """The repository's name for an engine."""
        return f"{self._host}/{app.name}/{type}"

    async def find(self, app: App, type: str, config_digest: str) -> str | None:
        """The digest of the pushed manifest that has this config."""
        if not DIGEST.fullmatch(config_digest):
            return None
        return self._index.find(app, type, config_digest)

    async def pull(self, app: App, type: str, config_digest: str) -> str:
        """Have a pushed image on the engine, and return its id there.

        Raises:
            ImageUnavailable: it was never pushed, or cannot be pulled.
        """
        manifest = await self.find(app, type, config_digest)
        if manifest is None:
            raise ImageUnavailable(f"{app.name}/{type} has no image {config_digest}.")
        # An engine with containerd's image store knows images by their manifests.
        for digest in (config_digest, manifest):
            if found := await asyncio.to_thread(self._engine.find_image, digest):
                return str(found.id)
        reference = f"{self.reference(app, type)}@{manifest}"
        return await asyncio.to_thread(self._pull, reference, self._login(app))

    def _pull(self, reference: str, login: dict[str, str]) -> str:
        from docker.errors import APIError

        try:
            pulled = self._engine.client.images.pull(reference, auth_config=login)
        except APIError as error:
            raise ImageUnavailable(
                f"{reference} could not be pulled.", why=str(error.explanation)
            ) from error
        return str(pulled.id)

    async def push(
        self, image: str, app: App, type: str, on_line: Callable[[str], None] = lambda line: None
    ) -> None:
        """Push an image of the engine as the newest of a process type.

        ``on_line`` takes docker's own lines; it is called in another thread.

        Raises:
            PushFailed: the engine says why.
        """
        repository, login = self.reference(app, type), self._login(app)
        await asyncio.to_thread(self._push, image, repository, login, on_line)

    def _push(
        self, image: str, repository: str, login: dict[str, str], on_line: Callable[[str], None]
    ) -> None:
        self._engine.image(image, next="build it again").tag(repository, "latest")
        events = self._engine.client.images.push(
            repository, tag="latest", auth_config=login, stream=True, decode=True
        )
        shown = set()
        for event in events:
            if "error" in event:
                raise PushFailed(f"{repository} was not pushed.", why=str(event["error"]))
            line = ": ".join(str(event[key]) for key in ("id", "status") if key in event)
            if line and not event.get("progressDetail") and line not in shown:
                shown.add(line)
                on_line(line)

    def _login(self, app: App) -> dict[str, str]:
        owner = self._store.find(Account, id=app.owner_id)
        return {"username": "_", "password": owner.token if owner else ""}

    async def remove_app(self, app: App) -> None:
        """Remove all images of an app that is destroyed, from the registry and the engine."""
        self._index.forget(app)
        await asyncio.to_thread(self._remove_images, app)
        repositories = self._kept / "repositories" / app.id
        if repositories.exists():
            self._garbage.touch()
            await asyncio.to_thread(shutil.rmtree, repositories, ignore_errors=True)
            if self._collection is None or self._collection.done():
                self._collection = asyncio.create_task(self._collect(QUIET_SECONDS))

    def _remove_images(self, app: App) -> None:
        from docker.errors import APIError

        for image in self._engine.client.images.list():
            ours = self._labels.items() <= image.labels.items()
            names = list(image.attrs.get("RepoDigests") or []) + (image.tags if ours else [])
            for name in names:
                if name.startswith(f"{self._host}/{app.name}/"):
                    # In use: the container's own removal comes later; then it is no more ours.
                    with suppress(APIError):
                        self._engine.client.images.remove(name)

    async def _collect(self, quiet: float) -> None:
        async with self._gate.closed(quiet):
            self._garbage.unlink(missing_ok=True)
            if (self._kept / "blobs").exists():
                await self._backend.collect_garbage()


class _Server(uvicorn.Server):
    """Signals are the platform's own."""

    @contextmanager
    def capture_signals(self) -> Iterator[Any]:
        yield
