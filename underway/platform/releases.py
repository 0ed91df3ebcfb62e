"""Releases: each change of an app's code, config or add-ons, one after another."""

import asyncio
from typing import Any, Final

from underway.errors import UnderwayError
from underway.platform.dynos import Dynos
from underway.platform.dynos import release_phase as phase
from underway.platform.logs import Logs
from underway.platform.models import Account, App, Process, Release, now
from underway.platform.store import Store
from underway.platform.streams import Stream, Streams


class NotEligible(UnderwayError):
    """The release cannot be returned to."""


class _Keep:
    """Stands for "as in the current release", where None means "none"."""


KEEP: Final = _Keep()


class Releases:
    """Makes releases. One with a release phase is pending, and put in service by its success."""

    def __init__(self, store: Store, dynos: Dynos, streams: Streams, logs: Logs) -> None:
        self._store = store
        self._dynos = dynos
        self._streams = streams
        self._logs = logs
        self._phases: dict[str, asyncio.Task[None]] = {}
        """By app: the release phase under way."""

    async def create(
        self,
        app: App,
        user: Account,
        description: str,
        *,
        images: dict[str, str] | None = None,
        commands: dict[str, list[str]] | None = None,
        release_image: str | None | _Keep = KEEP,
        release_command: list[str] | None | _Keep = KEEP,
        config: dict[str, str] | None = None,
        commit: str = "",
    ) -> Release:
        """Make a release of the current one and what is given; return it once it is recorded.

        ``images`` replaces those of its process types; ``config`` and ``commands`` are complete.
        A release phase goes on in the background: see ``wait``. A release waits its turn.
        """
        await self._turn(app.id)
        # From here to the end of _add nothing is awaited, so that versions stay in order.
        old = self._store.current_release(app.id) or Release(app.id, 0, "", user.id)
        values: dict[str, Any] = {
            "images": old.images | (images or {}),
            "commands": old.commands if commands is None else commands,
            "release_image": old.release_image if release_image is KEEP else release_image,
            "release_command": old.release_command if release_command is KEEP else release_command,
            "config": old.config if config is None else config,
            "commit": commit or ("" if images else old.commit),
        }
        return await self._add(app, user, description, values)

    async def rollback(self, app: App, user: Account, release: Release) -> Release:
        """Make a release that is what an earlier one was, its config vars included.

        Raises:
            NotEligible: that release never was in service, or has no code.
        """
        if release.status != "succeeded" or not release.images:
            raise NotEligible(f"Cannot roll back to v{release.version}.")
        await self._turn(app.id)
        names = ("images", "commands", "release_image", "release_command", "config", "commit")
        values = {name: getattr(release, name) for name in names}
        return await self._add(app, user, f"Rollback to v{release.version}", values)

    async def wait(self, release: Release) -> Release:
        """The release as it is when its release phase has ended."""
        task = self._phases.get(release.app_id)
        if task is not None and release.status == "pending":
            await asyncio.wait({task})
        return self._store.find(Release, id=release.id) or release

    async def recover(self) -> None:
        """Go on with the releases that were pending when the platform ended.

        To be called after ``Dynos.recover``.
        """
        for release in self._store.all(Release, order="version", status="pending"):
            if app := self._store.find(App, id=release.app_id):
                self._begin(app, release)

    async def detach(self) -> None:
        """Let go of the release phases; they run on, for the next ``recover``."""
        await self._cancel(list(self._phases))

    async def remove_app(self, app: App) -> None:
        """End the app's release phase, and forget all its releases and their outputs."""
        await self._cancel([app.id])
        for release in self._store.all(Release, app_id=app.id):
            if release.stream_id:
                self._streams.remove(release.stream_id)
        self._store.delete(Release, app_id=app.id)

    async def _turn(self, app_id: str) -> None:
        while task := self._phases.get(app_id):
            await asyncio.wait({task})

    async def _add(
        self, app: App, user: Account, description: str, values: dict[str, Any]
    ) -> Release:
        newest = self._store.newest_release(app.id)
        version = newest.version + 1 if newest else 1
        release = Release(app.id, version, description, user.id, **values)
        image = phase.image_of(release)
        if image is not None:
            release.status = "pending"
            release.stream_id = self._streams.open().id
        self._store.add(release)
        self._say(app.id, f"{description} by user {user.email}")
        if image is not None:
            self._say(app.id, f"Running release v{version} commands by user {user.email}")
            self._begin(app, release)
        else:
            await self._put_in_service(release, user)
        return release

    def _begin(self, app: App, release: Release) -> None:
        stream = self._streams.open(release.stream_id)
        task = asyncio.create_task(self._run_phase(app, release, stream))
        self._phases[app.id] = task
        task.add_done_callback(lambda _: self._phases.pop(app.id, None))

    async def _run_phase(self, app: App, release: Release, stream: Stream) -> None:
        try:
            code = await self._dynos.release_phase(app, release, stream)
            if code == 0:
                user = self._store.find(Account, id=release.user_id)
                await self._put_in_service(release, user)
            else:
                release.status = "failed"
                self._store.save(release)
                self._say(app.id, f"Release v{release.version} command failed")
        finally:
            # After the release has its status: that is what its readers ask for next.
            stream.close()

    async def _put_in_service(self, release: Release, user: Account | None) -> None:
        app = self._store.find(App, id=release.app_id)
        if app is None:
            return
        known = {row.type for row in self._store.all(Process, app_id=app.id)}
        with self._store.transaction():
            for kind in sorted(release.images.keys() - known - {phase.TYPE}):
                self._store.add(Process(app.id, kind, quantity=1 if kind == "web" else 0))
            release.status = "succeeded"
            self._store.save(release)
            app.released_at = now()
            self._store.save(app)
        by = f" by user {user.email}" if user else ""
        self._say(app.id, f"Release v{release.version} created{by}")
        await self._dynos.roll_out(app, release)

    async def _cancel(self, app_ids: list[str]) -> None:
        tasks = [task for app_id in app_ids if (task := self._phases.get(app_id))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _say(self, app_id: str, text: str) -> None:
        self._logs.write(app_id, "app", "api", text)
