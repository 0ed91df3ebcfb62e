"""A checkout of its own, under a name of its own, so that runs side by side do not meet."""

from collections.abc import Iterator

import pytest

from tests.checkout import ROOT, Checkout, copy
from underway.command import Runner
from underway.engine import Engine
from underway.machine import prepare
from underway.project import Project


@pytest.fixture(scope="session")
def engine() -> Engine:
    return prepare(Project.load(ROOT), Runner())


@pytest.fixture(scope="session")
def checkout(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """The repository as it stands, committed, in a folder of its own."""
    made = copy(tmp_path_factory.mktemp("checkout") / "project", own_steps=True)
    yield made
    made.invoke("clean")
    labels = made.project.labels
    assert engine.containers(labels) == engine.images(labels) == engine.volumes(labels) == []


@pytest.fixture(scope="session")
def image(checkout: Checkout) -> str:
    """The production image of the checkout."""
    built = checkout.invoke("build")
    assert built.returncode == 0, built.stderr
    return built.stdout.strip()


def files(engine: Engine, image: str, *folders: str) -> list[str]:
    """Mode, owner, size and name of all files there, as a user of the image would find them."""
    find = ["find", *folders, "-printf", "%M %u %s %p\\n"]
    return sorted(engine.run(image, find, user="root").splitlines())


def containers_of_step(engine: Engine, words: str) -> list[str]:
    """Containers, of whomever, whose command has these words: what a build may leave behind."""
    everything = engine.client.api.containers(all=True)
    return [container["Id"] for container in everything if words in container["Command"]]
