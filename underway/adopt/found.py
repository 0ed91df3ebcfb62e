"""What a project is, as far as its files have to say it: read only, nothing of it is run."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underway.errors import UsageError

PYTHONS = ("3.13", "3.12", "3.14", "3.11")
"""Of the images that a project may start from; the first that it allows is taken."""
PACKAGE = "on_heroku"
SETTLED = ("web", "release")
"""Process types that the image has its own commands for."""


@dataclass(frozen=True)
class Found:
    """All that the templates are filled with."""

    name: str
    """Of the project: an app's name on Heroku."""
    settings: str
    """The settings module that production is built on."""
    application: str
    """What gunicorn serves, as it takes it: MODULE or MODULE:NAME."""
    asynchronous: bool = False
    """It is an ASGI application."""
    package: str = PACKAGE
    """The package that holds what is added for production."""
    python: str = PYTHONS[0]
    dockerfile: str = "Dockerfile"
    sources: tuple[str, ...] = ()
    """What the image gets of the project; empty: all that .dockerignore lets in."""
    unshipped: tuple[str, ...] = ()
    """What of that is only for tests."""
    manage_settings: str = ""
    """The settings module that manage.py chooses; the project's own tests run with it."""
    tool_lock: str = "requirements/underway.txt"
    """What Underway itself is installed from, for CI."""
    tool_folder: str = ".underway/venv"
    program: str = ".underway/venv/bin/underway"
    """What a job of CI calls the tasks by."""
    test_requirements: bool = False
    """There is a requirements/test.txt with the tools of the tests."""
    build_packages: str = ""
    """Debian packages for requirements that come without a wheel."""
    processes: Mapping[str, str] = field(default_factory=dict)
    """Commands of the process types beside web and release."""
    default_storage: str = "django.core.files.storage.FileSystemStorage"
    apps: tuple[str, ...] = ()
    """Apps that the project needs on Postgres and has not."""
    legacy: tuple[str, ...] = ()
    """Settings that Django does not take beside STORAGES."""
    silenced: tuple[str, ...] = ()
    """What Django's check has warned of already."""
    ignored: tuple[str, ...] = ()
    """What git leaves out, as .dockerignore says it."""

    @property
    def python_image(self) -> str:
        """What every stage of the Dockerfile starts from."""
        return f"python:{self.python}-slim-trixie"


def manifest(root: Path) -> dict[str, Any]:
    """pyproject.toml; empty where there is none.

    Raises:
        UsageError: it is not TOML.
    """
    try:
        return tomllib.loads((root / "pyproject.toml").read_text())
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise UsageError("pyproject.toml is not valid TOML.", why=str(error)) from error


def name(root: Path) -> str:
    """A name for the project that Heroku takes: its own, else its folder's."""
    table = manifest(root)
    tool = table.get("tool", {})
    named = (
        tool.get("underway", {}).get("name")
        or table.get("project", {}).get("name")
        or tool.get("poetry", {}).get("name")
        or root.name
    )
    made = re.sub(r"[^a-z0-9]+", "-", str(named).lower()).strip("-")
    made = made if made[:1].isalpha() else f"app-{made}".rstrip("-")
    return made[:30].rstrip("-") if len(made) >= 3 else f"{made}-app"


def python(root: Path) -> str:
    """The newest tried Python that the project allows, as MAJOR.MINOR.

    Raises:
        UsageError: it allows none of those that there are images for.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    table = manifest(root)
    wanted = table.get("project", {}).get("requires-python", "")
    if not wanted:
        poetry = table.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python", "")
        # Poetry's caret: up to the next major version.
        wanted = re.sub(r"\^\s*(\d+)\.([\d.]+)", r">=\1.\2,<4", str(poetry))
    if not wanted and (root / ".python-version").exists():
        # uv's and pyenv's; only its first two numbers say what image it takes.
        named = re.match(r"\d+\.\d+", (root / ".python-version").read_text())
        wanted = f"=={named[0]}.*" if named else ""
    try:
        allowed = SpecifierSet(wanted)
    except InvalidSpecifier as error:
        raise UsageError("pyproject.toml names a Python that is none.", why=str(error)) from error
    for version in PYTHONS:
        if allowed.contains(f"{version}.99"):
            return version
    raise UsageError(
        f"the project wants Python {wanted}.",
        why=f"there are images of {', '.join(PYTHONS)}.",
        next="allow one of them: requires-python in pyproject.toml, or .python-version",
    )


def procfile(root: Path) -> dict[str, str]:
    """The commands of a Procfile, but for web and release."""
    try:
        lines = (root / "Procfile").read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition(":") for line in lines if ":" in line and not line.startswith("#"))
    commands = {type.strip(): command.strip() for type, _, command in pairs}
    return {type: command for type, command in commands.items() if type not in SETTLED}


def ignored(root: Path) -> tuple[str, ...]:
    """The lines of .gitignore, as .dockerignore would say them."""
    try:
        lines = (root / ".gitignore").read_text().splitlines()
    except FileNotFoundError:
        return ()
    return tuple(
        dict.fromkeys(_docker_pattern(line.strip()) for line in lines if not _is_comment(line))
    )


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _docker_pattern(pattern: str) -> str:
    """git matches a name without a slash in every folder, docker at the top only."""
    sign, pattern = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    anchored = "/" in pattern.rstrip("/")
    pattern = pattern.strip("/")
    return sign + (pattern if anchored or pattern.startswith("**") else f"**/{pattern}")
