"""Who may work on an app: its owner."""

from typing import Any

from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found
from underway.platform.models import Account, App

links = Links()


@links.get("/apps/{app}/collaborators")
async def index(call: Call) -> Any:
    """The owner."""
    return [_show(call.app(), call.user)]


@links.get("/apps/{app}/collaborators/{collaborator}")
async def info(call: Call) -> Any:
    """One of them."""
    app = call.app()
    # A collaboration has no row of its own: there is one to each app, so it lends its id.
    if call.path("collaborator") not in (app.id, call.user.id, call.user.email):
        raise not_found("collaborator")
    return _show(app, call.user)


def _show(app: App, user: Account) -> dict[str, Any]:
    return {
        "app": {"id": app.id, "name": app.name},
        "created_at": app.created_at,
        "id": app.id,
        "permissions": [],
        "role": "owner",
        "updated_at": app.updated_at,
        "user": {"email": user.email, "federated": False, "id": user.id},
    }
