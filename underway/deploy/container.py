"""Method 1, the container registry: built here, checked, pushed, and released by digest."""

from __future__ import annotations

from underway import console, fitness
from underway import image as images
from underway import push as pushing
from underway.deploy import release
from underway.deploy.run import Line, Run, Step
from underway.engine import Engine
from underway.push import Pushed
from underway.registry import ARCHITECTURE


def build(run: Run, line: Line) -> None:
    """Build the web image; the other process types are made of it, in the registry."""
    engine = Engine.connect()
    if run.options.image:
        run.image = str(engine.image(run.options.image, next="invoke build").id)
        line(f"taking {run.options.image}")
        return
    native = engine.facts().architecture == ARCHITECTURE
    platform = "" if native else f"linux/{ARCHITECTURE}"
    run.image = images.build(run.project, engine, run.runner, platform=platform).id


def check(run: Run, line: Line) -> None:
    """See that the image is fit to ship, before it leaves.

    Raises:
        CheckFailed: it is not.
        ContainerFailed: it does not boot, or Django's own check finds something.
    """
    fitness.check(Engine.connect(), run.image, run.project.labels)


def push(run: Run, line: Line) -> None:
    """Push the image, and make those of the other process types from it."""
    engine = Engine.connect()
    web = pushing.push(engine, run.image, "web", run.target, run.registry, line)
    console.detail(f"web: {web.manifest.config_digest[:19]}, read back as it was built")
    derive_others(run, web)


def derive_others(run: Run, web: Pushed) -> None:
    """Have in the registry what is released: the web image, and those made of it."""
    run.pushed.append(web)
    for type, command in run.project.processes.items():
        repository = f"{run.target.app}/{type}"
        made = run.registry.derive(web.repository, repository, web.manifest, command)
        if type == "web":
            run.pushed.clear()
        run.pushed.append(Pushed(type, repository, made, sent=0))
        console.detail(f"{type}: {made.config_digest[:19]}, the same layers, runs {command}")


STEPS = (
    Step("build", "Building", build),
    Step("check", "Checking the image", check),
    Step("push", "Pushing", push),
    Step("release", "Releasing", release.images),
)
