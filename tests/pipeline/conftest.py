"""A user's project with a pipeline, run by gitlab-ci-local, and the platform that it deploys to.

The project has the library, as code that is not its own: its linters and tests leave that alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import Stopped
from tests.deploy.conftest import Place, place

__all__ = ["place", "project"]

KEPT = {"__init__.py", "settings.py", "test_http.py"}
"""The app's tests that go with it: those that take no time."""


@dataclass(frozen=True)
class Ran:
    """A pipeline that has ended."""

    code: int
    text: str
    state: Path

    def outcome(self, job: str) -> str:
        """PASS, FAIL, or empty where it did not run."""
        found = re.search(rf"^ (PASS|FAIL) .*\] {re.escape(job)}\b", self.text, re.MULTILINE)
        return found[1] if found else ""


@dataclass(frozen=True)
class Pipeline:
    """A project and its pipelines."""

    place: Place

    def run(self, *words: str) -> Ran:
        """Run the pipeline as a user does."""
        done = self.place.invoke("pipeline", *words)
        print(done.stdout, done.stderr)
        return Ran(done.returncode, done.stdout + done.stderr, self.folder / "state")

    def interrupted_at(self, job: str, title: str) -> Stopped:
        """A run of one job that gets Ctrl-C when that says that it begins something."""
        return self.place.checkout.observed(
            lambda line: title in line,
            lambda process: os.killpg(process.pid, signal.SIGINT),
            *("pipeline", "--job", job),
        )

    @property
    def folder(self) -> Path:
        return self.place.checkout.root / ".underway" / "pipeline"

    @property
    def commit(self) -> str:
        head = ["git", "rev-parse", "HEAD"]
        root = self.place.checkout.root
        return subprocess.run(head, cwd=root, capture_output=True, text=True).stdout.strip()

    def handed_on(self) -> dict[str, str]:
        """What the build job has told the others."""
        file = self.folder / "state/artifacts/build/.gitlab-ci-reports/dotenv/build.env"
        return dict(line.split("=", 1) for line in file.read_text().splitlines())

    def receipt(self, job: str, app: str) -> dict[str, Any]:
        """Of the newest release of a job."""
        found = (self.folder / "state/artifacts" / job / ".underway/receipts").glob(f"{app}-v*")
        newest = max(found, key=lambda path: int(path.stem.rpartition("-v")[2]))
        receipt: dict[str, Any] = json.loads(newest.read_text())
        return receipt

    def blob(self, digest: str) -> dict[str, Any]:
        """A manifest or a configuration, out of the registry's folder."""
        number = digest.removeprefix("sha256:")
        place = f"registry/data/docker/registry/v2/blobs/sha256/{number[:2]}/{number}/data"
        raw = (self.folder / place).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == number
        content: dict[str, Any] = json.loads(raw)
        return content

    def serving(self, app: str) -> int:
        """The release that answers a visitor."""
        return int(self.place.visit("/healthz", app).json()["release"].removeprefix("v"))


@pytest.fixture(scope="module")
def project(place: Place) -> Pipeline:  # noqa: F811
    """A project with all that a pipeline wants, committed."""
    checkout = place.checkout
    for folder in ("tests", "bench"):
        shutil.rmtree(checkout.root / folder)
    for path in (checkout.root / "hello_django" / "tests").iterdir():
        if path.name not in KEPT:
            path.unlink()
    checkout.replace("pyproject.toml", ', "tests/unit"]', "]")
    checkout.replace(
        "pyproject.toml", '"underway", "hello_django", "tests", "bench"', '"hello_django"'
    )
    checkout.replace("pyproject.toml", "[tool.black]", '[tool.black]\nextend-exclude = "underway"')
    checkout.replace("pyproject.toml", "[tool.isort]", '[tool.isort]\nextend_skip = ["underway"]')
    checkout.replace(".flake8", ".underway", ".underway, underway")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "a project of its own")
    place.done("platform.up")
    return Pipeline(place)
