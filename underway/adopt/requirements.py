"""What the project asks for, whatever it locks with, as one lock for production."""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from underway import console
from underway.adopt import found
from underway.command import Command, Runner
from underway.errors import UsageError

FOLDER = "requirements"
PRODUCTION = f"{FOLDER}/production.in"
EXPORTED = f"{FOLDER}/project.txt"
"""The pins of a lock that pip cannot read."""
TOOL = f"{FOLDER}/underway.in"
"""Underway itself, for CI."""
NEEDED = ("dj-database-url", "environs", "gunicorn", "whitenoise[brotli]")
DRIVERS = ("psycopg2", "psycopg2-binary")
DRIVER = "psycopg[binary]"
LOCKS = {"uv.lock": "uv", "poetry.lock": "Poetry", "Pipfile.lock": "Pipenv"}
PLAIN = (
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "requirements.in",
)
UV = (sys.executable, "-m", "uv")
MARK = "# What production installs: what the project asks for, and what Heroku needs besides.\n"


@dataclass(frozen=True)
class Source:
    """Where it is written what the project needs."""

    file: str
    tool: str = ""
    """Whose lock it is; empty: a file for pip. ``pyproject``: dependencies that nothing locks."""

    def export(self, python: str) -> tuple[str, ...]:
        """The words for uv that print its pins; none where pip reads the file as it is."""
        poetry = ("tool", "run", "--from", "poetry", "--with", "poetry-plugin-export", "poetry")
        commands = {
            "uv": ("export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes"),
            "Poetry": (*poetry, "export", "--only", "main", "--without-hashes", "--without-urls"),
            "Pipenv": ("tool", "run", "pipenv", "requirements"),
            "pyproject": ("pip", "compile", *_for_image(python), self.file),
        }
        return commands.get(self.tool, ())

    def __str__(self) -> str:
        return f"{self.file} ({self.tool})" if self.tool in LOCKS.values() else self.file


def source(root: Path) -> Source:
    """Find it.

    Raises:
        UsageError: nothing says what the project needs.
    """
    for file, tool in LOCKS.items():
        if (root / file).exists():
            return Source(file, tool)
    for file in PLAIN[2 * is_adopted(root) :]:
        if (root / file).exists():
            return Source(file)
    if found.manifest(root).get("project", {}).get("dependencies"):
        return Source("pyproject.toml", "pyproject")
    raise UsageError(
        "nothing says what the project needs.",
        why="there is no requirements.txt, no uv.lock, poetry.lock or Pipfile.lock, and"
        " pyproject.toml has no dependencies.",
        next="in the environment that the project runs in: pip freeze > requirements.txt",
    )


def is_adopted(root: Path) -> bool:
    """Whether requirements/production.in is of ``wanted``'s making."""
    path = root / PRODUCTION
    return path.exists() and path.read_text().startswith(MARK)


def wanted(source: Source, *, driver: bool) -> str:
    """The text of requirements/production.in; ``driver``: with one for Postgres."""
    path = EXPORTED if source.tool else source.file
    names = [*NEEDED, *((DRIVER,) if driver else ())]
    own = path.removeprefix(f"{FOLDER}/")
    return f"{MARK}-r {own if own != path else f'../{path}'}\n" + "\n".join(sorted(names)) + "\n"


def export(root: Path, source: Source, python: str, runner: Runner) -> None:
    """Write the pins of another tool's lock to requirements/project.txt.

    Raises:
        CommandFailed: its tool cannot read it.
    """
    if not (words := source.export(python)):
        return
    pins = runner.capture(Command((*UV, *words), cwd=root)).stdout
    # Where packages come from may have a password in it; that is for the environment to say.
    lines = [line for line in pins.splitlines() if line and line[0] not in "-# "]
    text = f"# From {source.file}, by underway lock.\n" + "\n".join(lines) + "\n"
    (root / FOLDER).mkdir(exist_ok=True)
    (root / EXPORTED).write_text(text)


def lock(root: Path, file: str, python: str, runner: Runner, *, upgrade: bool = False) -> None:
    """Write FILE.txt from FILE.in: for the image's Linux and Python, with every file's hash.

    Raises:
        CommandFailed: no versions fit together.
    """
    name = Path(file).stem
    argv = [*UV, "pip", "compile", "--quiet", *_for_image(python)]
    argv += ["--generate-hashes", "--no-emit-index-url", "--custom-compile-command"]
    argv += ["underway lock", "--output-file", f"{name}.txt"]
    argv += ["--upgrade"] if upgrade else []
    with console.step(f"Locking {FOLDER}/{name}.txt") as line:
        runner.follow(Command((*argv, f"{name}.in"), cwd=root / FOLDER), line)


def refresh(root: Path, python: str, runner: Runner, *, upgrade: bool = False) -> None:
    """Write all locks of an adopted project anew."""
    export(root, source(root), python, runner)
    for file in (PRODUCTION, TOOL):
        if (root / file).exists():
            lock(root, file, python, runner, upgrade=upgrade)


def tool() -> str:
    """This Underway, as pip asks for it: by its version, or by the file it was installed from."""
    here = metadata.distribution("underway")
    origin = json.loads(here.read_text("direct_url.json") or "{}").get("url", "")
    wanted = f"underway[platform] @ {origin}" if origin else f"underway[platform]=={here.version}"
    return f"# Underway itself, for CI.\n{wanted}\n"


def names(lock: str) -> set[str]:
    """The names that a lock pins."""
    lines = (line for line in lock.splitlines() if line[:1].isalnum())
    return {line.partition("==")[0].partition("[")[0].strip().lower() for line in lines}


def without_wheels(root: Path, python: str, runner: Runner) -> tuple[str, ...]:
    """The packages of production that come as source only, for Linux and that Python."""
    argv = (*UV, "pip", "compile", "--quiet", "--no-deps", *_for_image(python))
    form = ("--format", "pylock.toml", "--no-header", f"{FOLDER}/production.txt")
    table = tomllib.loads(runner.capture(Command((*argv, *form), cwd=root)).stdout)
    return tuple(
        package["name"]
        for package in table["packages"]
        if not any(_fits(wheel["url"], python) for wheel in package.get("wheels", []))
    )


def _for_image(python: str) -> tuple[str, ...]:
    return ("--python-platform", "x86_64-manylinux_2_40", "--python-version", python)


def _fits(wheel: str, python: str) -> bool:
    if wheel.endswith("-none-any.whl"):
        return True
    abi = f"cp{python.replace('.', '')}-" in wheel or "-abi3-" in wheel
    return abi and "manylinux" in wheel and "x86_64" in wheel
