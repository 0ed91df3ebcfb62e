"""Method 1, the container registry: built here, checked, pushed, and released by digest."""

from __future__ import annotations

from underway import console
from underway import image as images
from underway import push as pushing
from underway import smoke
from underway.deploy import release
from underway.deploy.run import Line, Run, Step
from underway.engine import Engine
from underway.errors import CheckFailed
from underway.push import Pushed
from underway.registry import ARCHITECTURE

CHECK = ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


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
    engine = Engine.connect()
    found = engine.image(run.image, next="invoke build")
    system = f"{found.attrs['Os']}/{found.attrs['Architecture']}"
    if system != f"linux/{ARCHITECTURE}":
        raise CheckFailed(
            f"the image is for {system}; Heroku runs linux/{ARCHITECTURE}.",
            next="build it with DOCKER_DEFAULT_PLATFORM=linux/amd64",
        )
    console.detail(f"{system}, {found.attrs['Size'] / 1e6:.0f} MB")
    labels = run.project.labels | {"underway.role": "check"}
    engine.run(run.image, CHECK, environment=smoke.environment(), labels=labels)
    console.detail("manage.py check --deploy finds nothing")
    smoke.smoke(engine, run.image, run.project.labels)


def push(run: Run, line: Line) -> None:
    """Push the image, and make those of the other process types from it."""
    engine = Engine.connect()
    web = pushing.push(engine, run.image, "web", run.target, run.registry, line)
    run.pushed.append(web)
    console.detail(f"web: {web.manifest.config_digest[:19]}, read back as it was built")
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
