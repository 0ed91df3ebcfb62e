"""A checkout with a local platform of its own, on free ports, gone afterwards."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from tests.checkout import Checkout, copy
from tests.platform.conftest import FREE, LIMITS
from underway import web
from underway.engine import Engine
from underway.platform import supervisor
from underway.platform.settings import Settings

SHORT = {**LIMITS, "boot": 30}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what went wrong in which deploy, and what served afterwards."""
    reports = [report for kept in terminalreporter.stats.values() for report in kept]
    properties = [pair for report in reports for pair in getattr(report, "user_properties", [])]
    rows = dict.fromkeys(tuple(value) for name, value in properties if name == "outcome")
    if rows:
        terminalreporter.section("faults and outcomes")
    for method, fault, code, what in sorted(rows):
        terminalreporter.line(f"{method:<10} {fault:<34} {code:>4}  {what}")


@dataclass(frozen=True)
class Place:
    """A user's folder, what is deployed from it, and the platform that it is deployed to."""

    checkout: Checkout
    secrets: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.checkout.root / ".underway" / "platform"

    @property
    def settings(self) -> Settings:
        return Settings.load(self.folder)

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text().strip()

    def invoke(self, *words: str, **env: str) -> CompletedProcess[str]:
        """Run tasks as a user without a terminal does, whatever their exit code."""
        return self.checkout.invoke(*words, **env)

    def done(self, *words: str, **env: str) -> str:
        """Run tasks that are to succeed; their standard output."""
        finished = self.invoke(*words, **env)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def api(self) -> httpx.Client:
        """The platform's API, with the account's token."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.settings.ports.api}",
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.heroku+json; version=3",
            },
            timeout=60,
            trust_env=False,
        )

    def ask(self, path: str, app: str = "") -> Any:
        """What the API says of the app; ``path`` follows the app's own."""
        with self.api() as api:
            answer = api.get(f"/apps/{app or self.checkout.project.name}{path}")
        assert answer.is_success, answer.text
        return answer.json()

    def visit(self, path: str = "/", app: str = "") -> httpx.Response:
        """What a visitor of the app gets."""
        url = self.ask("", app)["web_url"].rstrip("/")
        authority = self.folder / "authority" / "ca.pem"
        with web.client(authority, retries=False, trust_env=False, timeout=60) as client:
            return client.get(url + path)


@contextmanager
def a_place(folder: Path, limits: Mapping[str, float] = SHORT) -> Iterator[Place]:
    """A fresh checkout whose platform has nothing on it, and does not run yet."""
    made = Place(copy(folder / "project"))
    made.folder.mkdir(parents=True)
    settings = {"ports": FREE, "limits": dict(limits)}
    (made.folder / "settings.json").write_text(json.dumps(settings))
    labels, platform = made.checkout.project.labels, made.settings.labels
    try:
        yield made
    finally:
        supervisor.reset(made.folder)
        made.invoke("clean")
    engine = Engine.connect()
    for found in (labels, platform):
        assert engine.containers(found) == engine.images(found) == engine.volumes(found) == []
    engine.client.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all tests of a module."""
    with a_place(tmp_path_factory.mktemp("place")) as made:
        yield made
