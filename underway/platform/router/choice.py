"""Which dynos may answer; where none serves yet, how long to wait for one."""

import asyncio
import random
from collections.abc import Callable
from typing import Literal, Protocol

from underway.platform.models import App, Dyno
from underway.platform.router import faults
from underway.platform.router.faults import Failed

PATIENCE = 1.25
"""Of the boot limit: Heroku queues requests for 75 s while dynos have 60 s to boot."""
LOOK_SECONDS = 0.05


class Serving(Protocol):
    """What the router needs to know of dynos."""

    def serving(self, app_id: str) -> list[Dyno]:
        """The web dynos that requests may go to."""

    def web_state(self, app_id: str) -> Literal["up", "starting", "crashed", "none"]:
        """What the best web dyno is up to."""


async def candidates(
    app: App, dynos: Serving, boot_limit: float, given_up: Callable[[], bool]
) -> list[Dyno]:
    """The dynos that may be asked, in the order in which to try them.

    Raises:
        Failed: there is none (H14), it crashed (H10), it did not come up in time (H20), or the
            client gave up waiting for it (H27).
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + boot_limit * PATIENCE
    while not (serving := [dyno for dyno in dynos.serving(app.id) if dyno.port]):
        state = dynos.web_state(app.id)
        if state == "crashed":
            raise Failed(faults.CRASHED)
        if state == "none":
            raise Failed(faults.NO_WEB)
        if loop.time() > deadline:
            raise Failed(faults.BOOTING)
        await asyncio.sleep(LOOK_SECONDS)
        if given_up():
            raise Failed(faults.CLIENT_GONE)
    return random.sample(serving, len(serving))
