"""Ports of this machine's 127.0.0.1, opened to containers on the engine's own bridge."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from underway.engine import Engine

CHUNK = 64 * 1024
HOST = "127.0.0.1"


def address(engine: Engine) -> str:
    """The engine's side of its bridge: what host-gateway means in a container."""
    network = engine.client.networks.get("bridge").attrs
    return str(network["IPAM"]["Config"][0]["Gateway"])


@contextmanager
def opened(host: str, ports: Iterable[int]) -> Iterator[None]:
    """Pass on what comes to ``host``, for as long as the block runs.

    Where the address is not this machine's, as with Docker Desktop, the engine passes it on.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        for port in ports:
            asyncio.run_coroutine_threadsafe(_open(host, port), loop).result()
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(host: str, port: int) -> None:
    try:
        await asyncio.start_server(partial(_pass, port), host, port)
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise


async def _close() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _pass(port: int, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        there, out = await asyncio.open_connection(HOST, port)
        await asyncio.gather(_pump(here, out), _pump(there, back))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
    if source.at_eof():
        with suppress(OSError):
            await sink.drain()
