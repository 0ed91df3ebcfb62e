"""Ports of this machine's 127.0.0.1, opened to containers."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial

from underway.engine import Engine, explained

CHUNK = 64 * 1024
HOST = "127.0.0.1"


@contextmanager
def opened(engine: Engine, labels: dict[str, str], ports: Iterable[int]) -> Iterator[str]:
    """Pass on what comes to an address that every container reaches, as long as the block runs.

    It is the gateway of a network of its own: an engine in a container has a default bridge too,
    whose address hides the one of this machine's.
    """
    name = f"underway-pipeline-{secrets.token_hex(4)}"
    with explained():
        network = engine.client.networks.create(name, labels=labels)
    try:
        network.reload()
        host = str(network.attrs["IPAM"]["Config"][0]["Gateway"])
        with passing(host, ports):
            yield host
    finally:
        network.remove()


@contextmanager
def passing(host: str, ports: Iterable[int]) -> Iterator[None]:
    """Listen on this address too, and pass on to 127.0.0.1, for as long as the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers: list[asyncio.Server] = []
    try:
        for port in ports:
            starting = asyncio.start_server(partial(_pass, port), host, port)
            servers.append(asyncio.run_coroutine_threadsafe(starting, loop).result())
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_end(servers), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _pass(port: int, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
    with closing(back), suppress(OSError):
        there, out = await asyncio.open_connection(HOST, port)
        with closing(out):
            await asyncio.gather(_pump(here, out), _pump(there, back))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
        sink.write_eof()
