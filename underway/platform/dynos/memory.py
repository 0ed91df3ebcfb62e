"""Heroku's two errors about memory, looked for at intervals."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from underway.platform.dynos.container import filters
from underway.platform.dynos.instance import TROUBLE
from underway.platform.dynos.launcher import Launcher
from underway.platform.dynos.sizes import MB


async def watch(launcher: Launcher) -> None:
    """R14 while a dyno uses more than its quota; one that met twice the quota is killed (R15).

    The kernel may have killed only one of its processes: on Heroku the dyno as a whole goes.
    """
    looked = time.time()
    while True:
        await asyncio.sleep(launcher.limits.memory_check)
        since, looked = looked, time.time()
        starved = await asyncio.to_thread(_starved, launcher, since)
        for dyno, instance in list(launcher.running.values()):
            if instance.ended.done():
                continue
            if instance.id in starved:
                instance.starved = True
                await instance.kill()
                continue
            used, quota = await instance.memory() / MB, launcher.quota(dyno)
            if used > quota:
                launcher.say(dyno, f"Process running mem={used:.0f}M({100 * used / quota:.1f}%)")
                launcher.say(dyno, "Error R14 (Memory quota exceeded)")


def _starved(launcher: Launcher, since: float) -> set[str]:
    """The containers in which the kernel killed a process, or that died so, since then."""
    found: set[str] = set()
    with suppress(*TROUBLE):
        # The engine counts in whole seconds, and remembers its last events.
        found = {
            event["Actor"]["ID"]
            for event in launcher.engine.client.events(
                since=int(since),
                until=int(time.time()),
                filters=filters(launcher.settings.labels) | {"event": "oom"},
                decode=True,
            )
        }
    return found
