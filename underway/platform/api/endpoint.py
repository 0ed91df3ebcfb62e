"""From a request to an answer: what every link of the API shares.

A resource's module holds a ``Links`` and functions that take a ``Call`` and return what is to be
sent: a JSON value, a ``Page`` of a list, or a response of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from underway.platform.api import schema
from underway.platform.api.auth import authenticate
from underway.platform.api.errors import ApiError, bad_request, not_found
from underway.platform.api.paging import Page, page
from underway.platform.models import Account, App, Row

if TYPE_CHECKING:
    from underway.platform.service import Platform

T = TypeVar("T", bound=Row)


@dataclass(frozen=True)
class Call:
    """A request whose sender is known and whose body the schema admits."""

    platform: Platform
    request: Request
    user: Account
    body: dict[str, Any]

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return str(self.request.path_params[name])

    def app(self) -> App:
        """The app of the path.

        Raises:
            ApiError: 404, there is none.
        """
        return self.app_named(self.path("app"))

    def app_named(self, identity: str) -> App:
        """The app of that name or id.

        Raises:
            ApiError: 404, there is none; 403, it is somebody else's.
        """
        app = self.one(App, identity, "name", "app")
        if app.owner_id != self.user.id:
            message = f"You do not have access to the app {app.name}."
            raise ApiError(403, "forbidden", message)
        return app

    def one(self, table: type[T], identity: str, key: str, resource: str, **where: Any) -> T:
        """The row of that id, or with that value in the column ``key``.

        Raises:
            ApiError: 404, there is none.
        """
        store = self.platform.store
        row = store.find(table, **{key: identity}, **where)
        row = row or store.find(table, id=identity, **where)
        if row is None:
            raise not_found(resource)
        return row

    def list(
        self,
        table: type[T],
        show: Callable[[T], dict[str, Any]],
        keys: tuple[str, ...] = ("id",),
        **where: Any,
    ) -> Page:
        """The part of a table that the Range header asks for."""
        header = self.request.headers.get("range")
        return page(self.platform.store, header, table, keys, show, **where)


Handler = Callable[[Call], Awaitable[Any]]


class Links:
    """The links of one resource."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(self, path: str) -> Callable[[Handler], Handler]:
        """A link that reads."""
        return self._link("GET", path, 200)

    def post(self, path: str, status: int = 201) -> Callable[[Handler], Handler]:
        """A link that makes something."""
        return self._link("POST", path, status)

    def patch(self, path: str) -> Callable[[Handler], Handler]:
        """A link that changes something."""
        return self._link("PATCH", path, 200)

    def delete(self, path: str, status: int = 200) -> Callable[[Handler], Handler]:
        """A link that removes something."""
        return self._link("DELETE", path, status)

    def _link(self, method: str, path: str, status: int) -> Callable[[Handler], Handler]:
        if (method, schema.template(path)) not in schema.links():
            raise ValueError(f"{method} {path} is not in Heroku's schema")

        def register(handler: Handler) -> Handler:
            async def endpoint(request: Request) -> Response:
                return await _answer(request, handler, method, path, status)

            self.routes.append(Route(path, endpoint, methods=[method]))
            return handler

        return register


async def _answer(
    request: Request, handler: Handler, method: str, path: str, status: int
) -> Response:
    platform: Platform = request.app.state.platform
    user = authenticate(platform.store, request.headers.get("authorization"))
    remaining = request.app.state.rate.take(user.id)
    try:
        body = await _body(request)
        schema.check(method, path, body)
        result = await handler(Call(platform, request, user, body))
        response = _response(request, result, status)
    except ApiError as error:
        response = failure(error)
    response.headers["RateLimit-Remaining"] = str(remaining)
    return response


def failure(error: ApiError) -> Response:
    """The answer that says what went wrong."""
    return Response(json.dumps(error.content), error.status, media_type="application/json")


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        raise bad_request() from None
    if not isinstance(body, dict):
        raise bad_request()
    return body


def _response(request: Request, result: Any, status: int) -> Response:
    if isinstance(result, Response):
        return result
    headers = {}
    if isinstance(result, Page):
        headers, status = result.headers, 206 if result.partial else status
        result = result.items
    content = json.dumps(result, separators=(",", ":")).encode()
    if request.method in ("GET", "HEAD"):
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = headers | {"ETag": tag, "Cache-Control": "private, no-cache"}
        known = request.headers.get("if-none-match", "")
        if tag in (value.strip().removeprefix("W/") for value in known.split(",")):
            return Response(status_code=304, headers=headers)
    return Response(content, status, headers, media_type="application/json")
