"""Somebody who deploys to an app by its name, as to the real Heroku, over wires that can fail."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.checkout import Stopped
from tests.deploy.conftest import Place
from tests.deploy.faults import Api, Fault, Wire
from underway.engine import Engine

MIGRATION = """\
from django.db import migrations


def forwards(apps, editor):
    {code}


class Migration(migrations.Migration):
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
"""


@dataclass
class Watch:
    """All that anybody can see of a whole run, to be searched for secrets at its end."""

    outputs: list[str] = field(default_factory=list)
    processes: set[str] = field(default_factory=set)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep looking at the list of processes."""
        stop = threading.Event()

        def look() -> None:
            while not stop.wait(0.05):
                listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True)
                self.processes.update(listed.stdout.splitlines())

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@dataclass
class User:
    """Deploys by one method."""

    place: Place
    method: str
    api: Api
    wire: Wire
    watch: Watch = field(default_factory=Watch)

    @property
    def app(self) -> str:
        return self.place.checkout.project.name

    @property
    def env(self) -> dict[str, str]:
        return {
            "HEROKU_API_URL": self.api.url,
            "HEROKU_REGISTRY_URL": self.wire.url,
            "HEROKU_API_KEY": self.place.token,
            "HEROKU_APP_NAME": self.app,
            "SSL_CERT_FILE": str(self.place.folder / "authority" / "ca.pem"),
        }

    def invoke(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        done = self.place.invoke(*words, **self.env | env)
        self.watch.outputs += [done.stdout, done.stderr]
        return done

    def deploy(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.invoke("deploy", "--method", self.method, "--yes", *words, **env)

    def deployed(self, *words: str) -> dict[str, Any]:
        """A deploy that is to succeed; its receipt."""
        done = self.deploy("--json", *words)
        assert done.returncode == 0, done.stderr
        receipt: dict[str, Any] = json.loads(done.stdout)
        return receipt

    def commit(self, message: str = "a change") -> str:
        """Commit all that there is; the commit."""
        root = self.place.checkout.root
        self.place.checkout.git("add", "--all")
        self.place.checkout.git("commit", "--quiet", "--allow-empty", "--message", message)
        head = ["git", "rev-parse", "HEAD"]
        return subprocess.run(head, cwd=root, capture_output=True, text=True).stdout.strip()

    @contextmanager
    def changed(self, *edits: tuple[str, str, str]) -> Iterator[str]:
        """Committed edits (file, old, new), taken back by another commit; yields the first."""
        checkout = self.place.checkout
        for name, old, new in edits:
            checkout.replace(name, old, new)
        with self.committed("changed") as commit:
            yield commit

    @contextmanager
    def committed(self, message: str) -> Iterator[str]:
        """All that there is as a commit, taken back by another; yields the first."""
        commit = self.commit(message)
        try:
            yield commit
        finally:
            self.place.checkout.git("revert", "--no-edit", commit)

    @contextmanager
    def migration(self, code: str) -> Iterator[None]:
        """A committed migration that runs this code, taken back by another commit."""
        folder = self.place.checkout.root / "hello_django" / "migrations"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("")
        (folder / "0001_test.py").write_text(MIGRATION.format(code=code))
        with self.committed("a migration"):
            yield
        shutil.rmtree(folder, ignore_errors=True)

    def pong(self, text: str) -> tuple[str, str, str]:
        """The edit after which /ping/ answers with another text."""
        return "hello_django/views.py", '"pong!"', f'"{text}"'

    def answers(self) -> str:
        """What /ping/ says to a visitor now."""
        return str(self.place.visit("/ping/").json()["ping"])

    def serving(self) -> int:
        """The release that answers a visitor."""
        return int(self.place.visit("/healthz").json()["release"].removeprefix("v"))

    def newest(self) -> int:
        return max(int(release["version"]) for release in self.place.ask("/releases"))

    def fail(self, method: str, path: str, status: int, **values: Any) -> None:
        self.api.faults.append(Fault(method, path, status, **values))

    def meanwhile(self, title: str, act: Callable[[], object]) -> Stopped:
        """A deploy, and what somebody does once it has said that it begins something."""
        return self._observed(title, lambda process: act())

    def interrupted_at(self, title: str) -> Stopped:
        """A deploy that gets Ctrl-C there."""
        return self._observed(title, lambda process: os.killpg(process.pid, signal.SIGINT))

    def killed_at(self, title: str) -> Stopped:
        """A deploy that is killed there, with all that it has started."""
        return self._observed(title, lambda process: os.killpg(process.pid, signal.SIGKILL))

    def _observed(self, title: str, act: Callable[["subprocess.Popen[str]"], object]) -> Stopped:
        words = ("deploy", "--method", self.method, "--yes")
        stopped = self.place.checkout.observed(
            lambda line: line.startswith(title), act, *words, **self.env
        )
        self.watch.outputs.append(stopped.said)
        return stopped


def image_texts(engine: Engine, *labels: dict[str, str]) -> str:
    """Configuration and history of all images that carry one of these sets of labels."""
    found = []
    for image in (image for some in labels for image in engine.images(some)):
        found += [json.dumps(image.attrs), json.dumps(image.history())]
    return "\n".join(found)
