"""Whether an image is fit to ship: seen where it was built, before it leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from underway import console, smoke, static_files
from underway.engine import Engine
from underway.errors import CheckFailed, ContainerFailed
from underway.registry import ARCHITECTURE
from underway.static_files import StaticFiles

DJANGO = """
import sys
from django.core.management import call_command
from django.core.management.base import SystemCheckError
try:
    call_command("check", deploy=True, fail_level="WARNING")
except SystemCheckError as error:
    sys.exit(str(error))
"""
"""As ``manage.py check --deploy --fail-level WARNING``."""


def check(engine: Engine, image: str, labels: dict[str, str]) -> None:
    """Look at its platform, ask Django, and boot it as a web dyno; a line each.

    Raises:
        CheckFailed: it is not.
        ContainerFailed: it does not boot, or Django's own check finds something.
    """
    found = engine.image(image, next="invoke build")
    system = f"{found.attrs['Os']}/{found.attrs['Architecture']}"
    if system != f"linux/{ARCHITECTURE}":
        raise CheckFailed(
            f"the image is for {system}; Heroku runs linux/{ARCHITECTURE}.",
            next="build it with DOCKER_DEFAULT_PLATFORM=linux/amd64",
        )
    console.detail(f"{system}, {found.attrs['Size'] / 1e6:.0f} MB")
    # Each has a container of its own: neither need wait for the other to boot.
    with ThreadPoolExecutor() as beside:
        asking = beside.submit(_ask_django, engine, image, labels)
        try:
            smoke.smoke(engine, image, labels, asking.result)
        finally:
            # Where both fail, Django says it better.
            asking.result()
    console.detail("manage.py check --deploy finds nothing")


def _ask_django(engine: Engine, image: str, labels: dict[str, str]) -> StaticFiles:
    try:
        return static_files.inventory(engine, image, labels, first=DJANGO)
    except ContainerFailed as error:
        raise ContainerFailed(
            f"Django in {image} is not ready for a deploy.",
            why=error.why,
            next="mend it; python manage.py check --deploy tells whether it is",
        ) from error
