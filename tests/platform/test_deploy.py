"""A whole deploy as plain tools make it: curl for the API and the app, docker for the image."""

import json
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.platform.conftest import Service
from tests.waiting import wait_until
from underway.engine import Engine

if TYPE_CHECKING:
    from docker.models.images import Image


class Curl:
    """curl, with the token in a file of its own rather than among its arguments."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._headers = service.folder / "curl-headers"
        self._headers.write_text(f"Authorization: Bearer {service.token}\n")

    def api(self, method: str, path: str, body: Any = None) -> Any:
        url = f"http://127.0.0.1:{self._service.settings.ports.api}{path}"
        argv = ["--header", f"@{self._headers}", "--request", method, url]
        return json.loads(self._run(*argv, *(["--data", json.dumps(body)] if body else [])))

    def visit(self, url: str) -> str:
        """As a visitor who trusts the platform's authority. curl knows where *.localhost is."""
        ca = self._service.folder / "authority" / "ca.pem"
        return self._run("--cacert", str(ca), url)

    def _run(self, *argv: str) -> str:
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--noproxy", "*", *argv],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def curl(service: Service) -> Curl:
    return Curl(service)


def test_created_configured_pushed_released_visited_and_destroyed(
    service: Service, curl: Curl, web_image: "Image", engine: Engine
) -> None:
    app = curl.api("POST", "/apps", {"stack": "container"})
    path = f"/apps/{app['name']}"
    curl.api("PATCH", f"{path}/config-vars", {"GREETING": "hello"})
    update = {"type": "web", "docker_image": service.push(web_image, app["name"])}
    formation = curl.api("PATCH", f"{path}/formation", {"updates": [update]})
    assert [(row["type"], row["quantity"]) for row in formation] == [("web", 1)]
    assert curl.visit(app["web_url"]) == "it works\n"

    plain = f"http://{urlsplit(app['web_url']).hostname}:{service.settings.ports.http}/"
    assert curl.visit(plain) == "it works\n"
    release = curl.api("GET", f"{path}/releases/4")
    assert release["description"] == f"Deployed web ({update['docker_image'][7:19]})"
    assert (release["status"], release["current"]) == ("succeeded", True)
    (container,) = engine.containers({**service.settings.labels, "underway.app": app["id"]})
    assert "GREETING=hello" in container.attrs["Config"]["Env"]

    curl.api("DELETE", path)
    assert not engine.containers({**service.settings.labels, "underway.app": app["id"]})
    assert "No such app" in curl.visit(plain)


def test_dynos_and_releases_outlive_a_killed_service(
    service: Service, web_image: "Image", engine: Engine
) -> None:
    app = service.create()
    service.deploy(web_image, app["name"])
    (before,) = engine.containers({**service.settings.labels, "underway.app": app["id"]})
    service.kill()
    assert engine.client.containers.get(str(before.id)).status == "running"
    service.up()
    wait_until(lambda: service.states(app["name"]) == {"up"})
    (after,) = engine.containers({**service.settings.labels, "underway.app": app["id"]})
    assert after.id == before.id
    assert Curl(service).visit(app["web_url"]) == "it works\n"


def test_a_service_killed_in_the_middle_of_a_release_finishes_it_when_it_is_back(
    service: Service, web_image: "Image", engine: Engine
) -> None:
    created, labels = service.create(), service.settings.labels
    app = created["name"]
    service.deploy(web_image, app)
    slow = engine.client.containers.create(str(web_image.id))
    phase = slow.commit(
        "underway-tests", f"{app}-phase", changes='CMD ["sh", "-c", "sleep 4; echo migrated"]'
    )
    slow.remove()
    try:
        update = {"type": "release", "docker_image": service.push(phase, app, "release")}
        service.api.patch(f"/apps/{app}/formation", json={"updates": [update]})
        newest = service.api.get(f"/apps/{app}/releases/4").json()
        assert newest["status"] == "pending"
        service.kill()
        service.up()
        wait_until(lambda: service.api.get(f"/apps/{app}/releases/4").json()["status"] != "pending")
        assert service.api.get(f"/apps/{app}/releases/4").json()["status"] == "succeeded"
        assert "migrated" in service.api.get(f"/streams/{newest['output_stream_url'][-36:]}").text
        wait_until(lambda: service.states(app) == {"up"})
        wait_until(lambda: len(engine.containers({**labels, "underway.app": created["id"]})) == 1)
    finally:
        service.api.delete(f"/apps/{app}")
        engine.client.images.remove(str(phase.id), force=True)
