"""The platform as a whole: its parts put together, started in order, and stopped in reverse."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import secrets
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from underway.command import Runner
from underway.engine import Engine
from underway.platform import git, page, sockets
from underway.platform.addons import Addons
from underway.platform.api import application
from underway.platform.builds import Builds
from underway.platform.dynos import Dynos
from underway.platform.logs import Logs
from underway.platform.models import Account, App
from underway.platform.registry import Registry
from underway.platform.releases import Releases
from underway.platform.rendezvous import Rendezvous
from underway.platform.router import Router
from underway.platform.settings import Settings
from underway.platform.store import Store
from underway.platform.streams import Streams
from underway.platform.tls import Authority

EMAIL = "you@localhost"
THREADS = 64
"""Calls to the engine block; a roll-out of many dynos makes many at once."""
GRACE_SECONDS = 3
"""For answers under way, log tails among them, when the platform stops."""
log = logging.getLogger(__name__)


@dataclass
class Platform:
    """All parts, for those that need several of them: the API, git and the page."""

    settings: Settings
    store: Store
    engine: Engine
    authority: Authority
    logs: Logs
    streams: Streams
    registry: Registry
    dynos: Dynos
    releases: Releases
    addons: Addons
    builds: Builds
    router: Router
    rendezvous: Rendezvous

    @classmethod
    def compose(cls, settings: Settings, engine: Engine) -> Platform:
        """Put the parts of a platform together; nothing is started."""
        folder, limits = settings.folder, settings.limits
        store = Store(folder / "state.sqlite")
        authority = Authority(folder / "authority")
        logs = Logs(folder / "logs", limits.log_lines)
        streams = Streams(folder / "streams")
        registry = Registry(settings, store, engine, Runner())
        dynos = Dynos(settings, store, engine, logs)
        releases = Releases(store, dynos, streams, logs)
        addons = Addons(settings, store, engine, releases, logs, authority)
        return cls(
            settings=settings,
            store=store,
            engine=engine,
            authority=authority,
            logs=logs,
            streams=streams,
            registry=registry,
            dynos=dynos,
            releases=releases,
            addons=addons,
            builds=Builds(settings, store, engine, registry, releases, streams, logs),
            router=Router(settings, store, dynos, logs, authority),
            rendezvous=Rendezvous(settings, dynos, authority),
        )

    def url(self, path: str) -> str:
        """An address of the API server."""
        return f"http://{sockets.HOST}:{self.settings.ports.api}{path}"

    def stream_url(self, path: str) -> str:
        """The same for what a client is sent on to: it may be in a container.

        There localhost can be made to lead to this machine, as in the jobs of a pipeline.
        """
        return f"http://localhost:{self.settings.ports.api}{path}"

    def hostname(self, app: App) -> str:
        """The host name under which the router knows an app."""
        return f"{app.host}.localhost"

    def web_url(self, app: App) -> str:
        """Where an app's visitors go."""
        return f"https://{self.hostname(app)}:{self.settings.ports.https}/"

    def attach_url(self, secret: str) -> str:
        """Where a client meets its one-off dyno."""
        return f"rendezvous://{sockets.HOST}:{self.settings.ports.rendezvous}/{secret}"


async def serve(settings: Settings) -> None:
    """Run a platform until SIGTERM or SIGINT; then stop its dynos and all else that it started.

    Raises:
        UnderwayError: a part cannot start.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    claimed = sockets.claim(settings.ports)
    settings = dataclasses.replace(settings, ports=claimed.ports(settings.ports))
    settings.save()
    async with AsyncExitStack() as stack:
        engine = await asyncio.to_thread(Engine.connect)
        stack.callback(engine.client.close)
        platform = Platform.compose(settings, engine)
        ensure_account(settings.folder, platform.store)
        await _start(platform, claimed, stack)
        log.info("serving %s at %s", settings.folder, platform.url("/"))
        await stopping.wait()
        log.info("stopping")


async def _start(platform: Platform, claimed: sockets.Sockets, stack: AsyncExitStack) -> None:
    """Start every part after those that it needs, and leave its end to the stack."""
    for part in (platform.store, platform.logs, platform.streams):
        stack.callback(part.close)
    await platform.registry.start(claimed.registry)
    stack.push_async_callback(platform.registry.stop)
    await platform.addons.start()
    stack.push_async_callback(platform.addons.stop)
    stack.push_async_callback(platform.dynos.stop_all)
    # Let go of first: a release phase that stops with its dyno has not failed, it runs again.
    stack.push_async_callback(platform.releases.detach)
    await platform.dynos.recover()
    await platform.releases.recover()
    await platform.addons.recover()
    platform.builds.recover()
    stack.push_async_callback(platform.builds.stop)
    await platform.router.start(claimed.http, claimed.https)
    stack.push_async_callback(platform.router.stop)
    await platform.rendezvous.start(claimed.rendezvous)
    stack.push_async_callback(platform.rendezvous.stop)
    await _start_api(platform, claimed.api, stack)


async def _start_api(platform: Platform, sock: socket.socket, stack: AsyncExitStack) -> None:
    app = application.create(platform, [*git.routes(platform), *page.routes(platform)])
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
    config.timeout_graceful_shutdown = GRACE_SECONDS
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))

    async def stop() -> None:
        server.should_exit = True
        await serving

    stack.push_async_callback(stop)


class _Server(uvicorn.Server):
    """A server that leaves the signals to the platform."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def ensure_account(folder: Path, store: Store) -> Account:
    """The one account, whose token is in ``FOLDER/token``; made at the first start."""
    path = folder / "token"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(20) + "\n")
    token = path.read_text().strip()
    account = store.find(Account, email=EMAIL)
    if account is None:
        return store.add(Account(email=EMAIL, token=token))
    account.token = token
    return store.save(account)
