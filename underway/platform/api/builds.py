"""Builds from source, and the places to which source is uploaded."""

from typing import Any

from underway.platform.api import account
from underway.platform.api.endpoint import Call, Links
from underway.platform.api.paging import Page
from underway.platform.models import Account, App, Build, Source

links = Links()


def show(call: Call, app: App, build: Build) -> dict[str, Any]:
    """A build as its own answer."""
    user = call.platform.store.find(Account, id=build.user_id) or call.user
    return {
        "app": {"id": app.id},
        "buildpacks": None,
        "created_at": build.created_at,
        "generation": app.generation,
        "id": build.id,
        "output_stream_url": call.platform.stream_url(f"/streams/{build.stream_id}"),
        "release": {"id": build.release_id} if build.release_id else None,
        "slug": None,
        "source_blob": {
            "checksum": None,
            "url": build.source_url,
            "version": build.version or None,
            "version_description": None,
        },
        "stack": app.build_stack,
        "status": build.status,
        "updated_at": build.updated_at,
        "user": account.reference(user),
    }


@links.post("/sources")
async def create_source(call: Call) -> Any:
    """An address to which a tarball can be put, and from which a build takes it."""
    source = call.platform.store.add(Source())
    url = call.platform.stream_url(f"/platform/sources/{source.id}")
    return {"source_blob": {"get_url": url, "put_url": url}}


@links.post("/apps/{app}/sources")
async def create_source_for_app(call: Call) -> Any:
    """The same, by its older address."""
    call.app()
    return await create_source(call)


@links.post("/apps/{app}/builds")
async def create(call: Call) -> Any:
    """Build a tarball, and release what comes of it."""
    app, blob = call.app(), call.body["source_blob"]
    version = blob.get("version") or ""
    build = await call.platform.builds.create(app, call.user, blob["url"], version)
    return show(call, app, build)


@links.get("/apps/{app}/builds")
async def index(call: Call) -> Page:
    """All builds of an app."""
    app = call.app()
    return call.list(
        Build, lambda build: show(call, app, build), ("created_at", "id"), app_id=app.id
    )


@links.get("/apps/{app}/builds/{build}")
async def info(call: Call) -> Any:
    """One build."""
    app = call.app()
    return show(call, app, call.one(Build, call.path("build"), "id", "build", app_id=app.id))
