"""A checkout of its own, under a name of its own, so that runs side by side do not meet."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from underway.command import Runner
from underway.engine import Engine
from underway.machine import prepare
from underway.project import Project

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Checkout:
    """A copy of this repository, and a user who calls its tasks."""

    root: Path

    @property
    def project(self) -> Project:
        return Project.load(self.root)

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "invoke", *words]

    def invoke(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run tasks as a user without a terminal does, whatever their exit code."""
        return subprocess.run(
            self.argv(*words),
            cwd=self.root,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """One of its files with other words in it, for as long as the block runs."""
        path = self.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        try:
            yield
        finally:
            path.write_text(text)

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)


@pytest.fixture(scope="session")
def engine() -> Engine:
    return prepare(Project.load(ROOT), Runner())


@pytest.fixture(scope="session")
def checkout(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """The repository as it stands, committed, in a folder of its own."""
    copy = _copy(tmp_path_factory.mktemp("checkout") / "project")
    yield copy
    copy.invoke("clean")
    labels = copy.project.labels
    assert engine.containers(labels) == engine.images(labels) == engine.volumes(labels) == []


@pytest.fixture(scope="session")
def image(checkout: Checkout) -> str:
    """The production image of the checkout."""
    built = checkout.invoke("build")
    assert built.returncode == 0, built.stderr
    return built.stdout.strip()


def files(engine: Engine, image: str, *folders: str) -> list[str]:
    """Mode, owner, size and name of all files there, as a user of the image would find them."""
    find = ["find", *folders, "-printf", "%M %u %s %p\\n"]
    return sorted(engine.run(image, find, user="root").splitlines())


def containers_of_step(engine: Engine, words: str) -> list[str]:
    """Containers, of whomever, whose command has these words: what a build may leave behind."""
    everything = engine.client.api.containers(all=True)
    return [container["Id"] for container in everything if words in container["Command"]]


def _copy(root: Path) -> Checkout:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    pyproject = root / "pyproject.toml"
    unique = f'name = "hello-{secrets.token_hex(4)}"'
    pyproject.write_text(pyproject.read_text().replace('name = "hello-django"', unique))
    checkout = Checkout(root)
    checkout.git("init", "--quiet")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "as it stands")
    return checkout
