"""The local platform's router: requests that it brings to a dyno, and the dyno without it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from bench import containers, figures, load, surroundings
from bench.figures import Figure
from tests.platform.conftest import make_service
from underway.command import Runner
from underway.engine import Engine

APP = "hello"
CONNECTIONS = 16
SERVER = {"GUNICORN_CMD_ARGS": "--threads 8 --keep-alive 95"}
"""As the project's own web process: connections to it are kept."""


def router(rounds: int) -> list[Figure]:
    """Requests per second of the least that can be asked, through the router and straight."""
    load.ensure(Runner())
    engine = Engine.connect()
    with tempfile.TemporaryDirectory(prefix="underway-bench-") as folder:
        service = make_service(Path(folder) / "platform")
        try:
            tag = f"{Path(folder).name}:{APP}"
            image = surroundings.build(engine, surroundings.HELLO, tag, service.settings.labels)
            host = urlsplit(service.create(name=APP)["web_url"]).hostname
            service.api.patch(f"/apps/{APP}/config-vars", json=SERVER).raise_for_status()
            service.deploy(engine.image(image, next=""), APP)
            through = f"http://127.0.0.1:{service.settings.ports.http}/"
            straight = _dyno(engine, service.settings.labels)

            def rate(url: str) -> float:
                return load.steady(url, CONNECTIONS, {"Host": str(host)}).per_second

            taken = figures.pair(rounds, lambda: rate(through), lambda: rate(straight))
        finally:
            service.remove()
    name, goal = "the router of the local platform", "value >= 1000"
    return [Figure(name, "requests/s", *taken, against="straight to the dyno", goal=goal)]


def _dyno(engine: Engine, labels: dict[str, str]) -> str:
    """The address of the one dyno's container."""
    (dyno,) = engine.containers(labels | {"underway.dyno": "web.1"})
    port = dyno.labels["underway.port"]
    return f"http://{containers.address(dyno)}:{port}/"
