"""The Invoke tasks: each parses, calls and prints; nothing is decided here."""

from pathlib import Path

from invoke.collection import Collection
from invoke.tasks import Task

from underway.tasks import app, image, machine, platform


def collection(root: Path) -> Collection:
    """All tasks, for the project in this folder."""
    tasks = Collection()
    for module in (machine, image, app):
        for value in vars(module).values():
            if isinstance(value, Task):
                tasks.add_task(value)
    tasks.add_collection(Collection.from_module(platform))
    tasks.configure({"project_root": str(root)})
    return tasks
