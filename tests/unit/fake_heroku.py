"""Heroku in memory: one app, its releases and its dynos, and what was asked of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from underway.command import Runner
from underway.deploy.facts import Facts
from underway.deploy.run import Options, Run
from underway.heroku import Account, Addon, App, Build, Dyno, Heroku, NotFound, Process, Release
from underway.project import Project
from underway.push import Pushed
from underway.registry import Manifest, Registry
from underway.secret import Secret
from underway.target import Target

TARGET = Target(
    "shop", False, "https://api", "https://registry", Secret("hunter2"), options=" --app shop"
)
APP = App("id", "shop", "container", "container", "https://shop-1a2b.example/", "git", False)


def release(version: int, status: str = "succeeded", **values: object) -> Release:
    known = {
        "id": f"r{version}",
        "version": version,
        "status": status,
        "description": f"Deployed web ({version:012x})",
        "current": False,
        "rollback": status == "succeeded",
        "stream": "",
        "user": "me@example.com",
        "created_at": "2026-01-31T12:00:00Z",
    }
    return Release(**known | values)  # type: ignore[arg-type]


class FakeHeroku(Heroku):
    """Answers from its fields; a release of images takes its outcome from ``phase``."""

    def __init__(self, *releases: Release, app: App | None = APP) -> None:
        self.target = TARGET
        self.known = app
        self.history = list(releases)
        self.vars: dict[str, str] = {}
        self.phase, self.said = "succeeded", list[str]()
        self.lines: list[str] = []
        self.asked: list[str] = []
        self.crashes = False

    def account(self) -> Account:
        return Account("me@example.com")

    def app(self) -> App:
        if self.known is None:
            raise NotFound("there is no app")
        return self.known

    def config(self) -> dict[str, str]:
        return self.vars

    def set_config(self, values: Mapping[str, str | None]) -> None:
        self.asked.append(f"config {','.join(values)}")
        self.vars |= {name: value for name, value in values.items() if value is not None}

    def feature(self, name: str) -> bool | None:
        return None

    def addons(self) -> list[Addon]:
        return []

    def create_addon(self, plan: str, name: str = "") -> Addon:
        self.asked.append(f"addon {plan} as {name}")
        return Addon("id", "postgresql-1", plan, "provisioned", ("DATABASE_URL",))

    def formation(self) -> list[Process]:
        return [Process("web", 1, "Basic", "")]

    def newest_build(self) -> Build | None:
        return None

    def releases(self, most: int = 15) -> list[Release]:
        return sorted(self.history, key=lambda found: -found.version)[:most]

    def release(self, version: int | str) -> Release:
        return next(r for r in self.history if version in (r.id, r.version))

    def release_images(self, digests: Mapping[str, str]) -> None:
        self.asked.append(f"release {','.join(digests)}")
        self.history.append(release(self._next(), self.phase, stream="stream"))

    def roll_back(self, release_: Release) -> Release:
        self.asked.append(f"roll back to {release_}")
        self.crashes = False
        made = release(self._next(), description=f"Rollback to {release_}")
        self.history.append(made)
        return made

    def wait_for_release(self, release: Release) -> Release:
        return self.release(release.id)

    def output(self, stream: str, *, wait: bool = True) -> Iterator[str]:
        yield from self.said

    def dynos(self) -> list[Dyno]:
        state = "crashed" if self.crashes else "up"
        return [Dyno("web.1", "web", state, "Basic", "", self._next() - 1, "", "")]

    def logs(
        self, lines: int, *, dyno: str = "", source: str = "", tail: bool = False
    ) -> Iterator[str]:
        yield from self.lines

    def _next(self) -> int:
        return max((found.version for found in self.history), default=0) + 1


def run_of(heroku: FakeHeroku, **facts: object) -> Run:
    """A deploy that has come as far as its release."""
    newest = heroku.releases(1)[0] if heroku.history else None
    known = {"commit": "8ac7f0e", "changed": (), "account": "me@example.com", "app": heroku.known}
    current = next((found for found in heroku.releases() if found.current), None)
    observed = Facts(**known | {"newest": newest, "current": current} | facts)  # type: ignore
    run = Run(
        Project(Path("."), "shop"),
        TARGET,
        Options("container"),
        Runner(),
        heroku,
        Registry.of(TARGET),
        observed,
        app=heroku.known,
        expected=observed.version,
    )
    manifest = Manifest(b'{"config": {"digest": "sha256:abc", "size": 1}, "layers": []}', "kind")
    run.pushed.append(Pushed("web", "shop/web", manifest, 0))
    return run
