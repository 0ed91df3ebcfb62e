"""A deploy as a tutorial teaches it: docker's and Heroku's command lines, one after another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import surroundings
from tests.deploy.conftest import Place
from tests.platform.heroku_cli import Shell

APP = "tutorial"
ANSWER_SECONDS = 60
PAUSE = 0.25
MIGRATE = ("python", "manage.py", "migrate", "--no-input")


class ByHand:
    """Somebody with the tutorial's project, in the platform's shell."""

    app = APP

    def __init__(self, place: Place) -> None:
        self._place = place
        self.root = surroundings.tutorial(place.checkout)
        self._shell = Shell(place.settings, self.root)
        # What docker's newer clients do unasked.
        self._shell.env["DOCKER_BUILDKIT"] = "1"
        self.parts: dict[str, float] = {}
        """Seconds of the newest deploy, by step."""

    def first(self) -> None:
        """Make the app, give it a key and a database, log in, and deploy it."""
        self._heroku("create", APP, "--stack", "container", app=False)
        self._heroku("config:set", "SECRET_KEY=only-for-this-measurement")
        self._heroku("addons:create", "heroku-postgresql:essential-0", "--wait")
        self._heroku("container:login", app=False)
        self.change_code()
        self.deploy()

    def change_code(self) -> None:
        """Change a view."""
        self._pong = surroundings.change_code(self.root / "hello_django" / "urls.py")

    def deploy(self) -> float:
        """Build, push (which builds again), release, and look; seconds."""
        self.parts = {}
        started = time.monotonic()
        with self._part("build"):
            self._shell("docker", "build", "--tag", APP, ".")
        with self._part("push"):
            self._heroku("container:push", "web")
        with self._part("release"):
            self._heroku("container:release", "web")
        with self._part("check"):
            self._look()
        return time.monotonic() - started

    def _look(self) -> None:
        """See what a deploy's verification sees: dynos, database, and the new code answering."""
        self._heroku("ps")
        self._heroku("run", "--exit-code", "--", *MIGRATE)
        deadline = time.monotonic() + ANSWER_SECONDS
        while self._pong not in self._shell(*self._curl()).stdout:
            assert time.monotonic() < deadline, "the new code does not answer"
            time.sleep(PAUSE)

    def _curl(self) -> tuple[str, ...]:
        url = self._place.ask("", APP)["web_url"]
        authority = self._place.folder / "authority" / "ca.pem"
        return ("curl", "--silent", "--noproxy", "*", "--cacert", str(authority), f"{url}ping/")

    def _heroku(self, *words: str, app: bool = True) -> None:
        command, *rest = words
        self._shell.heroku(command, *(("--app", APP) if app else ()), *rest)

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.parts[name] = time.monotonic() - started
