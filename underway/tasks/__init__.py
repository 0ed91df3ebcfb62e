"""The Invoke tasks: each parses, calls and prints; nothing is decided here."""

from pathlib import Path
from types import ModuleType

from invoke.collection import Collection
from invoke.tasks import Task

from underway.tasks import (
    addons,
    adopt,
    app,
    apps,
    config,
    database,
    deploy,
    domains,
    dynos,
    image,
    machine,
    maintenance,
    pipeline,
    platform,
)

COLLECTIONS = {
    addons: "list",
    config: "list",
    domains: "list",
    maintenance: "show",
    pipeline: "run",
}
"""Each with the task that its name alone stands for."""


def collection(root: Path) -> Collection:
    """All tasks, for the project in this folder."""
    tasks = Collection()
    for module in (machine, adopt, image, app, deploy, apps, dynos, database):
        for value in vars(module).values():
            if isinstance(value, Task):
                tasks.add_task(value)
    tasks.add_collection(Collection.from_module(platform))
    for module, default in COLLECTIONS.items():
        tasks.add_collection(_collection(module, default))
    tasks.configure({"project_root": str(root)})
    return tasks


def _collection(module: ModuleType, default: str) -> Collection:
    made = Collection(module.__name__.rpartition(".")[2])
    for value in vars(module).values():
        if isinstance(value, Task):
            made.add_task(value, default=value.name == default)
    return made
