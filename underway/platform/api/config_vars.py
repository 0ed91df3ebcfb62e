"""Config vars: each change is a release."""

from typing import Any

from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import invalid
from underway.platform.api.releases import find
from underway.platform.models import App, Attachment

links = Links()


@links.get("/apps/{app}/config-vars")
async def info(call: Call) -> Any:
    """The config vars as they are now."""
    return _current(call, call.app())


@links.get("/apps/{app}/releases/{release}/config-vars")
async def info_for_release(call: Call) -> Any:
    """The config vars as one release has them."""
    return find(call, call.app()).config


@links.patch("/apps/{app}/config-vars")
async def update(call: Call) -> Any:
    """Set some, and remove those that are given as null."""
    app = call.app()
    _refuse_attached(call, app)
    await _settled(call, app)
    before = _current(call, app)
    put = {k: v for k, v in call.body.items() if v is not None and before.get(k) != v}
    gone = [key for key, value in call.body.items() if value is None and key in before]
    after = {key: value for key, value in (before | put).items() if key not in gone}
    if after != before:
        description = _description(list(put), gone)
        await call.platform.releases.create(app, call.user, description, config=after)
    return after


async def _settled(call: Call, app: App) -> None:
    """A release phase under way decides which config vars there are: no change may be lost."""
    store, releases = call.platform.store, call.platform.releases
    while (newest := store.newest_release(app.id)) and newest.status == "pending":
        await releases.wait(newest)


def _current(call: Call, app: App) -> dict[str, str]:
    release = call.platform.store.current_release(app.id)
    return release.config if release else {}


def _refuse_attached(call: Call, app: App) -> None:
    """What an add-on sets is its own."""
    attached = {
        f"{attachment.name}_URL"
        for attachment in call.platform.store.all(Attachment, app_id=app.id)
    }
    if taken := attached & set(call.body):
        raise invalid(f"Cannot overwrite attachment values {', '.join(sorted(taken))}.")


def _description(put: list[str], gone: list[str]) -> str:
    """As Heroku writes it: "Set A, B config vars"."""
    parts = [f"{verb} {', '.join(keys)}" for verb, keys in (("Set", put), ("Remove", gone)) if keys]
    return f"{', '.join(parts)} config vars"
