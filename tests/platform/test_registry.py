"""The registry with the real docker client, and with plain requests as Heroku's CLI sends them."""

import asyncio
import hashlib
import io
import json
import os
import secrets
import socket
import subprocess
import tarfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from underway.command import Runner
from underway.engine import Engine
from underway.errors import ImageUnavailable
from underway.platform.models import Account, App
from underway.platform.registry import Registry, service
from underway.platform.registry.proxy import MANIFEST
from underway.platform.settings import Settings
from underway.platform.store import Store

pytestmark = pytest.mark.anyio
LAYER = secrets.token_bytes(300_000)


@dataclass
class Image:
    """A tiny image on the engine, unlike any other."""

    engine: Engine
    id: str


@dataclass
class Place:
    """A running registry, and who uses it."""

    registry: Registry
    store: Store
    folder: Path
    host: str
    app: App
    token: str
    stranger: Account

    @property
    def client(self) -> httpx.AsyncClient:
        """As Heroku's CLI comes: an empty user name, the token as password."""
        return httpx.AsyncClient(base_url=f"http://{self.host}", auth=("", self.token), timeout=30)

    def repository(self, type: str = "web") -> str:
        return f"{self.host}/{self.app.name}/{type}"

    async def docker(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The user's own docker, with settings of its own."""
        return await asyncio.to_thread(
            subprocess.run,
            ["docker", *words],
            input=stdin,
            env=os.environ | {"DOCKER_CONFIG": str(self.folder / "docker")},
            capture_output=True,
            text=True,
        )

    async def login(self) -> None:
        done = await self.docker(
            "login", "-u", "_", "--password-stdin", self.host, stdin=self.token
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
async def place(tmp_path: Path, engine: Engine) -> AsyncIterator[Place]:
    settings, store = Settings(tmp_path), Store(tmp_path / "state.sqlite")
    owner = store.add(Account("you@localhost", secrets.token_hex(20)))
    stranger = store.add(Account("other@localhost", secrets.token_hex(20)))
    app = store.add(App(f"app-{secrets.token_hex(4)}", "host", owner.id))
    registry = Registry(settings, store, engine, Runner())
    listening = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    await registry.start(listening)
    try:
        yield Place(registry, store, tmp_path, host, app, owner.token, stranger)
    finally:
        await registry.stop()
        store.close()


@pytest.fixture
def image(engine: Engine, tmp_path: Path) -> Iterator[Image]:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in (("Dockerfile", b"FROM scratch\nCOPY data /\n"), ("data", LAYER)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    context.seek(0)
    labels = Settings(tmp_path).labels | {"nonce": secrets.token_hex(8)}
    made, _ = engine.client.images.build(
        fileobj=context, custom_context=True, labels=labels, rm=True, forcerm=True
    )
    yield Image(engine, str(made.id))
    if engine.find_image(str(made.id)):
        engine.client.images.remove(str(made.id), force=True)


async def pushed(place: Place, image: Image, type: str = "web") -> None:
    await place.login()
    await place.docker("tag", image.id, place.repository(type))
    done = await place.docker("push", place.repository(type))
    assert done.returncode == 0, done.stderr


async def test_a_token_opens_it_and_nothing_else(place: Place) -> None:
    wrong = await place.docker("login", "-u", "_", "--password-stdin", place.host, stdin="wrong")
    assert wrong.returncode == 1 and "401 Unauthorized" in wrong.stderr
    async with place.client as client:
        assert (await client.get("/v2/")).status_code == 200
        refused = await client.get("/v2/", auth=("_", ""))
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    assert refused.json()["errors"][0]["code"] == "UNAUTHORIZED"


async def test_a_pushed_image_is_found_by_its_config_and_pulled(
    place: Place, image: Image, engine: Engine
) -> None:
    await pushed(place, image)
    async with place.client as client:
        manifest = await client.get(
            f"/v2/{place.app.name}/web/manifests/latest", headers={"Accept": MANIFEST}
        )
        tags = (await client.get(f"/v2/{place.app.name}/web/tags/list")).json()
    config = manifest.json()["config"]["digest"]
    assert tags == {"name": f"{place.app.name}/web", "tags": ["latest"]}
    digest = manifest.headers["docker-content-digest"]
    assert await place.registry.find(place.app, "web", config) == digest
    assert await place.registry.find(place.app, "worker", config) is None
    assert await place.registry.pull(place.app, "web", config) == image.id
    engine.client.images.remove(image.id, force=True)
    assert await place.registry.pull(place.app, "web", config) == image.id
    # With the image again on the engine, and the docker client:
    assert (await place.docker("pull", place.repository())).returncode == 0
    with pytest.raises(ImageUnavailable):
        await place.registry.pull(place.app, "web", "sha256:" + "0" * 64)


async def test_a_builds_image_is_pushed(place: Place, image: Image) -> None:
    lines: list[str] = []
    await place.registry.push(image.id, place.app, "worker", lines.append)
    assert any("digest: sha256:" in line for line in lines)
    assert await place.registry.find(place.app, "worker", image.id)


async def test_another_users_app_and_one_that_is_not_are_denied_alike(
    place: Place, image: Image
) -> None:
    place.store.add(App("foreign", "foreign-1", place.stranger.id))
    await place.login()
    for name in ("foreign", "nobody"):
        await place.docker("tag", image.id, f"{place.host}/{name}/web")
        started = time.monotonic()
        done = await place.docker("push", f"{place.host}/{name}/web")
        assert "denied: requested access to the resource is denied" in done.stderr
        assert time.monotonic() - started < 10  # at once: docker does not try again


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    ],
)
async def test_other_kinds_of_manifest_are_refused(place: Place, kind: str) -> None:
    path = f"/v2/{place.app.name}/web/manifests/latest"
    body = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": "x"}})
    async with place.client as client:
        for content_type in (kind, MANIFEST):
            answer = await client.put(path, content=body, headers={"Content-Type": content_type})
            assert answer.status_code == 405
            assert answer.json()["errors"][0]["code"] == "UNSUPPORTED"


async def test_a_blob_comes_in_chunks_and_leaves_in_ranges(place: Place) -> None:
    content = secrets.token_bytes(100_000)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"

    async def chunked() -> AsyncIterator[bytes]:
        for start in range(0, 60_000, 10_000):
            yield content[start : start + 10_000]

    async with place.client as client:
        begun = await client.post(f"/v2/{place.app.name}/web/blobs/uploads/")
        assert begun.status_code == 202
        first = await client.patch(begun.headers["location"], content=chunked())
        assert first.headers["range"] == "0-59999"
        headers = {"Content-Range": "60000-99999"}
        second = await client.patch(
            first.headers["location"], content=content[60_000:], headers=headers
        )
        assert second.status_code == 202
        done = await client.put(f"{second.headers['location']}&digest={digest}")
        assert done.status_code == 201, done.text
        blob = done.headers["location"]
        assert blob == f"/v2/{place.app.name}/web/blobs/{digest}"
        assert (await client.head(blob)).headers["content-length"] == "100000"
        part = await client.get(blob, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])


