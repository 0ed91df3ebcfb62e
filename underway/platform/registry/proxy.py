"""The registry's public side: who may do what, streamed on to the real registry.

A repository ``NAME/TYPE`` is kept as ``APP-ID/TYPE``, so that an app keeps its images when it is
renamed, and a new app of an old name does not inherit any.
"""

import json
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from underway.platform.models import Account, App
from underway.platform.registry.gate import Gate
from underway.platform.registry.index import Index
from underway.platform.store import Store

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
"""Docker v2 schema 2: the only kind that Heroku takes."""
MANIFEST_BYTES = 4 * 1024 * 1024
API = {"Docker-Distribution-Api-Version": "registry/2.0"}
OWN = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "date"}
"""Headers that each connection, or each server, has for itself."""
PATH = re.compile(
    r"/v2/(?P<app>[a-z][a-z0-9-]*)/(?P<type>[a-zA-Z0-9_-]+)/(?P<rest>(blobs|manifests|tags)/.+)"
)


class Refused(Exception):
    """An answer in the Distribution API's own format."""

    def __init__(self, status: int, code: str, message: str) -> None:
        # Without any detail, docker takes an error for one that passes, and tries for a minute.
        error = {"code": code, "message": message, "detail": {}}
        self.response = JSONResponse({"errors": [error]}, status, headers=dict(API))
        if status == 401:
            self.response.headers["WWW-Authenticate"] = 'Basic realm="Underway registry"'


def unauthorized() -> Refused:
    """No token, or one of nobody."""
    return Refused(401, "UNAUTHORIZED", "authentication required")


def denied() -> Refused:
    """No such app, or another user's: the same answer, which tells a stranger nothing."""
    return Refused(403, "DENIED", "requested access to the resource is denied")


def unsupported() -> Refused:
    """A manifest that is not Docker v2 schema 2."""
    return Refused(405, "UNSUPPORTED", "The operation is unsupported.")


@dataclass(frozen=True)
class Repository:
    """Where a request goes; ``rest`` is what follows the repository's name."""

    app: App
    type: str
    rest: str

    @property
    def kept(self) -> str:
        """Its path in the real registry."""
        return f"/v2/{self.app.id}/{self.type}/"

    @property
    def shown(self) -> str:
        """Its path for clients."""
        return f"/v2/{self.app.name}/{self.type}/"


class Proxy:
    """An ASGI application."""

    def __init__(self, store: Store, index: Index, gate: Gate, backend: str) -> None:
        self._store, self._index, self._gate = store, index, gate
        self._backend = backend
        # Without the client around it, which adds headers of its own (Accept decides which
        # manifest comes back) and logs the backend's secret address.
        self._transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None))

    async def close(self) -> None:
        """Give the connections back."""
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        # A client that asks whether a blob is there counts on it from then on.
        pushing = request.method not in ("GET", "HEAD") or "/blobs/" in request.url.path
        async with self._gate.passing(pushing):
            try:
                response = await self._answer(request)
            except Refused as refused:
                response = refused.response
            except ClientDisconnect:
                return
            except httpx.TransportError as error:
                response = Refused(503, "UNAVAILABLE", type(error).__name__).response
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        account = self._account(request)
        if request.url.path in ("/v2", "/v2/"):
            return JSONResponse({}, headers=dict(API))
        repository = self._repository(request.url.path, account)
        if request.method == "PUT" and repository.rest.startswith("manifests/"):
            return await self._put_manifest(request, repository)
        has_body = {"content-length", "transfer-encoding"} & set(request.headers)
        answer = await self._forward(
            request, repository, account, request.stream() if has_body else None
        )
        if repository.rest == "tags/list" and answer.status_code == 200:
            return await _tags(answer, repository)
        return StreamingResponse(
            _streamed(answer), answer.status_code, headers=self._shown(answer, repository)
        )

    def _account(self, request: Request) -> Account:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            raise unauthorized()
        try:
            _, _, token = b64decode(value).decode().partition(":")
        except ValueError as error:
            raise unauthorized() from error
        account = self._store.find(Account, token=token) if token else None
        if account is None:
            raise unauthorized()
        return account

    def _repository(self, path: str, account: Account) -> Repository:
        match = PATH.fullmatch(path)
        if match is None:
            raise Refused(404, "NAME_INVALID", "a repository is called APP/PROCESS-TYPE")
        app = self._store.find(App, name=match["app"])
        if app is None or app.owner_id != account.id:
            raise denied()
        return Repository(app, match["type"], match["rest"])

    async def _put_manifest(self, request: Request, repository: Repository) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != MANIFEST:
            raise unsupported()
        body = await _limited(request)
        try:
            manifest = json.loads(body)
            config = str(manifest["config"]["digest"])
            if manifest.get("mediaType") != MANIFEST:
                raise unsupported()
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Refused(400, "MANIFEST_INVALID", "manifest invalid") from error
        answer = await self._forward(request, repository, None, body)
        content = await answer.aread()
        if answer.status_code == 201:
            digest = answer.headers["docker-content-digest"]
            self._index.record(repository.app, repository.type, config, digest)
        return Response(content, answer.status_code, headers=self._shown(answer, repository))

    async def _forward(
        self,
        request: Request,
        repository: Repository,
        account: Account | None,
        content: AsyncIterator[bytes] | bytes | None,
    ) -> httpx.Response:
        query = request.url.query
        if account is not None and "from=" in query:
            query = self._mount(query, account)
        url = f"{self._backend}{repository.kept}{repository.rest}" + (f"?{query}" if query else "")
        dropped = OWN | {"host", "authorization", "expect"}
        headers = {k: v for k, v in request.headers.items() if k not in dropped}
        return await self._transport.handle_async_request(
            httpx.Request(request.method, url, headers=headers, content=content)
        )

    def _mount(self, query: str, account: Account) -> str:
        """A blob of another repository is taken over only where that is the account's too."""
        values = dict(parse_qsl(query))
        try:
            source = self._repository(f"/v2/{values['from']}/blobs/-", account)
        except Refused:
            return ""  # an upload like any other
        return urlencode(values | {"from": f"{source.app.id}/{source.type}"})

    def _shown(self, answer: httpx.Response, repository: Repository) -> dict[str, str]:
        headers = {k: v for k, v in answer.headers.items() if k not in OWN}
        for name in ("location", "link"):
            if name in headers:
                headers[name] = headers[name].replace(repository.kept, repository.shown)
        return headers


async def _limited(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MANIFEST_BYTES:
            raise Refused(413, "SIZE_INVALID", "a manifest has at most 4 MiB")
    return bytes(body)


async def _streamed(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


async def _tags(answer: httpx.Response, repository: Repository) -> Response:
    tags = json.loads(await answer.aread())
    tags["name"] = f"{repository.app.name}/{repository.type}"
    return JSONResponse(tags, headers=dict(API))
