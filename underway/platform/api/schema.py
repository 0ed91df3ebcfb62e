"""Heroku's public schema: which requests it admits, and what it says of those that it does not.

Heroku's own CLI sends some that are not in it; they are admitted too: formation updates with
``docker_image``, ``size`` and quantities such as "2" or "+1", a new add-on's plan as an object that
has a name, and numbers in a one-off dyno's environment.
"""

import functools
import json
import re
from importlib import resources
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from underway.platform.api.errors import ApiError, invalid

FILE = "heroku-platform-api.json"
URI = "urn:heroku-platform-api"
APP_NAME = "^[a-z][a-z0-9-]{1,28}[a-z0-9]$"


@functools.cache
def document() -> dict[str, Any]:
    """The schema as Heroku publishes it."""
    text = resources.files(__package__).joinpath(FILE).read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@functools.cache
def links() -> dict[tuple[str, str], list[str]]:
    """Pointers to the links by method and path; ``{}`` stands for each parameter of a path."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, definition in document()["definitions"].items():
        for index, link in enumerate(definition.get("links", ())):
            key = link["method"], template(link["href"])
            found.setdefault(key, []).append(f"/definitions/{name}/links/{index}")
    return found


def template(path: str) -> str:
    """A path with its parameters' names left out, the same for the schema's hrefs and routes."""
    return re.sub(r"\{.*?\}(?=/|$)", "{}", path)


def check(method: str, path: str, body: Any) -> None:
    """Hold a request's body against the links of that method and path.

    Raises:
        ApiError: 422, it fits none of them.
    """
    failures = []
    for pointer in links().get((method, template(path)), ()):
        validator = _validator(f"{pointer}/schema")
        if validator is None:
            return
        error = best_match(validator.iter_errors(body))
        if error is None:
            return
        failures.append(error)
    if failures:
        raise _explain(failures[-1])


@functools.cache
def _validator(pointer: str) -> Draft4Validator | None:
    part: Any = _admitting()
    for key in pointer.strip("/").split("/"):
        part = part[int(key)] if isinstance(part, list) else part.get(key)
    if part is None:
        return None
    return Draft4Validator({"$ref": f"{URI}#{pointer}"}, registry=_registry())


@functools.cache
def _registry() -> Registry[Any]:
    resource: Resource[Any] = DRAFT4.create_resource(_admitting())
    registry: Registry[Any] = Registry().with_resource(URI, resource)
    return registry


@functools.cache
def _admitting() -> dict[str, Any]:
    """The schema with its exceptions, and references that all start at its root."""
    schema: dict[str, Any] = json.loads(json.dumps(document()))
    del schema["id"]
    for definition in schema["definitions"].values():
        definition.pop("id", None)
    formation = schema["definitions"]["formation"]["definitions"]
    more = {
        "docker_image": {"type": ["string"], "pattern": "^sha256:[0-9a-f]{64}$"},
        "size": {"type": ["string"]},
        "quantity": {"type": ["integer", "string"], "pattern": r"^[+-]?\d+$"},
    }
    formation["update"]["properties"].update(more)
    for link in schema["definitions"]["formation"]["links"]:
        if link["title"] == "Update":
            link["schema"]["properties"].update(more)
    # The size of the CLI's terminal.
    environment = schema["definitions"]["dyno"]["definitions"]["env"]
    environment["patternProperties"] = {r"^\w+$": {"type": ["string", "integer"]}}
    for link in schema["definitions"]["add-on"]["links"]:
        if link["title"] == "Create":
            plan = link["schema"]["properties"]["plan"]
            named = {"type": ["object"], "required": ["name"]}
            link["schema"]["properties"]["plan"] = {"anyOf": [plan, named]}
    return schema


def _explain(error: ValidationError) -> ApiError:
    given: Any = error.instance
    rule: Any = error.validator_value
    if error.validator == "required":
        missing = [key for key in rule if key not in given]
        return invalid(f"Require params: {', '.join(missing)}.")
    if error.validator == "additionalProperties":
        unknown = ", ".join(key for key in given if not _known(key, error.schema))
        return invalid(f"Unknown params: {unknown}.")
    if error.validator == "pattern" and rule == APP_NAME:
        return invalid(_misnamed(given))
    key, text = ".".join(map(str, error.absolute_path)), json.dumps(given)
    if error.validator == "type":
        return invalid(f'Invalid type for key "{key}": expected {text} to be {" or ".join(rule)}.')
    if error.validator == "pattern":
        return invalid(f'Invalid pattern for key "{key}": expected {text} to match {rule}.')
    return invalid(f'Invalid format for key "{key}": {text} cannot be used.')


def _known(key: str, schema: Any) -> bool:
    patterns = schema.get("patternProperties", {})
    return key in schema.get("properties", {}) or any(re.search(each, key) for each in patterns)


def _misnamed(name: str) -> str:
    if len(name) < 3:
        return "Name is too short (minimum is 3 characters)"
    if len(name) > 30:
        return "Name is too long (maximum is 30 characters)"
    return (
        "Name must start with a letter, end with a letter or digit and can only contain lowercase"
        " letters, digits, and dashes."
    )
