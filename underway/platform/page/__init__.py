"""The platform's own page: every app with its dynos, releases, add-ons and live log.

It shows no config var and no token, and only to this machine: a request must name this machine
as its host, so that no page from elsewhere can have its own name lead here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from underway.platform.models import App
from underway.platform.page.snapshot import snapshot

if TYPE_CHECKING:
    from underway.platform.service import Platform

STATIC = Path(__file__).parent / "static"
FILES = ("page.css", "page.js", "icon.svg")
HOSTS = ("127.0.0.1", "localhost")
LOOK_SECONDS = 1
QUIET_LOOKS = 15
"""Looks without news after which a line is sent anyway, so that a lost reader is noticed."""
LOG_LINES = 200
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src 'self';"
    " script-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes(platform: Platform) -> list[Route]:
    """The page at ``/``, its files, and the two streams of events that keep it up to date."""

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "page.html", headers=HEADERS)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in FILES:
            return PlainTextResponse("There is no such file.\n", 404)
        return FileResponse(STATIC / name, headers=HEADERS)

    async def state(request: Request) -> Response:
        return _events(_states(platform))

    async def log(request: Request) -> Response:
        app = platform.store.find(App, name=request.path_params["app"])
        if app is None:
            return PlainTextResponse("There is no such app.\n", 404)
        lines = platform.logs.tail(app.id, LOG_LINES)
        return _events(f"data: {line}\n\n" async for line in lines)

    return [
        Route("/", _local(page)),
        Route("/platform/page/state", _local(state)),
        Route("/platform/page/logs/{app}", _local(log)),
        Route("/platform/page/{name}", _local(file)),
    ]


def _local(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        if request.url.hostname not in HOSTS:
            return PlainTextResponse("This page is for this machine only.\n", 403)
        return await endpoint(request)

    return guarded


def _events(messages: AsyncIterator[str]) -> Response:
    headers = HEADERS | {"Cache-Control": "no-store"}
    return StreamingResponse(messages, media_type="text/event-stream", headers=headers)


async def _states(platform: Platform) -> AsyncIterator[str]:
    """The whole state, whenever it has changed."""
    sent, quiet = "", 0
    while True:
        now = json.dumps(snapshot(platform), separators=(",", ":"))
        if now != sent:
            yield f"data: {now}\n\n"
            sent, quiet = now, 0
        elif (quiet := quiet + 1) % QUIET_LOOKS == 0:
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_SECONDS)
