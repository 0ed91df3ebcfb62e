"""Sources to build from: tarballs that clients upload or name, and what is in them."""

from __future__ import annotations

import asyncio
import os
import re
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from underway.errors import UnderwayError
from underway.platform.models import Source
from underway.platform.settings import Settings

if TYPE_CHECKING:
    from underway.platform.service import Platform

PATH = re.compile(r"/platform/sources/([0-9a-f-]{36})")
KEPT_SECONDS = 24 * 3600


class SourceFailed(UnderwayError):
    """There is nothing to build from."""


def file_of(settings: Settings, source_id: str) -> Path:
    """Where an uploaded source is."""
    return settings.folder / "sources" / source_id


def routes(platform: Platform) -> list[Route]:
    """PUT and GET of ``/platform/sources/ID``: the id is the permission, as in a signed URL."""

    async def blob(request: Request) -> Response:
        source = platform.store.find(Source, id=str(request.path_params["id"]))
        if source is None:
            raise HTTPException(404)
        file = file_of(platform.settings, source.id)
        if request.method == "PUT":
            await _receive(request, file)
            return Response(status_code=200)
        if not file.exists():
            raise HTTPException(404)
        return FileResponse(file, media_type="application/octet-stream")

    return [Route("/platform/sources/{id}", blob, methods=["GET", "PUT"])]


async def _receive(request: Request, file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    with partial.open("wb") as target:
        async for chunk in request.stream():
            target.write(chunk)
    os.replace(partial, file)


def forget_old(settings: Settings) -> None:
    """Remove sources that were uploaded more than a day ago."""
    for file in (settings.folder / "sources").glob("*"):
        if time.time() - file.stat().st_mtime > KEPT_SECONDS:
            file.unlink(missing_ok=True)


async def unpack(settings: Settings, url: str, folder: Path) -> Path:
    """Put the files of the tarball at an address under ``folder``, and return their root.

    Raises:
        SourceFailed: it cannot be had, or is not a tarball.
    """
    tarball = folder / "source.tar"
    match = PATH.fullmatch(urlsplit(url).path)
    if match and (uploaded := file_of(settings, match[1])).exists():
        tarball = uploaded
    else:
        await _download(url, tarball)
    root = folder / "source"
    await asyncio.to_thread(_extract, tarball, root)
    entries = list(root.iterdir())
    # Tarballs of code hosts have all in one folder.
    if len(entries) == 1 and entries[0].is_dir():
        return entries[0]
    return root


async def _download(url: str, file: Path) -> None:
    try:
        async with (
            httpx.AsyncClient(follow_redirects=True, timeout=60) as client,
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            with file.open("wb") as target:
                async for chunk in answer.aiter_bytes():
                    target.write(chunk)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # A URL may be signed: it is not repeated.
        raise SourceFailed("the source could not be downloaded.", why=type(error).__name__)


def _extract(tarball: Path, root: Path) -> None:
    try:
        with tarfile.open(tarball) as archive:
            # Nothing outside the folder, no devices.
            archive.extractall(root, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SourceFailed("the source is not a tarball that can be unpacked.", why=str(error))
