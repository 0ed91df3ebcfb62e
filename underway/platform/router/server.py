"""The router itself: its two ports, and the connections that come in."""

import asyncio
import socket
from functools import partial
from ssl import SSLContext

from underway.platform.logs import Logs
from underway.platform.models import App
from underway.platform.router import faults
from underway.platform.router.choice import Serving
from underway.platform.router.exchange import Exchange, Surroundings
from underway.platform.router.messages import BadMessage, Gone, RequestReader
from underway.platform.router.pool import Pool
from underway.platform.router.table import Table, internal_hosts
from underway.platform.router.wire import Wire
from underway.platform.settings import Settings
from underway.platform.store import Store
from underway.platform.tls import Authority

BACKLOG = 1024
STOP_SECONDS = 3
"""For answers under way, when the router stops."""


class Router:
    """Brings requests to dynos by host name, over HTTP and HTTPS, as Heroku's router does."""

    def __init__(
        self, settings: Settings, store: Store, dynos: Serving, logs: Logs, authority: Authority
    ) -> None:
        self._store, self._dynos, self._authority = store, dynos, authority
        self._pool = Pool(settings.limits.keepalive)
        self._internal = internal_hosts(settings.ports)
        self._around = Surroundings(
            limits=settings.limits,
            store=store,
            table=Table(store, self._internal),
            dynos=dynos,
            pool=self._pool,
            logs=logs,
        )
        self._servers: list[asyncio.Server] = []
        self._visits: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self, http: socket.socket, https: socket.socket) -> None:
        """Accept connections on these two sockets, which are bound."""
        await self._listen(http, "http", None)
        await self._listen(https, "https", self._authority.context())
        self._sweeping = asyncio.create_task(self._pool.sweep(self._ports))

    async def stop(self) -> None:
        """Accept no more, let answers under way end for a moment, and close all."""
        for server in self._servers:
            server.close()
        for visit in self._visits - self._busy:
            visit.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=STOP_SECONDS)
        tasks = [*self._visits, *([self._sweeping] if self._sweeping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.close()
        for server in self._servers:
            await server.wait_closed()

    async def _listen(self, sock: socket.socket, scheme: str, tls: SSLContext | None) -> None:
        self._servers.append(
            await asyncio.get_running_loop().create_server(
                lambda: Wire(partial(self._receive, scheme)), sock=sock, ssl=tls, backlog=BACKLOG
            )
        )

    def _receive(self, scheme: str, client: Wire) -> None:
        visit = asyncio.create_task(self._visit(client, scheme))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _visit(self, client: Wire, scheme: str) -> None:
        """One connection: its requests, one after another."""
        task = asyncio.current_task()
        assert task
        incoming = RequestReader(client)
        again = True
        try:
            while again:
                request = await incoming.head(self._around.limits.keepalive)
                self._busy.add(task)
                again = await Exchange(self._around, client, incoming, request, scheme).run()
                self._busy.discard(task)
        except BadMessage:
            client.write(faults.BAD_REQUEST.answer(head_only=False, keep_alive=False))
            await client.flush()
        except (Gone, TimeoutError):
            pass
        finally:
            self._busy.discard(task)
            client.close()

    def _ports(self) -> set[int]:
        apps = self._store.all(App)
        serving = (dyno.port for app in apps for dyno in self._dynos.serving(app.id))
        return {port for port in serving if port} | set(self._internal.values())
