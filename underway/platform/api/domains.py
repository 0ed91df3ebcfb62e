"""Host names that lead to an app: its own, and those that its owner adds."""

import re
import sqlite3
from typing import Any

from underway.platform.api import apps
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import ApiError, invalid
from underway.platform.api.paging import Page
from underway.platform.models import App, Domain

links = Links()
HOSTNAME = re.compile(
    r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


def show(call: Call, app: App, domain: Domain) -> dict[str, Any]:
    """A domain as its own answer."""
    custom = domain.kind == "custom"
    return {
        "acm_status": None,
        "acm_status_reason": None,
        "app": apps.reference(app),
        "cname": call.platform.hostname(app) if custom else None,
        "created_at": domain.created_at,
        "hostname": domain.hostname,
        "id": domain.id,
        "kind": domain.kind,
        "sni_endpoint": None,
        "status": "succeeded" if custom else "none",
        "updated_at": domain.updated_at,
    }


@links.get("/apps/{app}/domains")
async def index(call: Call) -> Page:
    """All domains of an app."""
    app = call.app()
    return call.list(Domain, lambda row: show(call, app, row), ("hostname", "id"), app_id=app.id)


@links.get("/apps/{app}/domains/{domain}")
async def info(call: Call) -> Any:
    """One domain."""
    app = call.app()
    return show(call, app, _find(call, app))


@links.post("/apps/{app}/domains")
async def create(call: Call) -> Any:
    """Let a host name lead to the app."""
    app, hostname = call.app(), call.body["hostname"].lower()
    if not HOSTNAME.fullmatch(hostname):
        raise invalid("Hostname is not a valid domain name.")
    try:
        domain = call.platform.store.add(Domain(app_id=app.id, hostname=hostname))
    except sqlite3.IntegrityError:
        taken = f"{hostname} is currently in use by another app."
        raise invalid(taken) from None
    call.platform.logs.write(
        app.id, "app", "api", f"Add {hostname} domain by user {call.user.email}"
    )
    return show(call, app, domain)


@links.delete("/apps/{app}/domains/{domain}")
async def delete(call: Call) -> Any:
    """Let it lead there no more."""
    app = call.app()
    domain = _find(call, app)
    if domain.kind != "custom":
        raise ApiError(403, "forbidden", "Cannot remove the app's own domain.")
    call.platform.store.delete(Domain, id=domain.id)
    call.platform.logs.write(
        app.id, "app", "api", f"Remove {domain.hostname} domain by user {call.user.email}"
    )
    return show(call, app, domain)


def _find(call: Call, app: App) -> Domain:
    return call.one(Domain, call.path("domain").lower(), "hostname", "domain", app_id=app.id)
