"""Apps: made, changed, destroyed."""

import random
import secrets
import sqlite3
from typing import Any

from underway.platform.api import account, catalogue
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import invalid
from underway.platform.api.paging import Page
from underway.platform.models import (
    Addon,
    App,
    Attachment,
    Build,
    Domain,
    Dyno,
    Process,
    Release,
)

links = Links()
ADJECTIVES = "autumn bold calm dry evening fierce gentle hidden icy mighty quiet salty".split()
NOUNS = "anchorage basin brook cliffs dawn fjord harbor island lake meadow reef shore".split()


def reference(app: App) -> dict[str, str]:
    """An app as it stands inside other answers."""
    return {"id": app.id, "name": app.name}


def show(call: Call, app: App) -> dict[str, Any]:
    """An app as its own answer."""
    return {
        "acm": False,
        "archived_at": None,
        "build_stack": catalogue.reference("stack", app.build_stack),
        "buildpack_provided_description": app.stack if app.released_at else None,
        "created_at": app.created_at,
        "generation": catalogue.reference("generation", app.generation),
        "git_url": call.platform.url(f"/{app.name}.git"),
        "id": app.id,
        "internal_routing": None,
        "maintenance": app.maintenance,
        "name": app.name,
        "organization": None,
        "owner": account.reference(call.user),
        "region": catalogue.region(),
        "released_at": app.released_at,
        "repo_size": None,
        "slug_size": None,
        "space": None,
        "stack": catalogue.reference("stack", app.stack),
        "team": None,
        "updated_at": app.updated_at,
        "web_url": call.platform.web_url(app),
    }


@links.post("/apps")
async def create(call: Call) -> Any:
    """A new app, with the two releases that every app of Heroku begins with."""
    store, name = call.platform.store, call.body.get("name") or _invented()
    stack = catalogue.stack_named(call.body.get("stack") or catalogue.DEFAULT_STACK)
    app = App(name=name, host=_host(name), owner_id=call.user.id, stack=stack, build_stack=stack)
    with store.transaction():
        _claim(call, app)
        store.add(Domain(app_id=app.id, hostname=call.platform.hostname(app), kind="heroku"))
    for description in ("Initial release", "Enable Logplex"):
        await call.platform.releases.create(app, call.user, description)
    return show(call, app)


@links.get("/apps")
async def index(call: Call) -> Page:
    """The caller's apps."""
    return call.list(App, lambda app: show(call, app), ("id", "name"), owner_id=call.user.id)


@links.get("/users/{user}/apps")
async def index_by_user(call: Call) -> Any:
    """The same, by the owner's address."""
    account.user_of(call)
    return await index(call)


@links.get("/apps/{app}")
async def info(call: Call) -> Any:
    """One app."""
    return show(call, call.app())


@links.patch("/apps/{app}")
async def update(call: Call) -> Any:
    """Rename it, set its stack, or turn its maintenance mode on or off."""
    app, body, store = call.app(), call.body, call.platform.store
    app.maintenance = body.get("maintenance", app.maintenance)
    if "build_stack" in body:
        app.build_stack = catalogue.stack_named(body["build_stack"])
        # An app that has nothing deployed changes at once, any other with its next build.
        current = store.current_release(app.id)
        app.stack = app.stack if current and current.images else app.build_stack
    if body.get("name", app.name) != app.name:
        _rename(call, app, body["name"])
    return show(call, store.save(app))


@links.delete("/apps/{app}")
async def destroy(call: Call) -> Any:
    """Remove the app, and all that was made for it."""
    app, platform = call.app(), call.platform
    shown = show(call, app)
    await platform.releases.remove_app(app)
    await platform.dynos.remove_app(app)
    await platform.addons.remove_app(app)
    await platform.registry.remove_app(app)
    with platform.store.transaction():
        for table in (Attachment, Addon, Build, Domain, Dyno, Process, Release):
            platform.store.delete(table, app_id=app.id)
        platform.store.delete(App, id=app.id)
    platform.logs.forget(app.id)
    return shown


def _claim(call: Call, app: App) -> None:
    try:
        call.platform.store.add(app)
    except sqlite3.IntegrityError:
        raise invalid(f"Name {app.name} is already taken") from None


def _rename(call: Call, app: App, name: str) -> None:
    store = call.platform.store
    if store.find(App, name=name):
        raise invalid(f"Name {name} is already taken")
    app.name, app.host = name, _host(name)
    own = store.find(Domain, app_id=app.id, kind="heroku")
    if own:
        own.hostname = call.platform.hostname(app)
        store.save(own)


def _invented() -> str:
    return f"{random.choice(ADJECTIVES)}-{random.choice(NOUNS)}-{random.randint(10000, 99999)}"


def _host(name: str) -> str:
    return f"{name}-{secrets.token_hex(6)}"
