"""What is deployed: read once, from [tool.underway] in pyproject.toml and the environment."""

import difflib
import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from underway.errors import UsageError

NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")
TARGETS = ("build", "production", "release", "test")
METHODS = ("container", "manifest")
TABLES = ("environments", "processes")
PROCESSES = {"release": "python manage.py release"}
"""What every project has; a project's own table changes and adds."""


@dataclass(frozen=True)
class Project:
    """A Django project and the names of what is made from it.

    Each field but ``root`` is a key of [tool.underway], with dashes for underscores.
    """

    root: Path
    """The folder of pyproject.toml, manage.py and Dockerfile."""

    name: str
    """Names images and containers: 3-30 lower-case letters, digits and dashes, as on Heroku."""

    python_image: str = "python:3.13-slim-trixie"
    """The image that every stage of the Dockerfile starts from; PYTHON_IMAGE overrides it."""

    postgres_image: str = "postgres:17"
    """The image of a Postgres server, for tests, and for psql, backup and restore."""

    dockerfile: str = "Dockerfile"
    """Where a project has a Dockerfile of another purpose: the path of the one to build."""

    app: str = ""
    """The app on Heroku; empty: the local platform. --app and HEROKU_APP_NAME come before it."""

    method: str = "container"
    """How it is deployed: container (registry) or manifest (heroku.yml)."""

    environments: Mapping[str, str] = field(default_factory=dict)
    """Apps by the names that --to takes, such as staging and production."""

    processes: Mapping[str, str] = field(default_factory=PROCESSES.copy)
    """Commands of the process types that are released beside web, from the same image."""

    hooks: str = ""
    """A committed folder of executables: pre-build, pre-release, post-deploy."""

    health_path: str = "/healthz"
    """Answers 200 while the process lives."""

    ready_path: str = "/readyz"
    """Answers 200 when database and migrations are as the code wants them."""

    @classmethod
    def load(cls, root: Path, environ: Mapping[str, str] = os.environ) -> "Project":
        """Read the project of this folder.

        Raises:
            UsageError: no pyproject.toml, or a key or value in it that cannot be used.
        """
        path = root / "pyproject.toml"
        try:
            table = tomllib.loads(path.read_text())
        except FileNotFoundError:
            raise UsageError(f"{path} does not exist.", next="start from the project's own folder")
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path} is not valid TOML.", why=str(error)) from error
        section = table.get("tool", {}).get("underway", {})
        values = {key.replace("-", "_"): value for key, value in section.items()}
        _check(values)
        values["processes"] = PROCESSES | values.get("processes", {})
        if python_image := environ.get("PYTHON_IMAGE"):
            values["python_image"] = python_image
        return cls(root=root.resolve(), **values)

    def image(self, target: str = "production") -> str:
        """The local reference of the image made from one of the Dockerfile's stages."""
        return f"{self.name}:{target}"

    @property
    def state(self) -> Path:
        """The folder of what the tasks keep, made where it is missing; git leaves it alone."""
        folder = self.root / ".underway"
        folder.mkdir(exist_ok=True)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("*\n")
        return folder

    @property
    def labels(self) -> dict[str, str]:
        """The labels of all that is created for this checkout, so that it can be found again."""
        folder = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return {"underway.project": self.name, "underway.folder": folder}


def _check(values: dict[str, Any]) -> None:
    known = {field.name for field in fields(Project)} - {"root"}
    for key, value in values.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {_dashed(close[0])}?" if close else ""
            keys = ", ".join(sorted(map(_dashed, known)))
            raise UsageError(f"tool.underway.{_dashed(key)} is not a key.", f"keys: {keys}", hint)
        if key in TABLES:
            _check_table(f"tool.underway.{key}", value)
        elif not isinstance(value, str) or not value:
            raise UsageError(
                f"tool.underway.{_dashed(key)} must be text that is not empty, not {value!r}."
            )
    if "name" not in values:
        raise UsageError(
            "tool.underway.name is missing.",
            why="it names the images and containers.",
            next='add to pyproject.toml:\n[tool.underway]\nname = "my-project"',
        )
    names: dict[str, object] = {key: values[key] for key in ("name", "app") if key in values}
    for environment, app in values.get("environments", {}).items():
        names[f"environments.{environment}"] = app
    for key, name in names.items():
        check_app_name(str(name), f"tool.underway.{key}")
    if values.get("method", METHODS[0]) not in METHODS:
        raise UsageError(
            f"tool.underway.method cannot be {values['method']!r}.",
            why=f"methods: {' and '.join(METHODS)}",
        )


def check_app_name(name: str, key: str = "an app's name") -> None:
    """Refuse what Heroku would refuse.

    Raises:
        UsageError: it is no name for an app; ``key`` says where it stands.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{key} cannot be {name!r}.",
            why="as on Heroku: 3-30 lower-case letters, digits and dashes, a letter first.",
        )


def _check_table(key: str, value: object) -> None:
    texts = isinstance(value, dict) and all(isinstance(v, str) and v for v in value.values())
    if not texts:
        raise UsageError(f"{key} must be a table of texts, not {value!r}.")


def _dashed(key: str) -> str:
    return key.replace("_", "-")
