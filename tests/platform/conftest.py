"""A platform of its own for each module of tests, on free ports, gone afterwards."""

import io
import json
import os
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.waiting import wait_until
from underway.engine import Engine
from underway.platform import supervisor
from underway.platform.settings import Settings

if TYPE_CHECKING:
    from docker.models.images import Image

DOCKERFILE = b"""\
FROM python:3.13-slim-trixie
WORKDIR /srv
RUN echo it works > index.html
CMD exec python -m http.server $PORT
"""
LIMITS = {"stop": 3, "boot": 20, "restart_first": 0.2, "memory_check": 0.5, "preboot": 1}
"""Shorter than Heroku's, so that no test waits for long."""
FREE = dict.fromkeys(("api", "registry", "http", "https", "rendezvous", "postgres"), 0)


@dataclass
class Service:
    """A running platform, and a client with its token."""

    folder: Path
    api: httpx.Client = field(init=False)

    def up(self) -> supervisor.Status:
        """Start it, or find it running; the client follows it to its ports."""
        status = supervisor.up(self.folder)
        self.api = httpx.Client(
            base_url=f"http://127.0.0.1:{self.settings.ports.api}",
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.heroku+json; version=3",
            },
            timeout=60,
        )
        return status

    def kill(self) -> None:
        """As kill -9 does it."""
        pid = supervisor.status(self.folder).pid
        assert pid is not None
        self.api.close()
        os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """Everything."""
        self.api.close()
        supervisor.reset(self.folder)

    @property
    def settings(self) -> Settings:
        return Settings.load(self.folder)

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text().strip()

    def push(self, image: "Image", app: str, type: str = "web") -> str:
        """Push an image as docker does it; the digest by which it is released."""
        repository = f"127.0.0.1:{self.settings.ports.registry}/{app}/{type}"
        image.tag(repository, "latest")
        login = {"username": "_", "password": self.token}
        client = image.client.images  # type: ignore[union-attr]
        events = client.push(repository, "latest", auth_config=login, stream=True, decode=True)
        assert not [event for event in events if "error" in event]
        client.remove(f"{repository}:latest")
        return str(image.id)

    def deploy(self, image: "Image", app: str) -> None:
        """Push and release it, and wait until it serves."""
        update = {"type": "web", "docker_image": self.push(image, app)}
        answer = self.api.patch(f"/apps/{app}/formation", json={"updates": [update]})
        assert answer.status_code == 200, answer.text
        wait_until(lambda: self.states(app) == {"up"})

    def states(self, app: str) -> set[str]:
        """What its dynos are up to."""
        return {dyno["state"] for dyno in self.api.get(f"/apps/{app}/dynos").json()}

    def create(self, **body: Any) -> dict[str, Any]:
        """A new app on the container stack."""
        answer = self.api.post("/apps", json={"stack": "container", **body})
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


def make_service(folder: Path, **limits: float) -> Service:
    """A platform in a new folder, running."""
    folder.mkdir(parents=True)
    settings = {"ports": FREE, "limits": LIMITS | limits}
    (folder / "settings.json").write_text(json.dumps(settings))
    service = Service(folder)
    service.up()
    return service


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running platform."""
    made = make_service(tmp_path_factory.mktemp("platform") / "folder")
    yield made
    made.remove()


@pytest.fixture(scope="session")
def web_image(engine: Engine) -> Iterator["Image"]:
    """An app that says "it works"."""
    # A name of its own, so that no other run removes it.
    tag = f"underway-tests:{secrets.token_hex(8)}"
    dockerfile = DOCKERFILE + f"LABEL tests={tag}\n".encode()
    image, _ = engine.client.images.build(fileobj=io.BytesIO(dockerfile), tag=tag, rm=True)
    yield image
    engine.client.images.remove(str(image.id), force=True)
