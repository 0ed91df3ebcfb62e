"""Attachments: the names under which add-ons set config vars of apps."""

from typing import Any

from underway.platform.addons import find_plan, variable
from underway.platform.api import addons, apps, services
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found
from underway.platform.models import Addon, App, Attachment

links = Links()


def show(call: Call, attachment: Attachment) -> dict[str, Any]:
    """An attachment as its own answer; Accept-Inclusion asks for more than the schema has."""
    included = call.request.headers.get("accept-inclusion", "")
    addon = call.one(Addon, attachment.addon_id, "id", "add_on")
    owner = call.one(App, addon.app_id, "id", "app")
    app = call.one(App, attachment.app_id, "id", "app")
    shown: dict[str, Any] = {
        "addon": {"app": apps.reference(owner), "id": addon.id, "name": addon.name},
        "app": apps.reference(app),
        "created_at": attachment.created_at,
        "id": attachment.id,
        "log_input_url": None,
        "name": attachment.name,
        "namespace": None,
        "updated_at": attachment.updated_at,
        "web_url": None,
    }
    if "addon:plan" in included:
        shown["addon"]["plan"] = services.reference(find_plan(addon.plan))
    if "config_vars" in included:
        shown["config_vars"] = [variable(attachment)]
    return shown


@links.post("/addon-attachments")
async def create(call: Call) -> Any:
    """Give an add-on a further name, on its own app or another."""
    body = call.body
    addon = call.one(Addon, body["addon"], "name", "add_on")
    made = await call.platform.addons.attach(
        call.app_named(body["app"]),
        call.user,
        addon,
        name=body.get("name"),
        confirm=body.get("confirm", ""),
    )
    return show(call, made)


@links.get("/addon-attachments")
async def index(call: Call) -> Any:
    """All attachments."""
    return [show(call, row) for row in call.platform.store.all(Attachment, "name")]


@links.get("/apps/{app}/addon-attachments")
async def index_by_app(call: Call) -> Any:
    """The attachments of an app."""
    app = call.app()
    return [show(call, row) for row in call.platform.store.all(Attachment, "name", app_id=app.id)]


@links.get("/addons/{addon}/addon-attachments")
async def index_by_addon(call: Call) -> Any:
    """The attachments of an add-on."""
    addon = addons.find(call)
    return [show(call, row) for row in call.platform.addons.attachments_of(addon)]


@links.get("/addon-attachments/{attachment}")
async def info(call: Call) -> Any:
    """One attachment, by its id."""
    return show(call, call.one(Attachment, call.path("attachment"), "id", "add_on attachment"))


@links.get("/apps/{app}/addon-attachments/{attachment}")
async def info_by_app(call: Call) -> Any:
    """One attachment of an app, by its name or id."""
    app, identity = call.app(), call.path("attachment")
    return show(call, call.one(Attachment, identity, "name", "add_on attachment", app_id=app.id))


@links.delete("/addon-attachments/{attachment}")
async def delete(call: Call) -> Any:
    """Take the name away; the add-on stays."""
    row = call.one(Attachment, call.path("attachment"), "id", "add_on attachment")
    shown = show(call, row)
    await call.platform.addons.detach(call.user, row)
    return shown


@links.post("/actions/addon-attachments/resolve", status=200)
async def resolve(call: Call) -> Any:
    """The attachments that a name, a config var or an id may mean."""
    body = call.body
    app = call.app_named(body["app"]) if body.get("app") else None
    found = call.platform.addons.resolve_attachment(body["addon_attachment"], app)
    wanted = body.get("addon_service")
    rows = [row for row in found if wanted in (None, _service(call, row))]
    if not rows:
        raise not_found("add_on attachment")
    return [show(call, row) for row in rows]


def _service(call: Call, row: Attachment) -> str:
    return find_plan(call.one(Addon, row.addon_id, "id", "add_on").plan).service.name
