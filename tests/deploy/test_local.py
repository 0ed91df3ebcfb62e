"""The README's own way: no app named, so the local platform; and from one app to another."""

import json
from typing import Any

import pytest

from tests.deploy.conftest import Place
from tests.waiting import wait_until

ENVIRONMENTS = """\
staging = "hello-django-staging"
production = "hello-django"
"""
OTHERS = """\
staging = "{name}-stage"
production = "{name}-live"

[tool.underway.processes]
worker = "python -c 'import time; print(1, flush=True); time.sleep(3600)'"
"""


@pytest.fixture(scope="module")
def name(place: Place) -> str:
    """The project's name, once it is deployed."""
    told = place.invoke("deploy")
    assert told.returncode == 0, told.stderr
    name = place.checkout.project.name
    assert told.stderr.startswith(f"→ {name} on the local platform\nStarting the local platform")
    assert told.stdout == place.ask("")["web_url"].rstrip("/") + "\n"
    return name


def test_what_is_deployed_answers_is_migrated_and_has_its_style(place: Place, name: str) -> None:
    assert place.visit("/ping/").json() == {"ping": "pong!"}
    assert place.visit("/readyz").json() == {"ready": True}
    page = place.visit("/").text
    (sheet,) = [part for part in page.split('"') if part.endswith(".css")]
    assert place.visit(sheet).headers["Content-Type"].startswith("text/css")
    assert "auth_user" in place.done("psql", "--tables")


def test_a_changed_line_needs_no_commit_here_and_rollback_brings_the_old_one_back(
    place: Place, name: str
) -> None:
    with place.checkout.edited("hello_django/views.py", '"pong!"', '"changed"'):
        done = place.invoke("deploy", "--json")
    assert done.returncode == 0, done.stderr
    receipt: dict[str, Any] = json.loads(done.stdout)
    assert receipt["commit"].endswith("-dirty") and receipt["local"] is True
    assert place.visit("/ping/").json() == {"ping": "changed"}
    assert receipt["undo"] == f"invoke rollback --release {receipt['replaces']}"
    back = place.done("rollback")
    assert back == receipt["address"] + "\n"
    assert place.visit("/ping/").json() == {"ping": "pong!"}


def test_an_image_that_is_there_is_released_as_it_is(place: Place, name: str) -> None:
    image = place.done("build").strip()
    with place.checkout.edited("hello_django/views.py", '"pong!"', '"not built"'):
        receipt = json.loads(place.done("deploy", "--image", image, "--json"))
    assert place.visit("/ping/").json() == {"ping": "pong!"}
    again = json.loads(place.done("deploy", "--image", image, "--json"))
    assert again["images"]["web"]["image"] == receipt["images"]["web"]["image"]
    assert again["images"]["web"]["sent"] == 0


def test_push_and_release_work_each_by_itself(place: Place, name: str) -> None:
    pushed = dict(line.split() for line in place.done("push").splitlines())
    assert sorted(pushed) == ["release", "web"]
    version = place.done("release").strip()
    described = place.ask(f"/releases/{version}")["description"]
    assert f"web ({pushed['web'][7:19]})" in described
    assert f"release ({pushed['release'][7:19]})" in described


def test_what_cannot_be_is_refused_with_the_way_out(place: Place, name: str) -> None:
    for words, code, said in (
        (("deploy", "--method", "git"), 2, "methods: container, manifest"),
        (("deploy", "--method", "manifest", "--image", "x"), 2, "--method container"),
        (("deploy", "--image", "no-such-image"), 11, "no-such-image"),
        (("deploy", "--to", "nowhere"), 2, "[tool.underway.environments]"),
        (("rollback", "--release", "999"), 2, "invoke releases"),
        (("promote", "--local", "--from", name, "--to", "No_Name"), 2, "'No_Name'"),
    ):
        done = place.invoke(*words)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert said in done.stderr


def test_staging_is_promoted_to_production_by_the_very_digest(place: Place, name: str) -> None:
    staging, production = f"{name}-stage", f"{name}-live"
    with place.checkout.edited("pyproject.toml", ENVIRONMENTS, OTHERS.format(name=name)):
        built = json.loads(place.done("deploy", "--to", "staging", "--local", "--json"))
        place.done("scale", "--to", "staging", "--local", "--", "worker=1")
        wait_until(lambda: "worker.1" in str(place.ask("/dynos", staging)))
        moved = json.loads(place.done("promote", "--local", "--json"))
        assert moved["method"] == "promote" and moved["app"] == production
        assert sorted(moved["images"]) == ["release", "web", "worker"]
        assert moved["images"] == {
            type: {**image, "sent": 0} for type, image in built["images"].items()
        }
        assert place.visit("/ping/", production).json() == {"ping": "pong!"}
        assert place.visit("/readyz", production).json() == {"ready": True}

        # What staging has gone back from is not what it runs.
        with place.checkout.edited("hello_django/views.py", '"pong!"', '"worse"'):
            place.done("deploy", "--to", "staging", "--local")
        place.done("rollback", "--to", "staging", "--local")
        again = json.loads(place.done("promote", "--local", "--json"))
        assert again["images"]["web"]["image"] == built["images"]["web"]["image"]
        assert place.visit("/ping/", production).json() == {"ping": "pong!"}
        for app in (staging, production):
            place.done("destroy", "--local", "--app", app, "--confirm", app)
