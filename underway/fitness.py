"""Whether an image is fit to ship: seen where it was built, before it leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from underway import console, smoke
from underway.engine import Engine
from underway.errors import CheckFailed
from underway.registry import ARCHITECTURE

DJANGO = ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


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
    # Each has containers of its own: neither need wait for the other to boot.
    with ThreadPoolExecutor() as beside:
        checking = beside.submit(_ask_django, engine, image, labels)
        try:
            smoke.smoke(engine, image, labels)
        finally:
            # Where both fail, Django says it better.
            checking.result()
    console.detail("manage.py check --deploy finds nothing")


def _ask_django(engine: Engine, image: str, labels: dict[str, str]) -> None:
    role = {"underway.role": "check"}
    engine.run(image, DJANGO, environment=smoke.environment(), labels=labels | role)
