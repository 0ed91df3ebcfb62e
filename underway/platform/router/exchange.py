"""One request and its answer: where it goes, what is said where it cannot, and its log line."""

import logging
import time
from dataclasses import dataclass

from underway.platform.logs import Logs
from underway.platform.models import App, Release
from underway.platform.router import choice, faults, headers
from underway.platform.router.faults import Failed, Fault
from underway.platform.router.messages import Request, RequestReader
from underway.platform.router.passage import Passage, Passed, Patience, Target
from underway.platform.router.pool import Pool
from underway.platform.router.table import Table
from underway.platform.router.wire import Wire
from underway.platform.settings import Limits
from underway.platform.store import Store

GIVEN_UP = 499
"""The status of a request whose client does not wait for an answer any more."""
LINGER_SECONDS = 2
"""To read on, after an early answer, what the client still sends."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What every exchange of a router needs."""

    limits: Limits
    store: Store
    table: Table
    dynos: choice.Serving
    pool: Pool
    logs: Logs


class Exchange:
    """A request whose head has been read, and the connection that it came by."""

    def __init__(
        self,
        around: Surroundings,
        client: Wire,
        requests: RequestReader,
        request: Request,
        scheme: str,
    ) -> None:
        self._around, self._client, self._requests = around, client, requests
        self._request, self._scheme = request, scheme
        self._host = (request.header(b"host") or b"").decode("latin-1")
        self._id = headers.request_id(request)
        transport = client.transport
        self._port: int = transport.get_extra_info("sockname")[1]
        self._fwd = headers.forwarded_for(request, transport.get_extra_info("peername")[0])
        self._app: App | None = None
        self._passage: Passage | None = None

    async def run(self) -> bool:
        """Answer it; whether the client's connection can take the next request."""
        fault, reusable = None, False
        try:
            reusable = await self._answer()
        except Failed as failed:
            fault = failed.fault
        except Exception:
            log.exception("a request could not be handled")
            fault = faults.PLATFORM
        finally:
            if self._passage:
                await self._passage.end()
        if fault:
            reusable = await self._fail(fault)
        if self._app and (fault is None or fault.code):
            self._around.logs.write(self._app.id, "heroku", "router", self._line(fault))
        if not self._uploaded:
            await self._client.discard(LINGER_SECONDS)
        return reusable

    @property
    def _uploaded(self) -> bool:
        return self._passage.uploaded if self._passage else not self._request.has_body

    async def _answer(self) -> bool:
        if not self._host:
            raise Failed(faults.BAD_REQUEST)
        if self._request.method == "CONNECT":
            raise Failed(faults.BAD_METHOD)
        found = self._around.table.find(self._host)
        if found is None:
            raise Failed(faults.NO_APP)
        if isinstance(found, int):
            return await self._pass([Target(found)], Patience())
        self._app = found
        limits = self._around.limits
        return await self._pass(await self._targets(found), Patience(limits.response, limits.idle))

    async def _targets(self, app: App) -> list[Target]:
        if app.maintenance:
            raise Failed(faults.MAINTENANCE)
        try:
            dynos = await choice.candidates(
                app, self._around.dynos, self._around.limits.boot, lambda: self._client.lost
            )
        except Failed as failed:
            if failed.fault is faults.NO_WEB and not self._was_deployed(app):
                raise Failed(faults.BLANK) from None
            raise
        return [Target(dyno.port, dyno.name) for dyno in dynos if dyno.port]

    async def _pass(self, targets: list[Target], patience: Patience) -> bool:
        self._passage = Passage(
            self._client, self._requests, self._request, self._around.pool, patience
        )
        head = headers.to_dyno(self._request, self._id, self._fwd, self._scheme, self._port)
        return await self._passage.run(head, targets)

    def _was_deployed(self, app: App) -> bool:
        return any(release.images for release in self._around.store.all(Release, app_id=app.id))

    async def _fail(self, fault: Fault) -> bool:
        """Say so, where nothing was said yet; else cut the answer off, so that it shows."""
        passed = self._passage.passed if self._passage else None
        if self._client.lost or fault.status == GIVEN_UP or (passed and passed.status is not None):
            self._client.abort()
            return False
        keep_alive = self._request.keep_alive and not self._request.upgrade and self._uploaded
        self._client.write(
            fault.answer(head_only=self._request.method == "HEAD", keep_alive=keep_alive)
        )
        await self._client.flush()
        return keep_alive

    def _line(self, fault: Fault | None) -> str:
        passed = self._passage.passed if self._passage else Passed()
        connected = passed.connected_at
        service = None if connected is None else time.monotonic() - connected
        host = self._host.partition(":")[0]
        path = self._request.target.decode("latin-1").replace('"', "%22")
        why = f'code={fault.code} desc="{fault.description}" ' if fault else ""
        origin = f"sock={fault.origin} " if fault and fault.origin else ""
        return (
            f"{origin}at={fault.level if fault else 'info'} {why}method={self._request.method}"
            f' path="{path}" host={host} request_id={self._id} fwd="{self._fwd}"'
            f" dyno={passed.target} connect={_milliseconds(passed.connect)}"
            f" service={_milliseconds(service)} status={fault.status if fault else passed.status}"
            f" bytes={'' if connected is None else passed.sent} protocol={self._scheme}"
        )


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.0f}ms"
