"""The API as any client meets it: who may ask, how it refuses, what is the same for every link."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.platform.conftest import Service, make_service


@pytest.fixture
def app(service: Service) -> str:
    return str(service.create()["name"])


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    content = answer.json()
    return answer.status_code, content["id"], content["message"]


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic !!!", "Basic " + "eDp5", "Digest x"])
def test_wrong_credentials_are_refused(service: Service, header: str) -> None:
    answer = service.api.get("/account", headers={"Authorization": header})
    assert refusal(answer) == (401, "unauthorized", "Invalid credentials provided.")


def test_no_credentials_are_refused(service: Service) -> None:
    answer = httpx.get(f"{service.api.base_url}/account")
    status, id, message = refusal(answer)
    assert (status, id) == (401, "unauthorized")
    assert message.startswith("There were no credentials in your `Authorization` header.")


@pytest.mark.parametrize("user", ["", "_", "you@localhost"])
def test_the_token_is_also_a_password(service: Service, user: str) -> None:
    basic = b64encode(f"{user}:{service.token}".encode()).decode()
    answer = service.api.get("/account", headers={"Authorization": f"Basic {basic}"})
    assert answer.json()["email"] == "you@localhost"


def test_an_unknown_route_is_404_and_counted(service: Service) -> None:
    for _ in range(2):
        status, id, message = refusal(service.api.get("/unheard-of"))
        assert (status, id) == (404, "not_found")
        assert message.startswith("The requested API endpoint was not found.")
    assert refusal(service.api.delete("/account"))[0] == 404
    counted = service.api.get("/platform/unknown-routes").json()
    assert counted["GET /unheard-of"] == 2
    assert counted["DELETE /account"] == 1


def test_what_is_not_there_is_named(service: Service, app: str) -> None:
    for path, message in {
        "/apps/nobody": "Couldn't find that app.",
        f"/apps/{app}/releases/99": "Couldn't find that release.",
        f"/apps/{app}/dynos/web.1": "Couldn't find that dyno.",
        f"/apps/{app}/addons/DATABASE": "Couldn't find that add on.",
    }.items():
        assert refusal(service.api.get(path)) == (404, "not_found", message)


def test_every_answer_has_an_id_of_its_own_and_counts(service: Service) -> None:
    first, second = service.api.get("/stacks"), service.api.get("/stacks")
    assert first.headers["Request-Id"] != second.headers["Request-Id"]
    left = int(first.headers["RateLimit-Remaining"])
    assert int(second.headers["RateLimit-Remaining"]) in (left - 1, left)


def test_an_answer_that_is_known_is_not_sent_again(service: Service, app: str) -> None:
    tag = service.api.get(f"/apps/{app}").headers["ETag"]
    again = service.api.get(f"/apps/{app}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    service.api.patch(f"/apps/{app}", json={"maintenance": True})
    changed = service.api.get(f"/apps/{app}", headers={"If-None-Match": tag})
    assert changed.json()["maintenance"] is True


def test_names_of_apps(service: Service, app: str) -> None:
    taken = service.api.post("/apps", json={"name": app})
    assert refusal(taken) == (422, "invalid_params", f"Name {app} is already taken")
    assert refusal(service.api.post("/apps", json={"name": "x"}))[0] == 422
    renamed = service.api.patch(f"/apps/{app}", json={"name": f"{app}-x"[:30]}).json()
    assert renamed["web_url"].startswith(f"https://{renamed['name']}-")
    assert service.api.get(f"/apps/{app}").status_code == 404


def test_a_body_that_is_not_an_object_is_refused(service: Service) -> None:
    for body in ("[1]", "{", '"x"'):
        assert refusal(service.api.post("/apps", content=body))[:2] == (400, "bad_request")


def test_each_change_of_config_is_a_release_and_no_change_is_none(
    service: Service, app: str
) -> None:
    path = f"/apps/{app}/config-vars"
    service.api.patch(path, json={"A": "1", "B": "2"})
    service.api.patch(path, json={"A": "1"})
    service.api.patch(path, json={"A": None, "C": None})
    assert service.api.get(path).json() == {"B": "2"}
    newest = service.api.get(f"/apps/{app}/releases", headers={"Range": "version ..; order=desc"})
    assert [release["description"] for release in newest.json()] == [
        "Remove A config vars",
        "Set A, B config vars",
        "Enable Logplex",
        "Initial release",
    ]
    assert [release["current"] for release in newest.json()] == [True, False, False, False]


def test_nothing_is_done_where_one_update_of_several_cannot_be(service: Service, app: str) -> None:
    updates = [{"type": "web", "quantity": 1}, {"type": "worker", "quantity": 1}]
    answer = service.api.patch(f"/apps/{app}/formation", json={"updates": updates})
    assert refusal(answer) == (404, "not_found", "Couldn't find that process type (web).")
    unknown = [{"type": "web", "docker_image": "sha256:" + "0" * 64}]
    answer = service.api.patch(f"/apps/{app}/formation", json={"updates": unknown})
    assert refusal(answer)[:2] == (422, "invalid_params")
    assert service.api.get(f"/apps/{app}/formation").json() == []


def test_an_image_needs_the_container_stack(service: Service) -> None:
    app = service.api.post("/apps", json={}).json()
    assert app["stack"]["name"] == "heroku-24"
    update = {"type": "web", "docker_image": "sha256:" + "0" * 64}
    path = f"/apps/{app['name']}"
    refused = service.api.patch(f"{path}/formation", json={"updates": [update]})
    assert "container stack" in refusal(refused)[2]
    assert service.api.patch(path, json={"build_stack": "container"}).is_success
    assert service.api.get(path).json()["stack"]["name"] == "container"


def test_unknown_add_ons_are_refused_in_herokus_words(service: Service, app: str) -> None:
    answer = service.api.post(f"/apps/{app}/addons", json={"plan": "heroku-redis:mini"})
    assert answer.json()["message"] == (
        'Couldn\'t find either the add-on service or the add-on plan of "heroku-redis:mini".'
    )


def test_a_domain_belongs_to_one_app(service: Service, app: str) -> None:
    other, body = service.create()["name"], {"hostname": f"{app}.example.org"}
    body_with_endpoint = body | {"sni_endpoint": None}
    assert refusal(service.api.post(f"/apps/{app}/domains", json=body))[2] == (
        "Require params: sni_endpoint."
    )
    assert service.api.post(f"/apps/{app}/domains", json=body_with_endpoint).status_code == 201
    taken = service.api.post(f"/apps/{other}/domains", json=body_with_endpoint)
    assert refusal(taken)[2] == f"{app}.example.org is currently in use by another app."


def test_a_destroyed_app_leaves_its_name_free(service: Service) -> None:
    name = service.create()["name"]
    service.api.patch(f"/apps/{name}/config-vars", json={"SECRET": "x"})
    assert service.api.delete(f"/apps/{name}").json()["name"] == name
    assert service.api.get(f"/apps/{name}").status_code == 404
    service.create(name=name)
    assert service.api.get(f"/apps/{name}/config-vars").json() == {}


def session(service: Service, app: str, **options: object) -> str:
    answer = service.api.post(f"/apps/{app}/log-sessions", json=options)
    return str(answer.json()["logplex_url"])


def test_the_log_is_read_as_text_without_a_token(service: Service, app: str) -> None:
    service.api.patch(f"/apps/{app}/config-vars", json={"A": "1"})
    lines = httpx.get(session(service, app, lines=2)).text.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("app[api]: Set A config vars by user you@localhost")
    assert lines[1].endswith("app[api]: Release v3 created by user you@localhost")
    assert httpx.get(f"{service.api.base_url}/log-sessions/unknown").status_code == 404


def test_the_log_is_tailed_as_events(service: Service, app: str) -> None:
    url = session(service, app, lines=1, tail=True)
    change = {"json": {"LATER": "1"}}
    later = threading.Timer(0.3, service.api.patch, (f"/apps/{app}/config-vars",), change)
    with httpx.stream("GET", url, headers={"Accept": "text/event-stream"}, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        later.start()
        for line in answer.iter_lines():
            if "Set LATER config vars" in line:
                assert line.startswith("data: ")
                break
    later.join()


@pytest.fixture
def stingy(tmp_path: Path) -> Iterator[Service]:
    made = make_service(tmp_path / "folder", requests_per_hour=3)
    yield made
    made.remove()


def test_more_than_the_hours_requests_are_refused(stingy: Service) -> None:
    for left in ("2", "1", "0"):
        assert stingy.api.get("/account").headers["RateLimit-Remaining"] == left
    status, id, _ = refusal(stingy.api.get("/account"))
    assert (status, id) == (429, "rate_limit")
    assert json.loads(stingy.api.get("/platform/health").content)["status"] == "ok"
