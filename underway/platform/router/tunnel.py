"""Bytes both ways, after client and dyno agreed on another protocol, such as WebSocket."""

import asyncio

from underway.platform.router.wire import Wire


async def tunnel(client: Wire, dyno: Wire, idle: float | None) -> int:
    """Pass on until either side ends; how many bytes the dyno sent.

    Raises:
        TimeoutError: neither side sent anything for so long.
    """
    loop = asyncio.get_running_loop()
    sent = 0

    async def pass_on(source: Wire, target: Wire) -> None:
        nonlocal sent
        while data := await source.read():
            if idle is not None:
                clock.reschedule(loop.time() + idle)
            target.write(data)
            await target.flush()
            sent += len(data) if source is dyno else 0

    async with asyncio.timeout(idle) as clock:
        both = {
            asyncio.create_task(pass_on(client, dyno)),
            asyncio.create_task(pass_on(dyno, client)),
        }
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
    return sent
