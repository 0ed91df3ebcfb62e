"""Add-on services and their plans."""

from typing import Any

from underway.platform.addons import Plan, Service, find_plan, find_service
from underway.platform.addons.catalogue import SINCE
from underway.platform.api import catalogue
from underway.platform.api.endpoint import Call, Links

links = Links()


@links.get("/addon-services")
async def index(call: Call) -> Any:
    """All services."""
    return [show(service) for service in call.platform.addons.services()]


@links.get("/addon-services/{service}")
async def info(call: Call) -> Any:
    """One service."""
    return show(find_service(call.path("service")))


@links.get("/addon-services/{service}/plans")
async def plans(call: Call) -> Any:
    """The plans of a service."""
    service = find_service(call.path("service"))
    return [show_plan(plan) for plan in call.platform.addons.plans(service)]


@links.get("/addon-services/{service}/plans/{plan}")
async def plan_of_service(call: Call) -> Any:
    """One plan, by its service."""
    service, plan = find_service(call.path("service")), call.path("plan")
    short = {known.short_name: known for known in call.platform.addons.plans(service)}
    return show_plan(short.get(plan) or find_plan(plan))


@links.get("/plans/{plan}")
async def plan(call: Call) -> Any:
    """One plan."""
    return show_plan(find_plan(call.path("plan")))


def reference(item: Service | Plan) -> dict[str, str]:
    """A service or a plan as it stands inside other answers."""
    return {"id": item.id, "name": item.name}


def price(plan: Plan) -> dict[str, Any]:
    """What Heroku would charge."""
    return {"cents": plan.cents, "contract": False, "unit": "month"}


def show(service: Service) -> dict[str, Any]:
    """A service as its own answer."""
    return {
        **reference(service),
        "cli_plugin_name": "pg",
        "created_at": SINCE,
        "human_name": service.human_name,
        "state": "ga",
        "supported_generations": [catalogue.reference("generation", catalogue.GENERATION)],
        "supports_multiple_installations": True,
        "supports_sharing": True,
        "updated_at": SINCE,
    }


def show_plan(plan: Plan) -> dict[str, Any]:
    """A plan as its own answer."""
    return {
        **reference(plan),
        "addon_service": reference(plan.service),
        "compliance": None,
        "created_at": SINCE,
        "default": plan.default,
        "description": plan.description,
        "human_name": plan.human_name,
        "installable_inside_private_network": False,
        "installable_outside_private_network": True,
        "price": price(plan),
        "space_default": False,
        "state": "ga",
        "updated_at": SINCE,
        "visible": True,
    }
