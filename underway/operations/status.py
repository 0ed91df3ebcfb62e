"""All of an app at one glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from underway.heroku import Addon, App, Dyno, Heroku, Process, Release
from underway.operations import addons, dynos, releases, visit
from underway.operations.table import pairs
from underway.project import Project


@dataclass(frozen=True)
class Status:
    """What the API says of an app, and how the app itself answers."""

    app: App
    release: Release | None
    """The one in service."""
    formation: list[Process]
    dynos: list[Dyno]
    addons: list[Addon]
    answers: dict[str, str]
    """By path: "200 OK", or what went wrong."""

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "app": self.app.name,
            "address": self.app.web_url,
            "stack": self.app.stack,
            "maintenance": self.app.maintenance,
            "release": releases.as_dict(self.release) if self.release else None,
            "formation": [dynos.process_as_dict(process) for process in self.formation],
            "dynos": [dynos.as_dict(dyno) for dyno in self.dynos],
            "addons": [addons.as_dict(addon) for addon in self.addons],
            "answers": self.answers,
        }

    def __str__(self) -> str:
        release = self.release
        serving = f"{release}  {release.description}  {release.created_at}" if release else "none"
        lines: list[tuple[str, object]] = [
            ("address", self.app.web_url),
            ("stack", self.app.stack),
            ("maintenance", "on" if self.app.maintenance else "off"),
            ("release", serving),
            ("formation", " ".join(map(dynos.scale_word, self.formation)) or "none"),
        ]
        lines += _listed("dynos", [f"{d.name} {d.state} since {d.updated_at}" for d in self.dynos])
        lines += _listed("add-ons", [f"{a.name} {a.plan} {a.state}" for a in self.addons])
        lines += self.answers.items()
        return pairs(lines)


def observe(heroku: Heroku, project: Project) -> Status:
    """Ask for all of it.

    Raises:
        NotFound: there is no such app.
    """
    app = heroku.app()
    paths = (project.health_path, project.ready_path)
    return Status(
        app,
        next((release for release in heroku.releases() if release.current), None),
        heroku.formation(),
        heroku.dynos(),
        heroku.addons(),
        {path: _answer(heroku, app.web_url.rstrip("/") + path) for path in paths},
    )


def _answer(heroku: Heroku, url: str) -> str:
    try:
        answer = visit.ask(heroku, url)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return f"{answer.status_code} {answer.reason_phrase}"


def _listed(name: str, values: list[str]) -> list[tuple[str, object]]:
    first, *others = values or ["none"]
    return [(name, first), *(("", value) for value in others)]
