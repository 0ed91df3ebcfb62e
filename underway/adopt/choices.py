"""What is decided from what was found: the settings to build on, what serves, the processes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from underway.adopt import found
from underway.adopt.found import Found
from underway.adopt.plan import recorded

PRODUCTION = ("production", "prod", "heroku")
"""Names of settings modules that are meant for this."""
LEGACY = ("STATICFILES_STORAGE", "DEFAULT_FILE_STORAGE")
BESIDE = "heroku.Dockerfile"
"""Where the project has a Dockerfile of its own."""


def settings(root: Path, asked: dict[str, Any]) -> str:
    """The module to build on: DJANGO_SETTINGS_MODULE, the one chosen before, a production one."""
    overlay = root / found.PACKAGE / "settings.py"
    before = (
        re.search(r"^import (\S+) as own$", overlay.read_text(), re.M)
        if overlay.is_file()
        else None
    )
    chosen = os.environ.get("DJANGO_SETTINGS_MODULE") or (before and before[1])
    named = [m for m in asked["alternatives"] if m.rpartition(".")[2] in PRODUCTION]
    return str(chosen or [*named, asked["settings"]][0])


def decide(root: Path, python: str, chosen_by_manage: str, asked: dict[str, Any]) -> Found:
    """Fill in all that the templates ask for."""
    application = asked["asgi"] or asked["wsgi"]
    module, _, attribute = application.rpartition(".")
    table = found.manifest(root).get("tool", {}).get("underway", {})
    return Found(
        name=found.name(root),
        settings=asked["settings"],
        application=f"{module}:{attribute}" if attribute == "application" else application,
        asynchronous=bool(asked["asgi"]),
        python=python,
        dockerfile=table.get("dockerfile") or _dockerfile(root),
        manage_settings=chosen_by_manage,
        processes=_processes(root, table.get("processes", {}), asked["celery"]),
        default_storage=asked["default_storage"],
        legacy=tuple(name for name in LEGACY if name in asked["overridden"]),
        ignored=found.ignored(root),
    )


def _processes(root: Path, named: Mapping[str, str], celery: Mapping[str, Any]) -> dict[str, str]:
    """Those of pyproject.toml, else of the Procfile, else what Celery takes."""
    suggested = {}
    if celery:
        command = f"celery --app {celery['app']}"
        suggested["worker"] = f"{command} worker --loglevel INFO --concurrency 2"
        if celery["beat"]:
            # A dyno's own files are gone with it, and may not be writable where they are.
            suggested["beat"] = (
                f"{command} beat --loglevel INFO --schedule /tmp/celerybeat-schedule"
            )
    chosen = dict(named) or found.procfile(root) or suggested
    return {type: command for type, command in chosen.items() if type not in found.SETTLED}


def _dockerfile(root: Path) -> str:
    return (
        BESIDE
        if (root / "Dockerfile").is_file() and "Dockerfile" not in recorded(root)
        else "Dockerfile"
    )
