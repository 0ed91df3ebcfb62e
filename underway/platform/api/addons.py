"""Add-ons: provisioned, listed, destroyed."""

from typing import Any

from underway.platform.addons import find_plan
from underway.platform.api import account, apps, services
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found
from underway.platform.models import Addon, App

links = Links()


def show(call: Call, addon: Addon) -> dict[str, Any]:
    """An add-on as its own answer; Accept-Expansion asks for the whole of its plan or service."""
    plan = find_plan(addon.plan)
    expanded = call.request.headers.get("accept-expansion", "")
    service = services.show if "addon_service" in expanded else services.reference
    app = call.one(App, addon.app_id, "id", "app")
    return {
        "actions": [],
        "addon_service": service(plan.service),
        "app": apps.reference(app),
        "billed_price": services.price(plan),
        "billing_entity": {**apps.reference(app), "type": "app"},
        "config_vars": call.platform.addons.config_vars(addon),
        "created_at": addon.created_at,
        "id": addon.id,
        "name": addon.name,
        "plan": services.show_plan(plan) if "plan" in expanded else services.reference(plan),
        "provider_id": addon.id,
        "state": addon.state,
        "updated_at": addon.updated_at,
        "web_url": None,
    }


def find(call: Call, app: App | None = None) -> Addon:
    """The add-on that the path names.

    Raises:
        ApiError: 404, there is none.
    """
    where = {"app_id": app.id} if app else {}
    return call.one(Addon, call.path("addon"), "name", "add_on", **where)


@links.post("/apps/{app}/addons")
async def create(call: Call) -> Any:
    """Provision one; it is there when the answer comes."""
    app, body = call.app(), call.body
    plan = body["plan"]
    addon = await call.platform.addons.create(
        app,
        call.user,
        plan["name"] if isinstance(plan, dict) else plan,
        name=body.get("name"),
        attachment=body.get("attachment", {}).get("name"),
        config=body.get("config"),
    )
    message = f"Database has been created and is available as {addon.name}"
    return show(call, addon) | {"provision_message": message}


@links.get("/addons")
async def index(call: Call) -> Any:
    """All add-ons of the caller."""
    return [show(call, addon) for addon in call.platform.store.all(Addon, "name")]


@links.get("/users/{user}/addons")
async def index_by_user(call: Call) -> Any:
    """The same, by the owner's address."""
    account.user_of(call)
    return await index(call)


@links.get("/apps/{app}/addons")
async def index_by_app(call: Call) -> Any:
    """The add-ons of an app."""
    app = call.app()
    return [show(call, addon) for addon in call.platform.store.all(Addon, "name", app_id=app.id)]


@links.get("/addons/{addon}")
async def info(call: Call) -> Any:
    """One add-on."""
    return show(call, find(call))


@links.get("/apps/{app}/addons/{addon}")
async def info_by_app(call: Call) -> Any:
    """One add-on of an app, which may also be called by the name of its attachment."""
    app, identity = call.app(), call.path("addon")
    for addon in call.platform.addons.resolve(identity, app):
        return show(call, addon)
    raise not_found("add_on")


@links.delete("/apps/{app}/addons/{addon}")
async def delete(call: Call) -> Any:
    """Destroy one, with all its data."""
    app = call.app()
    addon = find(call, app)
    shown = show(call, addon) | {"state": "deprovisioned"}
    await call.platform.addons.destroy(app, call.user, addon)
    return shown


@links.post("/actions/addons/resolve", status=200)
async def resolve(call: Call) -> Any:
    """The add-ons that a name or id may mean."""
    app = call.app_named(call.body["app"]) if call.body.get("app") else None
    wanted = call.body.get("addon_service")
    found = call.platform.addons.resolve(call.body["addon"], app)
    shown = [show(call, addon) for addon in found]
    shown = [item for item in shown if wanted in (None, item["addon_service"]["name"])]
    if not shown:
        raise not_found("add_on")
    return shown
