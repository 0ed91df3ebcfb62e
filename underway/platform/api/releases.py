"""Releases: listed, shown, and returned to."""

from dataclasses import dataclass
from typing import Any

from underway.platform.api import account, apps
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found
from underway.platform.api.paging import Page
from underway.platform.models import Account, Addon, App, Release

links = Links()


@dataclass(frozen=True)
class Context:
    """What the answers for all releases of an app have in common."""

    app: App
    current: Release | None
    plans: list[str]

    @classmethod
    def of(cls, call: Call, app: App) -> "Context":
        """Read it from the store."""
        store = call.platform.store
        plans = sorted(addon.plan for addon in store.all(Addon, app_id=app.id))
        return cls(app, store.current_release(app.id), plans)


def show(call: Call, release: Release, context: Context) -> dict[str, Any]:
    """A release as its own answer."""
    user, current = call.user, context.current
    if release.user_id != user.id:
        user = call.platform.store.find(Account, id=release.user_id) or user
    id = release.stream_id
    stream = call.platform.stream_url(f"/streams/{id}") if id else None
    return {
        "addon_plan_names": context.plans,
        "app": apps.reference(context.app),
        "artifacts": [],
        "created_at": release.created_at,
        "current": current is not None and current.id == release.id,
        "description": release.description,
        "eligible_for_rollback": release.status == "succeeded" and bool(release.images),
        "id": release.id,
        "output_stream_url": stream,
        "slug": None,
        "status": release.status,
        "updated_at": release.updated_at,
        "user": account.reference(user),
        "version": release.version,
    }


def find(call: Call, app: App) -> Release:
    """The release that the path names by id or version.

    Raises:
        ApiError: 404, there is none.
    """
    identity = call.path("release").removeprefix("v")
    where: dict[str, Any] = {"version": int(identity)} if identity.isdigit() else {"id": identity}
    release = call.platform.store.find(Release, app_id=app.id, **where)
    if release is None:
        raise not_found("release")
    return release


@links.get("/apps/{app}/releases")
async def index(call: Call) -> Page:
    """All releases of an app."""
    app = call.app()
    context = Context.of(call, app)
    return call.list(
        Release, lambda row: show(call, row, context), ("version", "id"), app_id=app.id
    )


@links.get("/apps/{app}/releases/{release}")
async def info(call: Call) -> Any:
    """One release."""
    app = call.app()
    return show(call, find(call, app), Context.of(call, app))


@links.post("/apps/{app}/releases")
async def rollback(call: Call) -> Any:
    """A new release that is as an earlier one was."""
    app = call.app()
    earlier = call.platform.store.find(Release, id=call.body.get("release"), app_id=app.id)
    if earlier is None:
        raise not_found("release")
    made = await call.platform.releases.rollback(app, call.user, earlier)
    return show(call, made, Context.of(call, app))
