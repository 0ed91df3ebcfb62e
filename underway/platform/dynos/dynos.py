"""All dynos of the platform: which there should be, and what may be asked of them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from underway.engine import Engine
from underway.errors import UnderwayError
from underway.platform.dynos import container, memory, release_phase
from underway.platform.dynos.attached import AttachedProcess
from underway.platform.dynos.formations import Formations
from underway.platform.dynos.launcher import FIRST_ONE_OFF, Launcher, Plan
from underway.platform.dynos.life import Life
from underway.platform.dynos.one_off import OneOff, OnExit, Window
from underway.platform.logs import Logs
from underway.platform.models import App, Dyno, Release
from underway.platform.settings import Settings
from underway.platform.store import Store
from underway.platform.streams import Stream

if TYPE_CHECKING:
    from docker.models.containers import Container

WebState = Literal["up", "starting", "crashed", "none"]


class NothingToRun(UnderwayError):
    """The release has no image for the process."""


class Dynos:
    """The dynos of all apps, as lives and one-offs; their rows are in the store."""

    def __init__(self, settings: Settings, store: Store, engine: Engine, logs: Logs) -> None:
        self._store = store
        self._launcher = Launcher(settings, store, engine, logs)
        self._formations = Formations(self._launcher)
        self._one_offs: dict[str, OneOff] = {}
        """By the dyno's id."""
        self._memory: asyncio.Task[None] | None = None

    async def roll_out(self, app: App, release: Release) -> None:
        """Have the app's formation run a release; returns when it is under way.

        Each old dyno stops while its new one starts; with preboot, a while after it is up.
        """
        self._formations.bring(app, release)

    async def converge(self, app: App) -> None:
        """Have the app's formation run as many dynos, and of the sizes, that its rows say."""
        if release := self._store.current_release(app.id):
            self._formations.bring(app, release)

    async def restart(self, app: App, name_or_type: str | None = None) -> None:
        """Restart all dynos, those of a type, or the one of a name; one-off dynos just stop."""
        release = self._store.current_release(app.id)
        if release is None:
            return
        for row in self._store.all(Dyno, app_id=app.id, state="down"):
            if _named(row, name_or_type):
                self._store.delete(Dyno, id=row.id)
        lives = self._formations.of(app.id)
        chosen = {life for life in lives if _named(life.dyno, name_or_type)}
        self._formations.bring(app, release, restart=chosen)
        if name_or_type is not None:
            await self._stop_one_offs(app.id, name_or_type)

    async def stop(self, app: App, name_or_type: str) -> None:
        """Stop the dynos of a type, or the one of a name, until they are restarted."""
        for life in self._formations.of(app.id):
            if _named(life.dyno, name_or_type):
                self._formations.retire(life, "down")
        await self._stop_one_offs(app.id, name_or_type)

    async def run(
        self,
        app: App,
        release: Release,
        command: str,
        *,
        type: str = "run",
        env: Mapping[str, str] | None = None,
        size: str = "Basic",
        attach: bool = False,
        tty: bool = True,
        image: str | None = None,
        on_exit: OnExit | None = None,
    ) -> Dyno:
        """Start a one-off dyno with a command for the shell; an attached one waits for ``open``.

        Raises:
            NothingToRun: the release has no image.
            UnderwayError: the engine could not make or start the container.
        """
        images = release.images
        image = image or images.get(type) or images.get("web") or next(iter(images.values()), None)
        if image is None:
            raise NothingToRun(f"{app.name} has no image to run {command!r} in.")
        dyno = Dyno(app.id, self._launcher.free_name(app.id, type), type, release.id, [], size)
        dyno.attach = secrets.token_urlsafe(24) if attach else None
        self._store.add(dyno)
        plan = Plan(app, release, image, container.in_shell(command), env, tty)
        try:
            hear = None if attach else self._launcher.hear(dyno)
            instance = await self._launcher.create(dyno, plan, hear)
            if not attach:
                await self._launcher.start(dyno, instance)
        except BaseException:
            self._store.delete(Dyno, id=dyno.id)
            raise
        window = _window(env or {}) if tty else None
        self._keep(OneOff(self._launcher, dyno, instance, tty, on_exit, window))
        return dyno

    def attached(self, secret: str) -> Dyno | None:
        """The one-off dyno that waits for the client with this secret."""
        for one_off in self._one_offs.values():
            known = one_off.dyno.attach
            if known and one_off.awaits_client and secrets.compare_digest(known, secret):
                return one_off.dyno
        return None

    async def open(self, dyno: Dyno) -> AttachedProcess:
        """Start a one-off dyno that waits, with its client at its terminal.

        Raises:
            UnderwayError: the engine could not start it.
        """
        return await self._one_offs[dyno.id].open()

    async def hang_up(self, dyno: Dyno) -> None:
        """End a one-off dyno whose client is gone, and return when it has."""
        if one_off := self._one_offs.get(dyno.id):
            await one_off.stop()

    async def release_phase(self, app: App, release: Release, stream: Stream) -> int:
        """Run the release phase in a container of its own; its exit status."""
        return await release_phase.run(self._launcher, app, release, stream)

    def serving(self, app_id: str) -> list[Dyno]:
        """The web dynos that requests may go to."""
        lives = self._formations.of(app_id) + self._formations.retiring(app_id)
        return [life.dyno for life in lives if life.dyno.type == "web" and life.serves]

    def web_state(self, app_id: str) -> WebState:
        """What the best web dyno is up to; "none" where there is none (H14)."""
        if self.serving(app_id):
            return "up"
        lives = self._formations.of(app_id)
        states = {life.dyno.state for life in lives if life.dyno.type == "web"}
        if "starting" in states:
            return "starting"
        return "crashed" if "crashed" in states else "none"

    async def remove_app(self, app: App) -> None:
        """End all dynos of an app at once, and remove their containers and rows."""
        await _all(thing.stop(now=True) for thing in self._everything(app.id))
        await self._remove_containers(app.id)
        self._launcher.forget(app.id)
        self._store.delete(Dyno, app_id=app.id)

    async def recover(self) -> None:
        """Take over what runs, remove what belongs to no dyno, start what is missing.

        The first call of all. Release phases are left to ``release_phase``, which goes on with
        the one that it finds.
        """
        found = {made.id: made for made in await asyncio.to_thread(self._launcher.containers)}
        for dyno in self._store.all(Dyno):
            made = found.get(dyno.container_id or "")
            if await self._adopt(dyno, made if made and made.status != "created" else None):
                found.pop(dyno.container_id or "", None)
        await asyncio.to_thread(self._launcher.remove, found.values())
        for app in self._store.all(App):
            await self.converge(app)
        self._memory = asyncio.create_task(memory.watch(self._launcher))

    async def stop_all(self) -> None:
        """Stop all dynos; the next ``recover`` starts those of the formations again."""
        formation = [life.dyno for life in self._formations.of()]
        await _all(thing.stop() for thing in self._everything())
        for dyno in formation:
            dyno.state, dyno.container_id, dyno.port, dyno.crashes = "starting", None, None, 0
            self._store.save(dyno)
        # Of release phases, too: they begin anew.
        await self._remove_containers()
        await self.detach()

    async def detach(self) -> None:
        """Let go of all dynos; they run on, for the next ``recover``."""
        if self._memory is not None:
            self._memory.cancel()
        await self._formations.leave()
        await _all(one_off.leave() for one_off in list(self._one_offs.values()))
        await _all(instance.leave() for _, instance in self._launcher.running.values())
        self._launcher.running.clear()

    async def _adopt(self, dyno: Dyno, made: Container | None) -> bool:
        """Go on with a dyno of the process before this one; whether its container is in use."""
        app = self._store.find(App, id=dyno.app_id)
        release = self._store.find(Release, id=dyno.release_id)
        if app and release and dyno.type == release_phase.TYPE and release.status == "pending":
            return True
        one_off = int(dyno.name.rpartition(".")[2]) >= FIRST_ONE_OFF
        # The client of an attached one is gone.
        if not app or not release or (one_off and (made is None or dyno.attach)):
            self._store.delete(Dyno, id=dyno.id)
            return False
        if dyno.state == "down":
            return False
        instance = None
        if made is not None:
            instance = await self._launcher.adopt(dyno, made, self._launcher.hear(dyno))
        if one_off and instance is not None:
            self._keep(OneOff(self._launcher, dyno, instance))
        else:
            self._formations.go_on(app, release, dyno, instance)
        return instance is not None

    def _keep(self, one_off: OneOff) -> None:
        self._one_offs[one_off.dyno.id] = one_off
        one_off.when_done(lambda: self._one_offs.pop(one_off.dyno.id, None))

    async def _stop_one_offs(self, app_id: str, name_or_type: str) -> None:
        one_offs = [found for found in self._one_offs.values() if found.dyno.app_id == app_id]
        await _all(found.stop() for found in one_offs if _named(found.dyno, name_or_type))

    def _everything(self, app_id: str | None = None) -> list[Life | OneOff]:
        one_offs = [one for one in self._one_offs.values() if app_id in (None, one.dyno.app_id)]
        return [*self._formations.of(app_id), *self._formations.retiring(app_id), *one_offs]

    async def _remove_containers(self, app_id: str | None = None) -> None:
        found = await asyncio.to_thread(self._launcher.containers, app_id)
        await asyncio.to_thread(self._launcher.remove, found)


def _named(dyno: Dyno, name_or_type: str | None) -> bool:
    return name_or_type in (None, dyno.name, dyno.type)


async def _all(calls: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*calls)


def _window(env: Mapping[str, str]) -> Window | None:
    """The size of the client's window, which comes with the dyno's environment."""
    rows, columns = env.get("LINES", ""), env.get("COLUMNS", "")
    return (int(rows), int(columns)) if rows.isdigit() and columns.isdigit() else None
