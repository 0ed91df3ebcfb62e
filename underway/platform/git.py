"""Git over smart HTTP: ``/NAME.git``, a bare repository for each app, a push to it a build.

Git's own http-backend does the work. Its pre-receive hook (git_hook.py) is a client of the API:
it builds the pushed commit, and refuses the push when that fails.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from underway.platform import git_hook, sources
from underway.platform.models import Account, App
from underway.platform.settings import Settings
from underway.platform.store import Store

if TYPE_CHECKING:
    from underway.platform.service import Platform

CHUNK = 64 * 1024
BRANCHES = ("main", "master")


def routes(platform: Platform) -> list[Route]:
    """The repositories, and the sources that clients upload instead."""
    repositories = Repositories(platform.settings, platform.store)
    return [
        Route("/{name}.git/{path:path}", repositories.serve, methods=["GET", "POST"]),
        *sources.routes(platform),
    ]


class Repositories:
    """The repositories of all apps, by app id."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._api = f"http://127.0.0.1:{settings.ports.api}"
        self._folder = settings.folder / "git"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._making = asyncio.Lock()
        self._hooks = self._folder / "hooks"
        self._write_hook()
        self._sweep()

    async def serve(self, request: Request) -> Response:
        """One request of a git client."""
        name = str(request.path_params["name"])
        account = self._account(request)
        if account is None:
            challenge = {"WWW-Authenticate": 'Basic realm="Underway"'}
            return PlainTextResponse("Invalid credentials provided.\n", 401, challenge)
        app = self._store.find(App, name=name)
        if app is None or app.owner_id != account.id:
            return PlainTextResponse(f" !\tNo such app as {name}.\n", 404)
        repository = await self._repository(app)
        environment = self._environment(request, app, account, repository)
        # Kept in a file first: git then knows its length, and a client that is gone stops nothing
        # half-way.
        with tempfile.TemporaryFile(dir=self._folder) as body:
            try:
                async for chunk in request.stream():
                    body.write(chunk)
            except ClientDisconnect:
                return Response(status_code=400)
            environment["CONTENT_LENGTH"] = str(body.tell())
            body.seek(0)
            return await _answer(environment, body)

    def _account(self, request: Request) -> Account | None:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            _, _, token = b64decode(value).decode().partition(":")
        except ValueError:
            return None
        return self._store.find(Account, token=token) if token else None

    async def _repository(self, app: App) -> Path:
        repository = self._folder / f"{app.id}.git"
        async with self._making:
            if not (repository / "HEAD").exists():
                await _git("init", "--quiet", "--bare", "--initial-branch=main", str(repository))
        # A clone is to check out whichever branch was pushed.
        for branch in BRANCHES:
            if (repository / "refs/heads" / branch).exists():
                head = f"ref: refs/heads/{branch}\n"
                if (repository / "HEAD").read_text() != head:
                    (repository / "HEAD").write_text(head)
                break
        return repository

    def _environment(
        self, request: Request, app: App, account: Account, repository: Path
    ) -> dict[str, str]:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),  # not the user's own settings
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "core.hooksPath",
            "GIT_CONFIG_VALUE_0": str(self._hooks.resolve()),
            "GIT_PROJECT_ROOT": str(self._folder.resolve()),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repository.name}/{request.path_params['path']}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.url.query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "REMOTE_USER": account.email,
            "REMOTE_ADDR": "127.0.0.1",
            # For the hook.
            "UNDERWAY_API": self._api,
            "UNDERWAY_APP": app.id,
            "UNDERWAY_TOKEN": account.token,
        }
        protocol = request.headers.get("git-protocol", "")
        if re.fullmatch(r"version=\d", protocol):
            environment["GIT_PROTOCOL"] = protocol
        return environment

    def _write_hook(self) -> None:
        self._hooks.mkdir(exist_ok=True)
        # Isolated: the repository's folder, where it runs, is no place to import from.
        command = shlex.join([sys.executable, "-I", str(Path(git_hook.__file__).resolve())])
        hook = self._hooks / "pre-receive"
        hook.write_text(f"#!/bin/sh\nexec {command}\n")
        hook.chmod(0o700)

    def _sweep(self) -> None:
        """Remove the repositories of apps that were destroyed."""
        for repository in self._folder.glob("*.git"):
            if self._store.find(App, id=repository.stem) is None:
                shutil.rmtree(repository, ignore_errors=True)


async def _git(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "git", *arguments, stdin=asyncio.subprocess.DEVNULL
    )
    if await process.wait() != 0:
        raise RuntimeError(f"git {arguments[0]} exited {process.returncode}")


async def _answer(environment: dict[str, str], body: IO[bytes]) -> Response:
    process = await asyncio.create_subprocess_exec(
        "git", "http-backend", env=environment, stdin=body, stdout=PIPE, start_new_session=True
    )
    assert process.stdout is not None
    status, headers = 200, {}
    while line := (await process.stdout.readline()).decode().strip():
        name, _, value = line.partition(": ")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[name] = value
    if not headers:
        await process.wait()
        return Response(status_code=500)
    return StreamingResponse(_streamed(process), status, headers)


async def _streamed(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None
    try:
        while chunk := await process.stdout.read(CHUNK):
            yield chunk
    finally:
        if process.returncode is None:
            # The client is gone: nobody reads what git and its hook still write.
            process.terminate()
        await process.wait()