async def test_a_layer_is_taken_over_from_ones_own_apps_only(place: Place, image: Image) -> None:
    await pushed(place, image)
    other = place.store.add(App("other-app", "other-1", place.app.owner_id))
    foreign = place.store.add(App("foreign", "foreign-1", place.stranger.id))
    async with place.client as client:
        manifest = await client.get(
            f"/v2/{place.app.name}/web/manifests/latest", headers={"Accept": MANIFEST}
        )
        query = {
            "mount": manifest.json()["layers"][0]["digest"],
            "from": f"{place.app.name}/web",
        }
        mounted = await client.post(f"/v2/{other.name}/web/blobs/uploads/", params=query)
        assert mounted.status_code == 201
        begun = await client.post(
            f"/v2/{foreign.name}/web/blobs/uploads/",
            params=query,
            auth=("", place.stranger.token),
        )
        assert begun.status_code == 202  # to be uploaded, like any other


async def test_a_renamed_app_keeps_its_images(place: Place, image: Image) -> None:
    await pushed(place, image)
    place.app.name = f"new-{place.app.name}"
    place.store.save(place.app)
    async with place.client as client:
        answer = await client.get(f"/v2/{place.app.name}/web/tags/list")
    assert answer.json()["name"] == f"{place.app.name}/web"


async def test_a_destroyed_apps_images_are_removed(
    place: Place, image: Image, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "QUIET_SECONDS", 0.1)
    await pushed(place, image)
    engine.client.images.get(image.id).tag(f"kept-{place.app.name}")
    blobs = place.folder / "registry/data/docker/registry/v2/blobs"
    assert any(path.is_file() for path in blobs.rglob("*"))
    await place.registry.remove_app(place.app)
    deadline = time.monotonic() + 10
    while any(path.is_file() for path in blobs.rglob("*")) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert not any(path.is_file() for path in blobs.rglob("*"))
    assert await place.registry.find(place.app, "web", image.id) is None
    names = [tag for found in engine.client.images.list() for tag in found.tags]
    assert not any(name.startswith(place.repository()) for name in names)
    # And it takes images as before.
    await place.registry.push(image.id, place.app, "web")


async def test_what_was_pushed_outlives_a_restart(
    place: Place, image: Image, engine: Engine
) -> None:
    await pushed(place, image)
    settings = Settings(place.folder)
    # The first one is still there, as one that was killed may be.
    again = Registry(settings, place.store, engine, Runner())
    await again.start(socket.create_server(("127.0.0.1", 0)))
    try:
        engine.client.images.remove(image.id, force=True)
        assert await again.pull(place.app, "web", image.id) == image.id
    finally:
        await again.stop()


async def test_the_real_registry_is_for_the_proxy_alone(place: Place) -> None:
    config = json.loads((place.folder / "registry/config.yml").read_text())
    async with httpx.AsyncClient(base_url=f"http://{config['http']['addr']}") as client:
        assert (await client.get("/v2/")).status_code == 404
    assert (place.folder / "registry").stat().st_mode & 0o077 == 0
