"""Every request of the client fits Heroku's own schema; the exceptions are listed here."""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

import underway.platform
from underway.heroku import Addon, Build, Heroku, Release
from underway.secret import Secret
from underway.target import Target

SCHEMA = Path(underway.platform.__file__).parent / "api" / "heroku-platform-api.json"
API = "api.example.test"
URI = "urn:heroku"
DIGEST = "sha256:" + "0" * 64
TOKEN = "token-of-a-test"
TARGET = Target("my-app", False, f"https://{API}", "https://registry.example.test", Secret(TOKEN))

EXCEPTIONS = {("PATCH", "/apps/my-app/formation"): ("docker_image", "sha256:[0-9a-f]{64}")}
"""What Heroku takes and its schema does not have: a key of each update, and what it looks like."""

ADDON = Addon("id", "postgresql-flat-1", "heroku-postgresql:essential-0", "provisioning", ())
BUILD = Build(id="id", status="pending", stream="", release_id="", commit="")
RELEASE = Release("id", 12, "pending", "Deploy", False, False, "", "me@example.test", "")

CASES: dict[str, Callable[[Heroku], object]] = {
    "account": lambda heroku: heroku.account(),
    "app": lambda heroku: heroku.app(),
    "find_app": lambda heroku: heroku.find_app(),
    "create_app": lambda heroku: heroku.create_app(),
    "update_app": lambda heroku: (
        heroku.update_app(build_stack="container"),
        heroku.update_app(maintenance=True),
    ),
    "destroy_app": lambda heroku: heroku.destroy_app(),
    "config": lambda heroku: heroku.config(),
    "set_config": lambda heroku: heroku.set_config({"SECRET_KEY": "x", "OLD": None}),
    "feature": lambda heroku: heroku.feature("preboot"),
    "enable": lambda heroku: heroku.enable("preboot"),
    "addons": lambda heroku: heroku.addons(),
    "create_addon": lambda heroku: (
        heroku.create_addon("heroku-postgresql:essential-0"),
        heroku.create_addon("heroku-postgresql:essential-0", "DATABASE"),
    ),
    "wait_for_addon": lambda heroku: heroku.wait_for_addon(ADDON),
    "destroy_addon": lambda heroku: heroku.destroy_addon("postgresql-flat-1"),
    "domains": lambda heroku: heroku.domains(),
    "add_domain": lambda heroku: heroku.add_domain("www.example.com"),
    "remove_domain": lambda heroku: heroku.remove_domain("www.example.com"),
    "releases": lambda heroku: heroku.releases(),
    "release": lambda heroku: heroku.release(12),
    "roll_back": lambda heroku: heroku.roll_back(heroku.release(12)),
    "release_images": lambda heroku: heroku.release_images({"web": DIGEST, "release": DIGEST}),
    "wait_for_release": lambda heroku: heroku.wait_for_release(RELEASE),
    "upload_source": lambda heroku: heroku.upload_source(b"a tarball"),
    "create_build": lambda heroku: (
        heroku.create_build("https://source.example.test/", "v1"),
        heroku.create_build("https://source.example.test/", ""),
    ),
    "build": lambda heroku: heroku.build("id"),
    "newest_build": lambda heroku: heroku.newest_build(),
    "wait_for_build": lambda heroku: heroku.wait_for_build(BUILD),
    "formation": lambda heroku: heroku.formation(),
    "scale": lambda heroku: heroku.scale(
        [{"type": "web", "quantity": 2}, {"type": "worker", "dyno_size": {"name": "basic"}}]
    ),
    "dynos": lambda heroku: heroku.dynos(),
    "run_dyno": lambda heroku: heroku.run_dyno("sh", {"COLUMNS": "80"}, tty=True),
    "restart": lambda heroku: list(map(heroku.restart, ("", "web.1", "web"))),
    "logs": lambda heroku: (
        list(heroku.logs(100)),
        list(heroku.logs(1, dyno="web.1", source="app", tail=True)),
        list(heroku.logs(1, dyno="web")),
    ),
    "output": lambda heroku: list(heroku.output("https://stream.example.test/")),
}


