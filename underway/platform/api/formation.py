"""The formation: how many dynos of each process type, of what size, and from which image."""

import re
from typing import Any

from underway.platform.api import apps, catalogue
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import ApiError, invalid
from underway.platform.dynos import command_text
from underway.platform.models import App, Process, Release

links = Links()
MOST = 100


def show(app: App, process: Process, release: Release | None) -> dict[str, Any]:
    """One process type as its own answer."""
    command = release.commands.get(process.type, []) if release else []
    return {
        "app": apps.reference(app),
        "command": command_text(command),
        "created_at": process.created_at,
        "dyno_size": catalogue.reference("dyno-size", process.size),
        "id": process.id,
        "quantity": process.quantity,
        "size": process.size,
        "type": process.type,
        "updated_at": process.updated_at,
    }


@links.get("/apps/{app}/formation")
async def index(call: Call) -> Any:
    """All process types."""
    return _all(call, call.app())


@links.get("/apps/{app}/formation/{type}")
async def info(call: Call) -> Any:
    """One process type."""
    app = call.app()
    return show(app, _process(call, app), call.platform.store.current_release(app.id))


@links.patch("/apps/{app}/formation")
async def update_all(call: Call) -> Any:
    """Release images, scale process types, or both."""
    app = call.app()
    types = [update["type"] for update in call.body["updates"]]
    await _update(call, app, call.body["updates"])
    return [shown for shown in _all(call, app) if shown["type"] in types]


@links.patch("/apps/{app}/formation/{type}")
async def update(call: Call) -> Any:
    """The same for one process type."""
    app = call.app()
    if "docker_image" not in call.body:
        type = _process(call, app).type
    else:
        type = call.path("type")
    await _update(call, app, [{**call.body, "type": type}])
    process = call.one(Process, type, "type", "process_type", app_id=app.id)
    return show(app, process, call.platform.store.current_release(app.id))


async def _update(call: Call, app: App, updates: list[dict[str, Any]]) -> None:
    images = {
        update["type"]: update["docker_image"] for update in updates if "docker_image" in update
    }
    for update in updates:
        _scaled(call, app, update, images)  # what cannot be is refused before anything is done
    if images:
        await _release(call, app, images)
    scaling = [update for update in updates if {"quantity", "size", "dyno_size"} & set(update)]
    for update in scaling:
        call.platform.store.save(_scaled(call, app, update, images))
    if scaling:
        await call.platform.dynos.converge(app)


async def _release(call: Call, app: App, digests: dict[str, str]) -> None:
    """A release of images that were pushed, each named by the digest of its configuration."""
    if app.build_stack != "container":
        raise invalid("Docker images can only be released on the container stack.")
    images = {}
    for type, digest in digests.items():
        images[type] = await call.platform.registry.pull(app, type, digest)
    app = call.app_named(app.id)  # it may have changed meanwhile
    if app.stack != app.build_stack:
        app.stack = app.build_stack
        call.platform.store.save(app)
    named = ", ".join(f"{type} ({digest[7:19]})" for type, digest in digests.items())
    await call.platform.releases.create(app, call.user, f"Deployed {named}", images=images)


def _scaled(call: Call, app: App, update: dict[str, Any], images: dict[str, str]) -> Process:
    """The process type as the update wants it, not yet saved."""
    type = update["type"]
    process = call.platform.store.find(Process, app_id=app.id, type=type)
    if process is None:
        if type not in images:
            raise ApiError(
                404, "not_found", f"Couldn't find that process type ({type}).", resource="formation"
            )
        process = Process(app_id=app.id, type=type, quantity=0)
    size = update.get("size") or update.get("dyno_size", {}).get("name")
    if size:
        process.size = catalogue.size_named(size)
    if "quantity" in update:
        process.quantity = _quantity(process.quantity, update["quantity"])
    return process


def _quantity(before: int, wanted: int | str) -> int:
    """The number that is meant: 2, "2", "+1", "-1"."""
    relative = isinstance(wanted, str) and re.match("[+-]", wanted)
    after = before + int(wanted) if relative else int(wanted)
    if not 0 <= after <= MOST:
        raise invalid(f"Quantity must be between 0 and {MOST}.")
    return after


def _process(call: Call, app: App) -> Process:
    return call.one(Process, call.path("type"), "type", "process_type", app_id=app.id)


def _all(call: Call, app: App) -> list[dict[str, Any]]:
    store = call.platform.store
    release = store.current_release(app.id)
    return [show(app, row, release) for row in store.all(Process, "type", app_id=app.id)]
