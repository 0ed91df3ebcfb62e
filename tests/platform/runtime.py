"""A platform's dynos without the rest of it, for tests: real containers, short limits."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from underway.engine import Engine
from underway.platform.dynos import Dynos
from underway.platform.dynos.container import filters
from underway.platform.logs import Logs
from underway.platform.models import Account, App, Dyno, Process, Release
from underway.platform.releases import Releases
from underway.platform.settings import Limits, Settings
from underway.platform.store import Store
from underway.platform.streams import Streams

PYTHON = "python:3.13-slim-trixie"
SHORT = Limits(
    boot=60,
    stop=15,
    release_phase=60,
    restart_first=0.3,
    restart_most=2,
    memory_check=0.3,
    preboot=1,
)
SERVER = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(dict(os.environ)).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
print("listening on", os.environ["PORT"], "as", os.getuid(), flush=True)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


class Runtime:
    """The parts, as the service composes them."""

    def __init__(self, folder: Path, limits: Limits = SHORT) -> None:
        self.settings = Settings(folder, limits=limits)
        self.engine = Engine.connect()
        self.store = Store(folder / "state.sqlite")
        self.logs = Logs(folder / "logs", limits.log_lines)
        self.streams = Streams(folder / "streams")
        self.dynos = Dynos(self.settings, self.store, self.engine, self.logs)
        self.releases = Releases(self.store, self.dynos, self.streams, self.logs)
        self.user = self.store.find(Account) or self.store.add(Account("you@localhost", "token"))

    async def recover(self) -> None:
        await self.dynos.recover()
        await self.releases.recover()

    async def detach(self) -> None:
        """The service ends; its dynos run on."""
        await self.releases.detach()
        await self.dynos.detach()
        self._close()

    async def stop(self) -> None:
        """The platform goes down."""
        await self.releases.detach()
        await self.dynos.stop_all()
        self._close()

    def _close(self) -> None:
        self.streams.close()
        self.logs.close()
        self.store.close()
        self.engine.client.close()

    def app(self, name: str = "hello") -> App:
        return self.store.add(App(name, f"{name}-0123456789ab", self.user.id))

    async def deploy(self, app: App, python: str, **commands: str) -> Release:
        """Release a web process that runs this Python, and others that run theirs."""
        programs = {"web": python, **commands}
        return await self.releases.create(
            app,
            self.user,
            "Deploy",
            images={kind: self.image for kind in programs},
            commands={kind: ["python", "-c", text] for kind, text in programs.items()},
        )

    async def scale(self, app: App, kind: str, quantity: int, size: str = "Basic") -> None:
        row = self.store.find(Process, app_id=app.id, type=kind)
        assert row is not None
        self.store.save(dataclasses.replace(row, quantity=quantity, size=size))
        await self.dynos.converge(app)

    @property
    def image(self) -> str:
        image = self.engine.image(PYTHON, next="invoke setup")
        return str(image.id)

    def states(self, app: App) -> dict[str, str]:
        rows = self.store.all(Dyno, order="name", app_id=app.id)
        return {row.name: row.state for row in rows}

    def dyno(self, app: App, name: str = "web.1") -> Dyno:
        found = self.store.find(Dyno, app_id=app.id, name=name)
        assert found is not None
        return found

    def log(self, app: App) -> list[str]:
        """The lines without their times."""
        return [line.partition(" ")[2] for line in self.logs.recent(app.id, 1500)]

    def containers(self) -> list[str]:
        """The dynos that have a container."""
        found = self.engine.client.containers.list(
            all=True, ignore_removed=True, filters=filters(self.settings.labels)
        )
        return sorted(made.labels["underway.dyno"] for made in found)

    async def up(self, app: App, count: int = 1) -> list[Dyno]:
        """Wait until so many web dynos serve."""
        await until(lambda: len(self.dynos.serving(app.id)) == count, said=lambda: self.log(app))
        return self.dynos.serving(app.id)

    async def logged(self, app: App, text: str, seconds: float = 60) -> None:
        await until(
            lambda: any(text in line for line in self.log(app)), seconds, lambda: self.log(app)
        )


async def until(
    condition: Callable[[], object], seconds: float = 60, said: Callable[[], object] = str
) -> None:
    """Wait for it; what was said is shown where it does not come."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise AssertionError(f"did not come within {seconds} s: {said()}") from error


@asynccontextmanager
async def runtime(folder: Path, limits: Limits = SHORT) -> AsyncIterator[Runtime]:
    """A platform for a block; it goes down at the end, and leaves no container."""
    platform = Runtime(folder, limits)
    await platform.recover()
    try:
        yield platform
    finally:
        engine, labels = Engine.connect(), platform.settings.labels
        await platform.stop()
        left = engine.containers(labels)
        engine.client.close()
        assert left == []


async def ask(dyno: Dyno) -> dict[str, str]:
    """The environment that a dyno of SERVER answers with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", dyno.port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    values: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return values
