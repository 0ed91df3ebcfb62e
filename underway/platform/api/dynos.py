"""Dynos: listed, started for one command, restarted, stopped."""

from typing import Any

from underway.platform.api import apps, catalogue
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import invalid, not_found
from underway.platform.dynos import command_text
from underway.platform.models import App, Dyno, Release

links = Links()


def show(call: Call, app: App, dyno: Dyno) -> dict[str, Any]:
    """A dyno as its own answer."""
    release = call.platform.store.find(Release, id=dyno.release_id)
    return {
        "app": apps.reference(app),
        "attach_url": call.platform.attach_url(dyno.attach) if dyno.attach else None,
        "command": command_text(dyno.command),
        "created_at": dyno.created_at,
        "id": dyno.id,
        "name": dyno.name,
        "release": {"id": dyno.release_id, "version": release.version if release else 0},
        "size": dyno.size,
        "state": dyno.state,
        "type": dyno.type,
        "updated_at": dyno.updated_at,
    }


@links.get("/apps/{app}/dynos")
async def index(call: Call) -> Any:
    """All dynos of an app."""
    app = call.app()
    rows = call.platform.store.all(Dyno, "name", app_id=app.id)
    return [show(call, app, dyno) for dyno in rows]


@links.get("/apps/{app}/dynos/{dyno}")
async def info(call: Call) -> Any:
    """One dyno."""
    app = call.app()
    return show(call, app, _find(call, app))


@links.post("/apps/{app}/dynos")
async def run(call: Call) -> Any:
    """A one-off dyno."""
    app, body = call.app(), call.body
    release = call.platform.store.current_release(app.id)
    if release is None or not release.images:
        raise invalid("Cannot run a process in an app that has nothing deployed yet.")
    dyno = await call.platform.dynos.run(
        app,
        release,
        body["command"],
        type=body.get("type") or "run",
        env={key: str(value) for key, value in (body.get("env") or {}).items()},
        size=catalogue.size_named(body.get("size") or "Basic"),
        attach=body.get("attach", False),
        tty=not body.get("force_no_tty"),
    )
    return show(call, app, dyno)


@links.delete("/apps/{app}/dynos", status=202)
async def restart_all(call: Call) -> Any:
    """Restart every dyno."""
    await call.platform.dynos.restart(call.app())
    return {}


@links.delete("/apps/{app}/dynos/{dyno}", status=202)
async def restart(call: Call) -> Any:
    """Restart one dyno, or all of a type."""
    app = call.app()
    await call.platform.dynos.restart(app, _name_or_type(call, app, "dyno"))
    return {}


@links.delete("/apps/{app}/formations/{type}", status=202)
async def restart_type(call: Call) -> Any:
    """Restart all dynos of a type."""
    app = call.app()
    await call.platform.dynos.restart(app, _name_or_type(call, app, "type"))
    return {}


@links.post("/apps/{app}/dynos/{dyno}/actions/stop", status=202)
async def stop(call: Call) -> Any:
    """Stop one dyno, or all of a type."""
    app = call.app()
    await call.platform.dynos.stop(app, _name_or_type(call, app, "dyno"))
    return {}


@links.post("/apps/{app}/formations/{type}/actions/stop", status=202)
async def stop_type(call: Call) -> Any:
    """Stop all dynos of a type."""
    app = call.app()
    await call.platform.dynos.stop(app, _name_or_type(call, app, "type"))
    return {}


def _find(call: Call, app: App) -> Dyno:
    return call.one(Dyno, call.path("dyno"), "name", "dyno", app_id=app.id)


def _name_or_type(call: Call, app: App, parameter: str) -> str:
    wanted = call.path(parameter)
    for dyno in call.platform.store.all(Dyno, app_id=app.id):
        if wanted == dyno.id:
            return dyno.name
        if wanted in (dyno.name, dyno.type):
            return wanted
    raise not_found("dyno")
