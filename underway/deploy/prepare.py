"""What an app lacks before it can run the project, and how it gets it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from underway.deploy.facts import Facts
from underway.deploy.run import Line, Run
from underway.heroku import App, Heroku
from underway.heroku.client import CONTAINER, DYNO_METADATA

DATABASE_PLAN = "heroku-postgresql:essential-0"
DATABASE = "DATABASE"
KEY_BYTES = 50
"""Of chance in a secret key; written down it has 67 characters."""


@dataclass(frozen=True)
class Need:
    """Something that is missing: its name in the plan, and what brings it."""

    text: str
    fill: Callable[[Heroku, App], object]
    billed: bool = False


def prepare(run: Run, line: Line) -> None:
    """Give the app what it lacks."""
    run.app = run.facts.app or run.heroku.create_app()
    missing = needs(run.facts)
    for need in missing:
        line(need.text)
        need.fill(run.heroku, run.app)
    if missing or run.facts.app is None:
        run.expected = run.heroku.releases(1)[0].version


def needs(facts: Facts) -> tuple[Need, ...]:
    """All that is missing besides the app itself; the facts may be of an app not made yet."""
    missing = []
    if facts.app and facts.app.build_stack != CONTAINER:
        missing.append(Need("the container stack", _set_stack))
    if not facts.metadata:
        missing.append(Need("dyno metadata: dynos know their release", _enable_metadata))
    if config := _missing_config(facts):
        text = ", ".join(f"{name} ({what})" for name, what in config.items())
        missing.append(Need(text, lambda heroku, app: _configure(heroku, app, facts)))
    if f"{DATABASE}_URL" not in facts.config:
        missing.append(Need(f"{DATABASE_PLAN} as {DATABASE}", _create_database, billed=True))
    return tuple(missing)


def _missing_config(facts: Facts) -> dict[str, str]:
    missing = {}
    if "SECRET_KEY" not in facts.config:
        missing["SECRET_KEY"] = "random"  # nosec B105: the word for the plan
    if facts.app is None or not _allows(facts.hosts, facts.app.host):
        missing["ALLOWED_HOSTS"] = "the app's own host"
    return missing


def _configure(heroku: Heroku, app: App, facts: Facts) -> None:
    """In one call: each is a release."""
    values = {
        "SECRET_KEY": secrets.token_urlsafe(KEY_BYTES),
        # Its address is known only once it is made.
        "ALLOWED_HOSTS": f"{facts.hosts},{app.host}".lstrip(","),
    }
    heroku.set_config({name: values[name] for name in _missing_config(facts)})


def _allows(hosts: str, host: str) -> bool:
    names = [name.strip() for name in hosts.split(",")]
    return host in names or "*" in names


def _set_stack(heroku: Heroku, app: App) -> None:
    heroku.update_app(build_stack=CONTAINER)


def _enable_metadata(heroku: Heroku, app: App) -> None:
    heroku.enable(DYNO_METADATA)


def _create_database(heroku: Heroku, app: App) -> None:
    heroku.wait_for_addon(heroku.create_addon(DATABASE_PLAN, DATABASE))
