"""What the page shows, as JSON. Nothing of it is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underway.platform.models import Addon, App, Attachment, Domain, Dyno, Process, Release

if TYPE_CHECKING:
    from underway.platform.service import Platform

RELEASES = 10


def snapshot(platform: Platform) -> dict[str, Any]:
    """The platform and all its apps, by name."""
    apps = platform.store.all(App, order="name")
    return {
        "folder": str(platform.settings.folder),
        "apps": [_app(platform, app) for app in apps],
    }


def _app(platform: Platform, app: App) -> dict[str, Any]:
    store = platform.store
    releases = store.all(Release, order="version DESC", limit=RELEASES, app_id=app.id)
    current = store.current_release(app.id)
    return {
        "name": app.name,
        "url": platform.web_url(app),
        "maintenance": app.maintenance,
        "domains": [row.hostname for row in store.all(Domain, app_id=app.id, kind="custom")],
        "current": current.version if current else None,
        "releases": [_release(release) for release in releases],
        "formation": [_process(row) for row in store.all(Process, order="type", app_id=app.id)],
        "dynos": [_dyno(row) for row in store.all(Dyno, order="name", app_id=app.id)],
        "addons": [_addon(platform, row) for row in store.all(Addon, app_id=app.id)],
    }


def _release(release: Release) -> dict[str, Any]:
    return {
        "version": release.version,
        "description": release.description,
        "status": release.status,
        "at": release.created_at,
    }


def _process(process: Process) -> dict[str, Any]:
    return {"type": process.type, "quantity": process.quantity, "size": process.size}


def _dyno(dyno: Dyno) -> dict[str, Any]:
    return {
        "name": dyno.name,
        "state": dyno.state,
        "size": dyno.size,
        "command": " ".join(dyno.command),
        "since": dyno.updated_at,
    }


def _addon(platform: Platform, addon: Addon) -> dict[str, Any]:
    attachments = platform.store.all(Attachment, addon_id=addon.id)
    return {
        "name": addon.name,
        "plan": addon.plan,
        "state": addon.state,
        "as": [row.name for row in attachments],
    }
