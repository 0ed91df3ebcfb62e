"""The platform's own page, as a browser's requests see it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.platform.conftest import Service

STATE = "/platform/page/state"


@contextmanager
def events(service: Service, path: str) -> Iterator[Iterator[str]]:
    """The data of the server-sent events of an address, one by one."""
    with httpx.stream("GET", f"{base(service)}{path}", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (line[6:] for line in answer.iter_lines() if line.startswith("data: "))


def base(service: Service) -> str:
    return f"http://127.0.0.1:{service.settings.ports.api}"


def app_in(state: str, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(state)["apps"]
    return next(app for app in found if app["name"] == name)


def test_the_page_needs_nothing_from_outside(service: Service) -> None:
    page = httpx.get(f"{base(service)}/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    files = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert len(files) == 3
    for file in files:
        assert file.startswith("/platform/page/")
        answer = httpx.get(f"{base(service)}{file}")
        assert answer.status_code == 200
        assert not re.search(r"https?://(?!www\.w3\.org)", answer.text)


def test_another_file_is_not_served(service: Service) -> None:
    for name in ("page.html", "..%2F__init__.py"):
        assert httpx.get(f"{base(service)}/platform/page/{name}").status_code == 404


def test_a_change_shows_by_itself(service: Service) -> None:
    name = service.create()["name"]
    with events(service, STATE) as states:
        before = app_in(next(states), name)
        variables = {"COLOUR": "a secret shade of blue"}
        service.api.patch(f"/apps/{name}/config-vars", json=variables).raise_for_status()
        text = next(states)
    after = app_in(text, name)
    assert after["current"] == before["current"] + 1
    assert after["releases"][0]["description"] == "Set COLOUR config vars"
    assert "a secret shade of blue" not in text
    assert service.token not in text


def test_the_log_is_live(service: Service) -> None:
    name = service.create()["name"]
    with events(service, f"/platform/page/logs/{name}") as lines:
        service.api.patch(f"/apps/{name}/config-vars", json={"SHAPE": "1"}).raise_for_status()
        found = next(line for line in lines if "SHAPE" in line)
    assert "app[api]: Set SHAPE config vars by user you@localhost" in found
    assert httpx.get(f"{base(service)}/platform/page/logs/no-such-app").status_code == 404


def test_no_other_site_can_read_it_under_a_name_of_its_own(service: Service) -> None:
    for path in ("/", STATE, "/platform/page/page.js"):
        answer = httpx.get(f"{base(service)}{path}", headers={"Host": "elsewhere.example"})
        assert answer.status_code == 403
