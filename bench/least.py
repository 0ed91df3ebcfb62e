"""What no deploy can do without: the changed layer is built and pushed, and a container boots."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import containers, surroundings
from tests.deploy.conftest import Place
from underway.engine import Engine

APP = "least"


class Least:
    """Only that, by the engine itself; nothing is checked, released or migrated."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._engine = Engine.connect()
        self._repository = f"127.0.0.1:{place.settings.ports.registry}/{APP}/web"
        self.parts: dict[str, float] = {}

    def first(self) -> None:
        """Have the layers that stay in the registry."""
        with self._place.api() as api:
            api.post("/apps", json={"name": APP, "stack": "container"}).raise_for_status()
        self.deploy()

    def deploy(self) -> float:
        """Change a view and do it; seconds."""
        checkout = self._place.checkout
        surroundings.change_code(checkout.root / "hello_django" / "views.py")
        self.parts, labels = {}, checkout.project.labels
        tag = f"{self._repository}:latest"
        with self._part("build"):
            surroundings.build(self._engine, checkout.root, tag, labels)
        with self._part("push"):
            self._push()
        with containers.created(self._engine, tag, labels) as container, self._part("boot"):
            containers.first_answer(container, "/healthz")
        self._engine.client.images.remove(tag)
        return sum(self.parts.values())

    def _push(self) -> None:
        login = {"username": "_", "password": self._place.token}
        events = self._engine.client.images.push(
            self._repository, "latest", auth_config=login, stream=True, decode=True
        )
        assert not [event for event in events if "error" in event]

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.parts[name] = time.monotonic() - started
