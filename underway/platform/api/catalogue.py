"""What Heroku offers: stacks, regions, dyno sizes, generations. It does not change."""

import uuid
from typing import Any

from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import invalid, not_found
from underway.platform.dynos import SIZES, Size

links = Links()
SINCE = "2020-01-01T00:00:00Z"
STACKS = ("heroku-24", "heroku-22", "container")
DEFAULT_STACK = "heroku-24"
GENERATION = "cedar"
# Name: share of a CPU's time, dedicated, dyno units, cents a month.
PRICES = {
    "Eco": (1, False, 0.14, 500),
    "Basic": (1, False, 0.28, 700),
    "Standard-1X": (1, False, 1.0, 2500),
    "Standard-2X": (2, False, 2.0, 5000),
    "Performance-M": (12, True, 8.0, 25000),
    "Performance-L": (50, True, 16.0, 50000),
}


def reference(kind: str, name: str) -> dict[str, str]:
    """Id and name of something in the catalogue; the id is the same on every platform."""
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"underway:{kind}:{name}")), "name": name}


def stack_named(identity: str) -> str:
    """The name of a stack, from its name or id.

    Raises:
        ApiError: 422, there is none.
    """
    for name in STACKS:
        if identity in reference("stack", name).values():
            return name
    raise invalid(f"Stack {identity} is not available. Use one of: {', '.join(STACKS)}.")


def size_named(identity: str) -> str:
    """The name of a dyno size, from its name in any case, or its id.

    Raises:
        ApiError: 422, there is none.
    """
    for size in SIZES:
        if identity.lower() in (size.name.lower(), reference("dyno-size", size.name)["id"]):
            return size.name
    names = ", ".join(size.name for size in SIZES)
    raise invalid(f"No such size as {identity}. Use one of: {names}.")


def region() -> dict[str, str]:
    """The one region there is."""
    return reference("region", "us")


@links.get("/stacks")
async def stacks(call: Call) -> Any:
    """All stacks."""
    return [_stack(name) for name in STACKS]


@links.get("/apps/{app}/available-stacks")
async def app_stacks(call: Call) -> Any:
    """The stacks that an app can be set to."""
    call.app()
    return await stacks(call)


@links.get("/stacks/{stack}")
async def stack(call: Call) -> Any:
    """One stack."""
    return _one(await stacks(call), call.path("stack"), "stack")


@links.get("/regions")
async def regions(call: Call) -> Any:
    """All regions."""
    return [
        {
            **region(),
            "country": "United States",
            "created_at": SINCE,
            "description": "United States",
            "locale": "Virginia",
            "private_capable": False,
            "provider": {"name": "amazon-web-services", "region": "us-east-1"},
            "updated_at": SINCE,
        }
    ]


@links.get("/regions/{region}")
async def one_region(call: Call) -> Any:
    """One region."""
    return _one(await regions(call), call.path("region"), "region")


@links.get("/dyno-sizes")
async def sizes(call: Call) -> Any:
    """All dyno sizes."""
    return [_size(size) for size in SIZES]


@links.get("/apps/{app}/available-dyno-sizes")
async def app_sizes(call: Call) -> Any:
    """The sizes that an app's dynos can have."""
    call.app()
    return await sizes(call)


@links.get("/dyno-sizes/{size}")
async def one_size(call: Call) -> Any:
    """One dyno size."""
    return _one(await sizes(call), call.path("size"), "dyno_size")


def _one(entries: list[dict[str, Any]], identity: str, kind: str) -> dict[str, Any]:
    for entry in entries:
        if identity.lower() in (entry["id"], entry["name"].lower()):
            return entry
    raise not_found(kind)


def _stack(name: str) -> dict[str, Any]:
    return {
        **reference("stack", name),
        "created_at": SINCE,
        "default": name == DEFAULT_STACK,
        "state": "public",
        "updated_at": SINCE,
    }


def _size(size: Size) -> dict[str, Any]:
    compute, dedicated, units, cents = PRICES[size.name]
    return {
        **reference("dyno-size", size.name),
        "architecture": "amd64",
        "compute": compute,
        "cost": {"cents": cents, "unit": "month"},
        "dedicated": dedicated,
        "generation": reference("generation", GENERATION),
        "memory": size.memory / 1024,
        "precise_dyno_units": units,
        "private_space_only": False,
    }
