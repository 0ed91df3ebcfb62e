"""One image of a source: built by the engine while the event loop goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from underway import builder
from underway.command import Runner
from underway.engine import Engine
from underway.errors import BuildFailed


class ImageBuilder:
    """Builds images until it is stopped."""

    def __init__(self, engine: Engine, runner: Runner) -> None:
        self._engine, self._runner = engine, runner
        self._stopped = False

    async def build(
        self,
        dockerfile: Path,
        target: str,
        tag: str,
        arguments: dict[str, str],
        labels: dict[str, str],
        on_line: Callable[[str], None],
    ) -> str:
        """Build one image and return its id; ``on_line`` takes docker's own lines.

        Raises:
            BuildFailed: a step failed.
            DiskFull: the engine has no room for it.
        """
        plan = builder.Build(
            # Heroku's rule: never the source's root, unless the Dockerfile is there.
            context=dockerfile.parent,
            dockerfile=dockerfile.name,
            target=target,
            tag=tag,
            arguments=arguments,
            labels=labels,
        )
        loop = asyncio.get_running_loop()

        def line(text: str) -> None:
            if self._stopped:
                raise BuildFailed("the platform was stopped.")
            loop.call_soon_threadsafe(on_line, text)

        return await _aside(lambda: builder.build(plan, self._engine, self._runner, line))

    def stop(self) -> None:
        """End the builds that run, each at its next line of output."""
        self._stopped = True


async def _aside(work: Callable[[], str]) -> str:
    """Do it in a thread that, unlike those of asyncio, keeps no ending process waiting."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[str] = loop.create_future()

    def settle(value: str, error: Exception | None) -> None:
        if result.done():
            return
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)

    def run() -> None:
        value, failure = "", None
        try:
            value = work()
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the loop has ended, and nobody waits
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, daemon=True).start()
    return await result
