"""The formations of all apps: which dynos there should be, and the lives that they are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress

from underway.platform.dynos.instance import Instance
from underway.platform.dynos.launcher import Launcher, Plan
from underway.platform.dynos.life import Life
from underway.platform.models import App, Dyno, Process, Release


class Formations:
    """Begins and retires lives, by app and name."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._store = launcher.store
        self._lives: dict[str, dict[str, Life]] = defaultdict(dict)
        self._retiring: dict[Life, asyncio.Task[None]] = {}
        """Replaced or no longer wanted, and not ended so far."""

    def of(self, app_id: str | None = None) -> list[Life]:
        """The lives that are to go on, of an app or of all."""
        return [
            life
            for lives in self._lives.values()
            for life in lives.values()
            if app_id in (None, life.dyno.app_id)
        ]

    def retiring(self, app_id: str | None = None) -> list[Life]:
        """The lives that are about to end; with preboot they still serve."""
        return [life for life in self._retiring if app_id in (None, life.dyno.app_id)]

    def bring(self, app: App, release: Release, restart: Iterable[Life] = ()) -> None:
        """Begin and retire lives so that they are what the formation wants.

        Nothing is awaited in between: of two calls, the later one decides.
        """
        wanted = {
            f"{row.type}.{number}": row
            for row in self._store.all(Process, app_id=app.id)
            if row.type in release.images
            for number in range(1, row.quantity + 1)
        }
        stopped = self._stopped(app, release, wanted)
        lives = self._lives[app.id]
        for name in lives.keys() - wanted.keys():
            self._store.delete(Dyno, id=lives[name].dyno.id)
            self.retire(lives[name], "down")
        begun, replaced = [], []
        for name, process in wanted.items():
            life = lives.get(name)
            fits = life is not None and life not in restart and life.fits(release, process.size)
            if fits or name in stopped:
                continue
            if life is not None:
                replaced.append(life)
            lives[name] = self._begin(app, release, process, name)
            begun.append(lives[name])
        for life in replaced:
            preboot = app.preboot and life.dyno.type == "web"
            self.retire(life, "starting", after=begun if preboot else [])

    def go_on(self, app: App, release: Release, dyno: Dyno, instance: Instance | None) -> None:
        """Take up a life where a process of the platform before this one left it."""
        if instance is None:
            dyno.state = "starting"
        life = self._lives[app.id][dyno.name] = Life(
            self._launcher, dyno, _plan(app, release, dyno.type)
        )
        life.begin(instance)

    def retire(self, life: Life, then: str, after: Iterable[Life] = ()) -> None:
        """End a life, with preboot some time after the new ones are up."""
        lives = self._lives[life.dyno.app_id]
        if lives.get(life.dyno.name) is life:
            del lives[life.dyno.name]
        awaited = list(after)
        if not awaited:
            life.end(then)
        task = asyncio.create_task(self._wind_down(life, then, awaited))
        self._retiring[life] = task
        task.add_done_callback(lambda _: self._retiring.pop(life, None))

    async def leave(self) -> None:
        """Let go of all; their containers run on."""
        tasks = list(self._retiring.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(
            *tasks,
            *(life.leave() for life in [*self.of(), *self._retiring]),
            return_exceptions=True,
        )
        self._lives.clear()

    def _stopped(self, app: App, release: Release, wanted: Mapping[str, Process]) -> set[str]:
        """The dynos that the user stopped; a new release starts them again."""
        rows = self._store.all(Dyno, app_id=app.id, state="down")
        kept = {row.name for row in rows if row.release_id == release.id and row.name in wanted}
        for row in rows:
            if row.name not in kept:
                self._store.delete(Dyno, id=row.id)
        return kept

    def _begin(self, app: App, release: Release, process: Process, name: str) -> Life:
        dyno = Dyno(app.id, name, process.type, release.id, [], process.size)
        with self._store.transaction():
            self._store.delete(Dyno, app_id=app.id, name=name)
            self._store.add(dyno)
        life = Life(self._launcher, dyno, _plan(app, release, process.type))
        life.begin()
        return life

    async def _wind_down(self, life: Life, then: str, after: list[Life]) -> None:
        if after:
            limits = self._launcher.limits
            settled = asyncio.gather(*(new.settled() for new in after))
            with suppress(TimeoutError):
                await asyncio.wait_for(settled, limits.boot)
            await asyncio.sleep(limits.preboot)
        life.end(then)
        await life.stop()


def _plan(app: App, release: Release, kind: str) -> Plan:
    return Plan(app, release, release.images.get(kind, ""), release.commands.get(kind))