class Api:
    """Answers as the schema's examples have it, and holds each request against the schema."""

    def __init__(self) -> None:
        self.document = json.loads(SCHEMA.read_text())
        # References start at the root, not at the names that some definitions give themselves.
        del self.document["id"]
        for definition in self.document["definitions"].values():
            definition.pop("id", None)
        resource: Resource[Any] = DRAFT4.create_resource(self.document)
        registry: Registry[Any] = Registry()
        self.registry = registry.with_resource(URI, resource)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != API:
            assert "Authorization" not in request.headers
            return httpx.Response(200, text="a line\n")
        self.asked.append(request)
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        links = self.links(request)
        assert links, f"not in the schema: {request.method} {request.url.path}"
        found = {pointer: self.problems(request, pointer, link) for pointer, link in links.items()}
        fitting = [links[pointer] for pointer, problems in found.items() if not problems]
        assert fitting, found
        return httpx.Response(200, json=self.example(fitting[0]["targetSchema"]))

    def links(self, request: httpx.Request) -> dict[str, dict[str, Any]]:
        """What the schema has for this method and path, by where it stands."""
        return {
            f"#/definitions/{name}/links/{index}": link
            for name, definition in self.document["definitions"].items()
            for index, link in enumerate(definition.get("links", ()))
            if link["method"] == request.method
            and re.fullmatch(re.sub(r"\{.*?\}(?=/|$)", "[^/]+", link["href"]), request.url.path)
        }

    def problems(self, request: httpx.Request, pointer: str, link: dict[str, Any]) -> list[str]:
        """Where the body does not fit the link, but for the exceptions."""
        body: Any = json.loads(request.content) if request.content else None
        if exception := EXCEPTIONS.get((request.method, request.url.path)):
            key, pattern = exception
            for update in body["updates"]:
                assert re.fullmatch(pattern, update.pop(key, DIGEST))
        if "schema" not in link:
            return ["there is a body"] if body is not None else []
        schema = {"$ref": f"{URI}{pointer}/schema"}
        validator = Draft4Validator(schema, registry=self.registry)
        found = [f"{error.json_path} {error.message}" for error in validator.iter_errors(body)]
        # The schema admits keys that it does not know: the client is held to those that it does.
        known = link["schema"].get("properties", body or ())
        return found + [f"{key} is not known" for key in body or () if key not in known]

    def example(self, schema: dict[str, Any]) -> Any:
        """A value that the schema gives as an example, put together from those of its parts."""
        if "$ref" in schema:
            part: Any = self.document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                part = part[key]
            return self.example(part)
        if "example" in schema:
            return schema["example"]
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self.example(schema[several][0])
        if "array" in schema.get("type", ()):
            return [self.example(schema["items"])] if "items" in schema else []
        if "properties" in schema:
            return {key: self.example(value) for key, value in schema["properties"].items()}
        return {} if "object" in schema.get("type", ()) else None


def methods() -> list[str]:
    members = inspect.getmembers(Heroku, inspect.isfunction)
    return [name for name, _ in members if not name.startswith("_")]


def test_every_method_of_the_client_is_tried() -> None:
    assert sorted(CASES) == methods()


@pytest.mark.parametrize("name", CASES)
def test_what_the_client_sends_fits_the_schema(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    api = Api()
    with Heroku(TARGET, httpx.Client(transport=httpx.MockTransport(api))) as heroku:
        CASES[name](heroku)
    assert api.asked or name == "output"


def test_only_a_release_of_images_asks_for_another_version_of_the_api() -> None:
    api = Api()
    with Heroku(TARGET, httpx.Client(transport=httpx.MockTransport(api))) as heroku:
        heroku.release_images({"web": DIGEST})
        heroku.scale([{"type": "web", "quantity": 2}])
    accepted = [request.headers["Accept"] for request in api.asked]
    assert accepted == [
        "application/vnd.heroku+json; version=3.docker-releases",
        "application/vnd.heroku+json; version=3",
    ]


def test_a_release_that_has_ended_meanwhile_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    with Heroku(TARGET, httpx.Client(transport=httpx.MockTransport(Api()))) as heroku:
        assert heroku.wait_for_release(RELEASE).status == "succeeded"
    assert slept == []


def test_a_request_that_is_not_in_the_schema_would_fail_here() -> None:
    with Heroku(TARGET, httpx.Client(transport=httpx.MockTransport(Api()))) as heroku:
        with pytest.raises(AssertionError, match="quantity"):
            heroku.scale([{"type": "web", "quantity": "2"}])
        with pytest.raises(AssertionError, match="'size' was unexpected"):
            heroku.scale([{"type": "web", "size": "basic"}])
        with pytest.raises(AssertionError, match="color is not known"):
            heroku.update_app(color="blue")
