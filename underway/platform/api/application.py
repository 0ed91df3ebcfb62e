"""The application: all resources, what is served beside them, and how errors are answered."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from underway.errors import UnderwayError
from underway.platform.addons import Refused
from underway.platform.api import (
    account,
    addons,
    apps,
    attachments,
    builds,
    catalogue,
    collaborators,
    config_vars,
    domains,
    dynos,
    features,
    formation,
    log_sessions,
    nothing,
    releases,
    services,
    state,
    streams,
)
from underway.platform.api.endpoint import failure
from underway.platform.api.errors import ApiError, invalid, no_such_route
from underway.platform.api.rate import RateLimit

if TYPE_CHECKING:
    from underway.platform.service import Platform

RESOURCES = (
    account,
    addons,
    apps,
    attachments,
    builds,
    catalogue,
    collaborators,
    config_vars,
    domains,
    dynos,
    features,
    formation,
    log_sessions,
    nothing,
    releases,
    services,
)


def create(platform: Platform, more: list[BaseRoute]) -> Starlette:
    """The API as an ASGI application; ``more`` are routes that other parts serve beside it."""
    links: list[BaseRoute] = [route for module in RESOURCES for route in module.links.routes]
    application = Starlette(
        routes=[*links, *log_sessions.routes, *streams.routes, *state.routes, *more],
        exception_handlers={
            ApiError: _refused,
            HTTPException: _no_route,
            Refused: _refused_addon,
            UnderwayError: _impossible,
            Exception: _broken,
        },
    )
    application.router.redirect_slashes = False
    application.add_middleware(RequestId)
    application.state.platform = platform
    application.state.rate = RateLimit(platform.settings.limits.requests_per_hour)
    application.state.unknown = Counter[str]()
    application.state.log_sessions = log_sessions.Sessions()
    return application


class RequestId:
    """Gives every answer its Request-Id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the header to what comes back."""

        async def tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Request-Id"] = str(uuid.uuid4())
            await send(message)

        await self._app(scope, receive, tagged)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return failure(error)


async def _refused_addon(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return failure(ApiError(error.status, error.id, error.message, resource=error.resource))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code not in (404, 405):
        return Response(error.detail, error.status_code, error.headers)
    request.app.state.unknown[f"{request.method} {request.url.path}"] += 1
    return failure(no_such_route())


async def _impossible(request: Request, error: Exception) -> Response:
    assert isinstance(error, UnderwayError)
    return failure(invalid(" ".join(part for part in (error.what, error.why) if part)))


async def _broken(request: Request, error: Exception) -> Response:
    return failure(ApiError(500, "internal_server_error", "Internal server error."))
