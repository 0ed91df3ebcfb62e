"""Ports of this machine's 127.0.0.1, opened to containers."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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
        with _passing(host, ports):
            yield host
    finally:
        network.remove()


@contextmanager
def _passing(host: str, ports: Iterable[int]) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        for port in ports:
            server = asyncio.start_server(partial(_pass, port), host, port)
            asyncio.run_coroutine_threadsafe(server, loop).result()
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _pass(port: int, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        there, out = await asyncio.open_connection(HOST, port)
        await asyncio.gather(_pump(here, out), _pump(there, back))
        out.close()
    back.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
        sink.write_eof()
