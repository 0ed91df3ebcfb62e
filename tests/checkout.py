"""A checkout of this repository under a name of its own, and a user who calls its tasks there."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from underway.project import Project

ROOT = Path(__file__).parent.parent


@dataclass
class Stopped:
    """Tasks that were stopped on their way, or disturbed: their exit code, and what they said."""

    code: int
    said: str


@dataclass(frozen=True)
class Checkout:
    """A copy of this repository, and a user who calls its tasks."""

    root: Path

    @property
    def project(self) -> Project:
        return Project.load(self.root)

    @property
    def env(self) -> dict[str, str]:
        return dict(os.environ)

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "invoke", *words]

    def invoke(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run tasks as a user without a terminal does, whatever their exit code."""
        return subprocess.run(
            self.argv(*words),
            cwd=self.root,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def observed(
        self,
        begins: Callable[[str], bool],
        act: Callable[["subprocess.Popen[str]"], object],
        *words: str,
        **env: str,
    ) -> Stopped:
        """Run tasks, and act once when a line is said with which something begins."""
        process = subprocess.Popen(
            self.argv(*words),
            cwd=self.root,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if begins(line):
                act(process)
                break
        said.append(process.stdout.read())
        process.stdout.close()
        return Stopped(process.wait(timeout=300), "".join(said))

    def replace(self, name: str, old: str, new: str) -> None:
        """Put other words into one of its files."""
        path = self.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """One of its files with other words in it, for as long as the block runs."""
        path = self.root / name
        text = path.read_text()
        self.replace(name, old, new)
        try:
            yield
        finally:
            path.write_text(text)

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)


def copy(root: Path, *, own_steps: bool = False) -> Checkout:
    """The repository as it stands, committed, in a new folder.

    With ``own_steps`` no other build has had the steps of its image: where builds without a cache
    have left several layers of the same step, the builder takes now the one, now the other.
    """
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    name = f"hello-{secrets.token_hex(4)}"
    checkout = Checkout(root)
    checkout.replace("pyproject.toml", 'name = "hello-django"', f'name = "{name}"')
    for stage in ("packages", "production") if own_steps else ():
        start = f"FROM ${{PYTHON_IMAGE}} AS {stage}\n"
        checkout.replace("Dockerfile", start, f"{start}ENV CHECKOUT={name}\n")
    checkout.git("init", "--quiet")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "as it stands")
    return checkout
