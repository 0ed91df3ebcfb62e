"""A copy of the project with what is to be written, where its own Python is asked about it."""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from underway import console, source
from underway.adopt import probe
from underway.adopt.requirements import UV
from underway.command import Command, Runner
from underway.errors import CheckFailed, CommandFailed
from underway.project import Project


@dataclass(frozen=True)
class Trial:
    """``root``: the copy; ``python``: of the environment that production is going to have."""

    root: Path
    python: Path
    runner: Runner

    def write(self, files: Mapping[str, str]) -> None:
        """Put files into the copy."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def install(self, python: str) -> None:
        """Make the environment of requirements/production.txt.

        Raises:
            CheckFailed: there is no such Python, or a package of the lock cannot be installed.
        """
        with console.step(f"Installing it, for Python {python}") as line:
            self._make_environment(python)
            argv = (*UV, "pip", "sync", "--quiet", "--require-hashes", "--python")
            lock = str(self.root / "requirements" / "production.txt")
            try:
                self.runner.follow(Command((*argv, str(self.python), lock)), line)
            except CommandFailed as error:
                raise CheckFailed(
                    "what the project needs cannot be installed.",
                    why=error.why,
                    next="mend the requirement that is named, then underway init",
                ) from error

    def ask(self, settings: str = "", *, deploy: bool = False) -> dict[str, Any]:
        """What the project's Django says of itself, with these settings; see ``probe``.

        Without ``settings``: the name of those that manage.py chooses, and no more.
        """
        with tempfile.NamedTemporaryFile(suffix=".json") as answer:
            words = (probe.__file__, answer.name, settings, *(("deploy",) if deploy else ()))
            command = Command((str(self.python), *words), cwd=self.root)
            ended = self.runner.capture(command, check=False)
            try:
                return dict(json.loads(Path(answer.name).read_text()))
            except ValueError:
                return {"error": {"type": "", "text": ended.stderr.strip(), "place": ""}}

    def has_binary(self, name: str) -> bool:
        """Whether a package that is installed has something compiled in it."""
        folder = f"{re.sub('[-_.]+', '_', name)}-*.dist-info/WHEEL"
        found = (self.python.parent.parent / "lib").glob(f"python*/site-packages/{folder}")
        return any("Root-Is-Purelib: false" in path.read_text() for path in found)

    def manage(self, *words: str, settings: str) -> Command:
        """A command of manage.py in the copy, as in the build of its image."""
        stand_ins = {"SECRET_KEY": probe.NEVER, "ALLOWED_HOSTS": "localhost", "DEBUG": "0"}
        env = stand_ins | {"DJANGO_SETTINGS_MODULE": settings}
        return Command((str(self.python), "manage.py", *words), env=env, cwd=self.root)

    def _make_environment(self, python: str) -> None:
        """With that Python; where there is none, with the newest that there is."""
        folder = str(self.python.parent.parent)
        for wanted in (python, ">=3.11"):
            argv = (*UV, "venv", "--quiet", "--clear", "--no-project", "--python", wanted)
            made = self.runner.capture(Command((*argv, folder), env=_pyenv()), check=False)
            if made.code == 0:
                return
        raise CheckFailed(
            f"there is no Python {python} here.",
            why=made.stderr,
            next=f"uv python install {python}",
        )


def _pyenv() -> dict[str, str]:
    """pyenv hides the Pythons that are not chosen: choose them all."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    if not shutil.which("pyenv") or not versions.is_dir():
        return {}
    names = sorted((path.name for path in versions.iterdir()), reverse=True)
    return {"PYENV_VERSION": ":".join(names)}


@contextmanager
def trial(root: Path, runner: Runner) -> Iterator[Trial]:
    """The project as git sees it, in a temporary folder, with an environment of its own."""
    with tempfile.TemporaryDirectory(prefix="underway-") as folder:
        copy = Path(folder) / root.name
        archive = BytesIO(source.archive(Project(root, "adopted"), runner))
        with tarfile.open(fileobj=archive) as packed:
            packed.extractall(copy, filter="data")
        yield Trial(copy, Path(folder) / "environment" / "bin" / "python", runner)
