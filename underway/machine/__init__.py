"""Making a machine able to run everything: its Docker engine and the images that all else needs.

``prepare`` is the whole of ``invoke setup``. Run again it finds all done and changes nothing.
"""

from underway import console
from underway.command import Runner
from underway.engine import Engine
from underway.machine import daemon, images, registry
from underway.project import Project

__all__ = ["browser_image", "prepare"]


def prepare(project: Project, runner: Runner) -> Engine:
    """Have an engine answer, with the base image and the Postgres image on it, and a registry.

    Raises:
        SetupImpossible: this machine's user has to do something first.
        ImageUnavailable: an image cannot be pulled, and nothing can stand in for it.
    """
    engine = daemon.ensure(runner)
    console.say(f"{console.good('✓')} Docker engine {engine.facts().version}")
    base = project.python_image
    for reference in (base, project.postgres_image):
        origin = images.ensure(reference, base, engine, runner)
        console.say(f"{console.good('✓')} {reference} ({origin})")
    console.say(f"{console.good('✓')} a registry ({registry.ensure(engine, runner)})")
    return engine


def browser_image(project: Project, engine: Engine) -> str:
    """The name of the image for browser tests, which is made at first use and then kept.

    Its container runs chromedriver on port 9515, as a user that is not root. Chromium wants more
    shared memory than a container has by default: start it with ``shm_size="512m"``.
    """
    return images.browser(project.python_image, engine)
