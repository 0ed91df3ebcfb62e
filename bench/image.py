"""How much of an image is not its base."""

from __future__ import annotations

from bench import surroundings
from bench.figures import Figure
from underway.engine import Engine


def image(rounds: int) -> list[Figure]:
    """Megabytes on top of the base image; they are the same in each round."""
    with surroundings.checkout() as made:
        engine, project = Engine.connect(), made.project
        base = engine.image(project.python_image, next="invoke setup").attrs["Size"]

        def on_top(reference: str) -> tuple[float]:
            return ((engine.image(reference, next="").attrs["Size"] - base) / 1e6,)

        folders = (made.root, surroundings.tutorial(made))
        ours, theirs = (
            on_top(surroundings.build(engine, it, f"{project.name}:{it.name}", project.labels))
            for it in folders
        )
        name, goal = "image, on top of its base", "ratio <= 0.125"
        return [Figure(name, "MB", ours, theirs, against="the tutorial's image", goal=goal)]
