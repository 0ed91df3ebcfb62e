"""What the Docker engine is, what it has, and whether it has room."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from underway.checks.finding import Finding
from underway.engine import Engine, EngineFacts
from underway.errors import EngineUnavailable
from underway.machine.stand_ins import is_stand_in
from underway.project import Project

if TYPE_CHECKING:
    from docker.models.images import Image

GIB = 2**30
LITTLE_ROOM, NO_ROOM = 5 * GIB, 1 * GIB
OLDEST_PYTHON = (3, 11)


def check(project: Project) -> tuple[Finding, ...]:
    """All that takes an engine to find out."""
    from docker.errors import DockerException

    try:
        engine = Engine.connect()
        facts = engine.facts()
        image = engine.find_image(project.python_image)
    except EngineUnavailable as error:
        return (Finding("engine", "error", error.what, error.why, error.next),)
    except (DockerException, OSError) as error:  # the SDK passes on what its HTTP library raises
        what = "the Docker engine answers, but not to every question."
        return (Finding("engine", "error", what, str(error), "restart the engine"),)
    return (
        Finding("engine", "ok", f"Docker {facts.version}, {facts.storage_driver}"),
        _store(facts),
        _architecture(facts),
        _base(project.python_image, image),
        _disk(facts),
    )


def _store(facts: EngineFacts) -> Finding:
    return Finding("image store", "ok", "containerd" if facts.containerd_store else "classic")


def _architecture(facts: EngineFacts) -> Finding:
    if facts.architecture == "amd64":
        return Finding("architecture", "ok", "amd64, as on Heroku")
    return Finding(
        "architecture",
        "note",
        f"{facts.architecture}; Heroku runs linux/amd64.",
        why="images built here run here, but what is deployed has to be built for amd64.",
    )


def _base(reference: str, image: Image | None) -> Finding:
    subject = "base image"
    if image is None:
        what = f"{reference} is not on the engine."
        return Finding(subject, "error", what, "every build starts from it.", "invoke setup")
    # Official images name their Python in this variable, and so do those that stand in for them.
    environment = "\n".join(image.attrs["Config"].get("Env") or [])
    version = re.search(r"^PYTHON_VERSION=((\d+)\.(\d+)\S*)", environment, re.MULTILINE)
    if version is None:
        return Finding(
            subject,
            "warning",
            f"{reference} does not say which Python it has.",
            why="an image with PYTHON_VERSION in its environment does, as official ones do.",
            next=f"docker run --rm {reference} python --version",
        )
    if (int(version[2]), int(version[3])) < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Finding(
            subject,
            "error",
            f"{reference} has Python {version[1]}.",
            why=f"the app needs {oldest} or newer.",
            next="choose another with PYTHON_IMAGE, or python-image in pyproject.toml",
        )
    if is_stand_in(image):
        return Finding(
            subject,
            "note",
            f"{reference} is a stand-in, made here, with Python {version[1]}.",
            why="it was made from Debian's packages because the original could not be pulled.",
            next=f"docker pull {reference}, once its registry can be reached",
        )
    return Finding(subject, "ok", f"{reference}, Python {version[1]}")


def _disk(facts: EngineFacts) -> Finding:
    try:
        free = shutil.disk_usage(facts.folder).free
    except OSError:
        return Finding("disk", "note", "the engine's disk cannot be seen from here.")
    what = f"{free / GIB:.1f} GiB free for the engine"
    if free >= LITTLE_ROOM:
        return Finding("disk", "ok", what)
    return Finding(
        "disk",
        "error" if free < NO_ROOM else "warning",
        f"{what}.",
        why="an image and its build take about 1 GiB.",
        next="invoke clean, or docker system prune (that removes other projects' images too)",
    )
