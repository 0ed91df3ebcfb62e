"""What the platform says of itself: its health, the requests it did not know, the schema."""

import dataclasses
import os

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from underway.platform.api import schema
from underway.platform.models import App, Dyno


async def health(request: Request) -> JSONResponse:
    """That it serves, and where."""
    platform = request.app.state.platform
    return JSONResponse(
        {
            "status": "ok",
            "pid": os.getpid(),
            "folder": str(platform.settings.folder),
            "ports": dataclasses.asdict(platform.settings.ports),
            "apps": platform.store.count(App),
            "dynos": platform.store.count(Dyno),
        }
    )


async def unknown_routes(request: Request) -> JSONResponse:
    """How often each route was asked for that is not there: the gaps that a client met."""
    return JSONResponse(dict(request.app.state.unknown.most_common()))


async def published_schema(request: Request) -> JSONResponse:
    """Heroku's schema."""
    return JSONResponse(schema.document())


routes = [
    Route("/platform/health", health),
    Route("/platform/unknown-routes", unknown_routes),
    Route("/schema", published_schema),
]
