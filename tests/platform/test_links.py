"""Every link that the API implements, asked for real; each answer held against Heroku's schema."""

import copy
import functools
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.platform.conftest import Service
from tests.waiting import wait_until
from underway.platform.api import schema
from underway.platform.api.application import RESOURCES

if TYPE_CHECKING:
    from docker.models.images import Image

Link = tuple[str, str]
URI = "urn:schema"
NOT_HERE = {("/definitions/release/links", "Create")}
"""Shares its method and path with the rollback: releases of slugs, which containers have not."""
MISSING = {("GET", "/account/features/{}"), ("GET", "/apps/{}/pipeline-couplings")}
"""Answered, but always with 404: a local platform has none of it."""


@functools.cache
def strict_schema() -> dict[str, Any]:
    """The schema as its strictProperties mean it: each property is there, and no other.

    Two patterns cannot hold here: the addresses of an app are on this machine.
    """
    document = copy.deepcopy(schema.document())
    del document["id"]
    for definition in document["definitions"].values():
        definition.pop("id", None)
        if definition.get("strictProperties") and "properties" in definition:
            definition["additionalProperties"] = False
            definition["required"] = sorted(definition["properties"])
    for name in ("git_url", "web_url"):
        del document["definitions"]["app"]["definitions"][name]["pattern"]
    return document


def pointers(link: Link) -> list[str]:
    found = []
    for pointer in schema.links()[link]:
        name, index = pointer.split("/")[2], int(pointer.rpartition("/")[2])
        title = schema.document()["definitions"][name]["links"][index]["title"]
        if (pointer.rpartition("/")[0], title) not in NOT_HERE:
            found.append(pointer)
    return found


def complaints(link: Link, answer: Any) -> list[str]:
    """What the schema has against an answer."""
    registry: Registry[Any] = Registry()
    registry = registry.with_resource(URI, DRAFT4.create_resource(strict_schema()))
    checker = Draft4Validator.FORMAT_CHECKER
    found = []
    for pointer in pointers(link):
        rule = {"$ref": f"{URI}#{pointer}/targetSchema"}
        validator = Draft4Validator(rule, registry=registry, format_checker=checker)
        for error in validator.iter_errors(answer):
            found.append(f"{'.'.join(map(str, error.absolute_path))}: {error.message}")
    return found


