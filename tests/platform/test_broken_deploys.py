"""Deploys that go wrong: what the visitor, the log and the release history then say."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.platform.conftest import Service, make_service
from tests.waiting import wait_until
from underway.engine import Engine

if TYPE_CHECKING:
    from docker.models.images import Image

SERVER = "python -u -m http.server $PORT"
SLOW = """
import http.server, os, time
class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(31)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Slow).serve_forever()
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A platform that loses patience soon, but for answers: those have Heroku's own 30 s."""
    made = make_service(tmp_path_factory.mktemp("platform") / "folder", boot=3)
    yield made
    made.remove()


@contextmanager
def variant(engine: Engine, image: "Image", *command: str) -> Iterator["Image"]:
    """The image with another command."""
    container = engine.client.containers.create(str(image.id), entrypoint=[], command=list(command))
    made = container.commit("underway-tests", secrets.token_hex(8))
    container.remove()
    try:
        yield made
    finally:
        engine.client.images.remove(str(made.id), force=True)


def release(service: Service, app: str, **images: "Image") -> None:
    """Push and release all of them in one call."""
    updates = [
        {"type": kind, "docker_image": service.push(image, app, kind)}
        for kind, image in images.items()
    ]
    answer = service.api.patch(f"/apps/{app}/formation", json={"updates": updates})
    assert answer.status_code == 200, answer.text


def visit(service: Service, web_url: str) -> httpx.Response:
    host = web_url.removeprefix("https://").partition(":")[0]
    address = f"http://127.0.0.1:{service.settings.ports.http}/"
    return httpx.get(address, headers={"Host": host}, timeout=60, trust_env=False)


def log(service: Service, app: str) -> str:
    session = service.api.post(f"/apps/{app}/log-sessions", json={"lines": 500})
    return httpx.get(session.json()["logplex_url"], trust_env=False).text


def logged(service: Service, app: str, words: str) -> bool:
    return words in log(service, app)


def status(service: Service, app: str, version: int) -> str:
    return str(service.api.get(f"/apps/{app}/releases/{version}").json()["status"])


def test_an_image_that_never_binds_its_port_gets_r10_and_its_visitors_h20(
    service: Service, engine: Engine, web_image: "Image"
) -> None:
    app = service.create()
    with variant(engine, web_image, "sleep", "600") as image:
        release(service, app["name"], web=image)
        answer = visit(service, app["web_url"])
        assert answer.status_code == 503
        wait_until(lambda: logged(service, app["name"], "Error R10 (Boot timeout)"))
        text = log(service, app["name"])
        assert "code=H20" in text or "code=H10" in text
        service.api.delete(f"/apps/{app['name']}")


def test_an_image_that_crashes_at_boot_gives_its_visitors_h10(
    service: Service, engine: Engine, web_image: "Image"
) -> None:
    app = service.create()
    with variant(engine, web_image, "sh", "-c", "echo no good >&2; exit 4") as image:
        release(service, app["name"], web=image)
        wait_until(lambda: service.states(app["name"]) == {"crashed"})
        answer = visit(service, app["web_url"])
        assert answer.status_code == 503 and "Application error" in answer.text
        wait_until(lambda: logged(service, app["name"], 'code=H10 desc="App crashed"'))
        text = log(service, app["name"])
        assert "app[web.1]: no good" in text
        assert "Process exited with status 4" in text
        service.api.delete(f"/apps/{app['name']}")


def test_a_release_phase_that_fails_leaves_the_old_release_serving(
    service: Service, engine: Engine, web_image: "Image"
) -> None:
    app = service.create()
    service.deploy(web_image, app["name"])
    command = ("sh", "-c", "echo migration broken; exit 1")
    with variant(engine, web_image, *command) as failing:
        release(service, app["name"], web=failing, release=failing)
        wait_until(lambda: status(service, app["name"], 4) != "pending")
        assert status(service, app["name"], 4) == "failed"
        current = service.api.get(f"/apps/{app['name']}/releases/3").json()
        assert current["current"] is True
        assert visit(service, app["web_url"]).text == "it works\n"
        assert "migration broken" in log(service, app["name"])
        service.api.delete(f"/apps/{app['name']}")


def test_an_image_that_eats_a_gigabyte_gets_r15_and_is_started_again(
    service: Service, engine: Engine, web_image: "Image"
) -> None:
    app = service.create()
    eat = "import time; time.sleep(2); eaten = bytearray(1_200_000_000); time.sleep(60)"
    with variant(engine, web_image, "sh", "-c", f"{SERVER} & python -c '{eat}'") as image:
        release(service, app["name"], web=image)
        wait_until(lambda: logged(service, app["name"], "Error R15 (Memory quota vastly exceeded)"))
        wait_until(lambda: logged(service, app["name"], "State changed from crashed to starting"))
        service.api.delete(f"/apps/{app['name']}")


def test_an_image_that_ignores_sigterm_gets_r12_when_the_next_release_comes(
    service: Service, engine: Engine, web_image: "Image"
) -> None:
    app = service.create()
    with variant(engine, web_image, "sh", "-c", f"trap '' TERM; {SERVER} & wait; wait") as image:
        service.deploy(image, app["name"])
        service.deploy(web_image, app["name"])
        wait_until(lambda: logged(service, app["name"], "Error R12 (Exit timeout)"))
        assert "Stopping remaining processes with SIGKILL" in log(service, app["name"])
        assert visit(service, app["web_url"]).text == "it works\n"
        service.api.delete(f"/apps/{app['name']}")


def test_an_answer_after_31_seconds_is_h12(
    service: Service, engine: Engine, web_image: "Image"
) -> None:
    app = service.create()
    with variant(engine, web_image, "python", "-c", SLOW) as image:
        service.deploy(image, app["name"])
        assert visit(service, app["web_url"]).status_code == 503
        wait_until(lambda: logged(service, app["name"], 'code=H12 desc="Request timeout"'))
        assert "service=30" in log(service, app["name"])
        service.api.delete(f"/apps/{app['name']}")
