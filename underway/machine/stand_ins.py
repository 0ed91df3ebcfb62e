"""Images made from Debian's packages, for where those of the same name cannot be pulled.

Each has a folder beside this file, with all that it is made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from underway.builder import Build, build_with_engine
from underway.command import Runner
from underway.engine import Engine
from underway.machine import certificates, python_image

if TYPE_CHECKING:
    from docker.models.images import Image

HERE = Path(__file__).parent
STAND_IN, RECIPE = "underway.stand-in", "underway.recipe"


@dataclass(frozen=True)
class Workshop:
    """What an image is made with."""

    engine: Engine
    base: str
    """The image that those with a Dockerfile start from."""
    runner: Runner


@dataclass(frozen=True)
class StandIn:
    """How to make an image: its folder, and what is done with it."""

    folder: Path
    work: Callable[[StandIn, str, Workshop, Callable[[str], None]], None]

    def make(self, reference: str, workshop: Workshop, on_line: Callable[[str], None]) -> None:
        """Put the image of that name on the engine."""
        self.work(self, reference, workshop, on_line)

    def made(self, image: Image) -> bool:
        """Whether the image is of this very recipe, not of an older one."""
        return image.labels.get(RECIPE) == self.labels[RECIPE]

    @property
    def labels(self) -> dict[str, str]:
        """What marks the image; the recipe counts the machine's certificates in."""
        recipe = hashlib.sha256("".join(certificates.extra()).encode())
        for file in sorted(self.folder.iterdir()):
            recipe.update(file.read_bytes())
        return {STAND_IN: "true", RECIPE: recipe.hexdigest()[:16]}


def _import_python(
    stand_in: StandIn, reference: str, workshop: Workshop, on_line: Callable[[str], None]
) -> None:
    python_image.make(
        stand_in.folder, reference, stand_in.labels, workshop.engine, workshop.runner, on_line
    )


def _build_folder(
    stand_in: StandIn, reference: str, workshop: Workshop, on_line: Callable[[str], None]
) -> None:
    build = Build(
        context=stand_in.folder,
        target="",
        tag=reference,
        arguments={"BASE": workshop.base},
        labels=stand_in.labels,
    )
    build_with_engine(build, workshop.engine, on_line)


PYTHON = StandIn(HERE / "python", _import_python)
POSTGRES = StandIn(HERE / "postgres", _build_folder)
BROWSER = StandIn(HERE / "browser", _build_folder)
PYTHON_GIT = StandIn(HERE / "python-git", _build_folder)
DIND = StandIn(HERE / "dind", _build_folder)
CI_HELPER = StandIn(HERE / "ci-helper", _build_folder)

# Debian trixie has one version of each.
NAMES = {
    "python:3.13-slim-trixie": PYTHON,
    "python:3.13-slim": PYTHON,
    "python:3.13-trixie": PYTHON_GIT,
    "docker:28.5.2-dind": DIND,
    "postgres:17-trixie": POSTGRES,
    "postgres:17": POSTGRES,
}


def find(reference: str) -> StandIn | None:
    """What can stand in for the image of that name."""
    return NAMES.get(reference)


def is_stand_in(image: Image) -> bool:
    """Whether it was made here, not pulled."""
    return image.labels.get(STAND_IN) == "true"