class Walk:
    """Makes requests, and keeps account of the links that answered as the schema says."""

    def __init__(self, service: Service) -> None:
        self._api = service.api
        self.walked: set[Link] = set()

    def __call__(self, method: str, path: str, body: Any = None, **names: str) -> Any:
        answer = self._api.request(method, path.format(**names), json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        link = method, schema.template(path)
        assert not complaints(link, answer.json()), (link, complaints(link, answer.json()))
        self.walked.add(link)
        return answer.json()

    def list_and_each(self, path: str, key: str, **names: str) -> Any:
        """A list, and its first item by id and by name."""
        items = self("GET", path, **names)
        for name in (items[0]["id"], items[0][key]):
            self("GET", f"{path}/{{one}}", one=str(name), **names)
        return items


def implemented() -> set[Link]:
    return {
        (method, schema.template(route.path))
        for module in RESOURCES
        for route in module.links.routes
        for method in (route.methods or set()) - {"HEAD"}
    }


def test_every_link_answers_as_the_schema_says(
    service: Service, web_image: "Image", capsys: pytest.CaptureFixture[str]
) -> None:
    walk = Walk(service)
    walk_the_account(walk)
    walk_the_catalogue(walk)
    app = walk("POST", "/apps", {"stack": "container"})["name"]
    walk_an_app(walk, app)
    walk_addons(walk, app)
    service.deploy(web_image, app)
    walk_dynos(walk, service, app, service.push(web_image, app))
    walk_builds(walk, app)
    walk("DELETE", "/apps/{app}", app=app)
    assert walk.walked == implemented() - MISSING
    total = sum(len(found) for found in schema.links().values())
    done = sum(len(pointers(link)) for link in walk.walked)
    with capsys.disabled():
        print(f"\n{done} of the schema's {total} links are implemented; all answers fit it.")


def walk_the_account(walk: Walk) -> None:
    account = walk("GET", "/account")
    walk("GET", "/users/{user}", user=account["email"])
    walk("GET", "/account/rate-limits")
    for path in (
        "/account/app-transfers",
        "/account/features",
        "/account/invoices",
        "/account/keys",
        "/pipeline-couplings",
        "/pipelines",
        "/spaces",
        "/teams",
        "/users/~/pipeline-couplings",
        "/addons",
        "/addon-attachments",
    ):
        assert walk("GET", path) == []
    walk("GET", "/users/{user}/addons", user="~")


def walk_the_catalogue(walk: Walk) -> None:
    walk.list_and_each("/stacks", "name")
    walk.list_and_each("/regions", "name")
    walk.list_and_each("/dyno-sizes", "name")
    service = walk.list_and_each("/addon-services", "name")[0]["name"]
    plan = walk.list_and_each("/addon-services/{service}/plans", "name", service=service)[0]
    walk("GET", "/plans/{plan}", plan=plan["name"])


def walk_an_app(walk: Walk, app: str) -> None:
    walk("GET", "/apps")
    walk("GET", "/users/{user}/apps", user="~")
    walk("GET", "/apps/{app}", app=app)
    walk("PATCH", "/apps/{app}", {"maintenance": True}, app=app)
    walk("PATCH", "/apps/{app}", {"maintenance": False}, app=app)
    walk("GET", "/apps/{app}/available-stacks", app=app)
    walk("GET", "/apps/{app}/available-dyno-sizes", app=app)
    for path in ("buildpack-installations", "log-drains", "sni-endpoints", "telemetry-drains"):
        walk("GET", f"/apps/{{app}}/{path}", app=app)
    walk("GET", "/apps/{app}/webhooks", app=app)
    collaborator = walk("GET", "/apps/{app}/collaborators", app=app)[0]["user"]["email"]
    walk("GET", "/apps/{app}/collaborators/{one}", app=app, one=collaborator)
    walk.list_and_each("/apps/{app}/features", "name", app=app)
    walk("PATCH", "/apps/{app}/features/{one}", {"enabled": True}, app=app, one="preboot")
    walk("PATCH", "/apps/{app}/features/{one}", {"enabled": False}, app=app, one="preboot")
    walk("PATCH", "/apps/{app}/config-vars", {"ONE": "1", "TWO": "2"}, app=app)
    assert walk("PATCH", "/apps/{app}/config-vars", {"TWO": None}, app=app) == {"ONE": "1"}
    assert walk("GET", "/apps/{app}/config-vars", app=app) == {"ONE": "1"}
    walk("GET", "/apps/{app}/releases/{release}/config-vars", app=app, release="3")
    host = {"hostname": f"www.{app}.example.com", "sni_endpoint": None}
    domain = walk("POST", "/apps/{app}/domains", host, app=app)
    walk.list_and_each("/apps/{app}/domains", "hostname", app=app)
    walk("DELETE", "/apps/{app}/domains/{one}", app=app, one=domain["hostname"])
    walk("POST", "/apps/{app}/log-sessions", {"lines": 10, "tail": False}, app=app)


def walk_addons(walk: Walk, app: str) -> None:
    plan = {"plan": {"name": "heroku-postgresql:essential-0"}, "attachment": {}, "config": {}}
    addon = walk("POST", "/apps/{app}/addons", plan, app=app)["name"]
    walk("GET", "/addons")
    walk("GET", "/addons/{addon}", addon=addon)
    walk.list_and_each("/apps/{app}/addons", "name", app=app)
    walk("POST", "/actions/addons/resolve", {"addon": "DATABASE", "app": app})
    walk("POST", "/addon-attachments", {"addon": addon, "app": app, "name": "REPORTS"})
    attachments = walk.list_and_each("/apps/{app}/addon-attachments", "name", app=app)
    walk("GET", "/addon-attachments/{one}", one=attachments[0]["id"])
    walk("GET", "/addons/{addon}/addon-attachments", addon=addon)
    wanted = {"addon_attachment": "DATABASE_URL", "app": app}
    assert walk("POST", "/actions/addon-attachments/resolve", wanted)[0]["name"] == "DATABASE"
    reports = next(each["id"] for each in attachments if each["name"] == "REPORTS")
    walk("DELETE", "/addon-attachments/{one}", one=reports)
    walk("DELETE", "/apps/{app}/addons/{addon}", app=app, addon=addon)


def walk_dynos(walk: Walk, service: Service, app: str, digest: str) -> None:
    walk.list_and_each("/apps/{app}/formation", "type", app=app)
    update = {"type": "web", "docker_image": digest, "quantity": "+1", "size": "basic"}
    walk("PATCH", "/apps/{app}/formation", {"updates": [update]}, app=app)
    walk("PATCH", "/apps/{app}/formation/{type}", {"quantity": 1}, app=app, type="web")
    release = walk.list_and_each("/apps/{app}/releases", "version", app=app)[-2]
    walk("POST", "/apps/{app}/releases", {"release": release["id"]}, app=app)
    run = walk("POST", "/apps/{app}/dynos", {"command": "sleep 60"}, app=app)
    walk.list_and_each("/apps/{app}/dynos", "name", app=app)
    walk("POST", "/apps/{app}/dynos/{dyno}/actions/stop", app=app, dyno=run["name"])
    walk("DELETE", "/apps/{app}/dynos/{dyno}", app=app, dyno="web.1")
    walk("DELETE", "/apps/{app}/formations/{type}", app=app, type="web")
    walk("DELETE", "/apps/{app}/dynos", app=app)
    wait_until(lambda: "up" in service.states(app))
    walk("POST", "/apps/{app}/formations/{type}/actions/stop", app=app, type="web")


def walk_builds(walk: Walk, app: str) -> None:
    walk("POST", "/apps/{app}/sources", app=app)
    source = walk("POST", "/sources")["source_blob"]
    blob = {"source_blob": {"url": source["get_url"], "version": "abc"}}
    walk("POST", "/apps/{app}/builds", blob, app=app)
    walk.list_and_each("/apps/{app}/builds", "id", app=app)
