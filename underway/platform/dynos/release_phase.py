"""The release phase: one command of a new release, before any dyno runs it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from docker.errors import NotFound

from underway.errors import UnderwayError
from underway.platform.dynos.instance import GONE, TROUBLE, Instance
from underway.platform.dynos.launcher import Launcher, Plan
from underway.platform.models import App, Dyno, Release
from underway.platform.streams import Stream

if TYPE_CHECKING:
    from docker.models.containers import Container

TYPE = "release"


def image_of(release: Release) -> str | None:
    """The image that the release phase of a release runs in; None where it has no such phase."""
    image = release.release_image or release.images.get(TYPE)
    if image is None and release.release_command:
        image = release.images.get("web") or next(iter(release.images.values()), None)
    return image if release.images else None


async def run(launcher: Launcher, app: App, release: Release, stream: Stream) -> int:
    """Run it, or go on with one that began before a restart; its exit status."""
    dyno = launcher.store.find(Dyno, app_id=app.id, type=TYPE, release_id=release.id)
    found = await asyncio.to_thread(_find, launcher, dyno) if dyno else None
    if dyno is None:
        name = launcher.free_name(app.id, TYPE)
        dyno = launcher.store.add(Dyno(app.id, name, TYPE, release.id, []))
    try:
        instance = await _begin(launcher, app, release, dyno, found, stream)
    except (UnderwayError, *TROUBLE) as error:
        launcher.say(dyno, f"Error: {error}")
        stream.write(f"{error}\n")
        launcher.store.delete(Dyno, id=dyno.id)
        return GONE
    launcher.become(dyno, "up")
    await asyncio.wait({instance.ended}, timeout=launcher.limits.release_phase)
    if not instance.ended.done():
        stream.write(f"Stopped after {launcher.limits.release_phase:g} seconds.\n")
        await launcher.terminate(dyno, instance)
    status = await launcher.finish(dyno, instance)
    launcher.become(dyno, "complete")
    launcher.store.delete(Dyno, id=dyno.id)
    return status


def _find(launcher: Launcher, dyno: Dyno) -> Container | None:
    if dyno.container_id is None:
        return None
    try:
        return launcher.engine.client.containers.get(dyno.container_id)
    except NotFound:
        return None


async def _begin(
    launcher: Launcher,
    app: App,
    release: Release,
    dyno: Dyno,
    found: Container | None,
    stream: Stream,
) -> Instance:
    to_log = launcher.hear(dyno)

    def hear(at: str, text: str) -> None:
        to_log(at, text)
        stream.write(f"{text}\n")

    if found is not None and found.status != "created":
        return await launcher.adopt(dyno, found, hear)
    if found is not None:
        await asyncio.to_thread(found.remove, force=True)
    plan = Plan(app, release, image_of(release) or "", release.release_command)
    instance = await launcher.create(dyno, plan, hear)
    await launcher.start(dyno, instance)
    return instance
