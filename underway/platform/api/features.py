"""What can be switched on for an app: preboot."""

import uuid
from typing import Any

from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found
from underway.platform.models import App

links = Links()
PREBOOT = "preboot"


@links.get("/apps/{app}/features")
async def index(call: Call) -> Any:
    """All features."""
    return [_show(call.app())]


@links.get("/apps/{app}/features/{feature}")
async def info(call: Call) -> Any:
    """One feature."""
    return _show(_app_with_feature(call))


@links.patch("/apps/{app}/features/{feature}")
async def update(call: Call) -> Any:
    """Switch it on or off; it matters from the next release on."""
    app = _app_with_feature(call)
    app.preboot = call.body["enabled"]
    return _show(call.platform.store.save(app))


def _app_with_feature(call: Call) -> App:
    app = call.app()
    if call.path("feature") not in (PREBOOT, _id(app)):
        raise not_found("feature")
    return app


def _id(app: App) -> str:
    return str(uuid.uuid5(uuid.UUID(app.id), PREBOOT))


def _show(app: App) -> dict[str, Any]:
    return {
        "created_at": app.created_at,
        "description": "New web dynos serve before the old ones stop.",
        "display_name": "Preboot",
        "doc_url": "https://devcenter.heroku.com/articles/preboot",
        "enabled": app.preboot,
        "feedback_email": "",
        "id": _id(app),
        "name": PREBOOT,
        "state": "general",
        "updated_at": app.updated_at,
    }
