"""The deploy, its parts, and its undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from underway import console
from underway.command import Runner
from underway.tasks.base import project, target, targeted, task

if TYPE_CHECKING:
    from underway.target import Target

OPEN = "open the address in a browser"


@targeted(
    method="container (registry) or manifest (heroku.yml); left out: the one of pyproject.toml",
    image="image of the engine to release, instead of building one",
    plan="say what would be done, and change nothing",
    yes="do not ask where something costs money",
    json="print the receipt (with --plan: the plan) as JSON",
    open=OPEN,
)
def deploy(
    c: Context,
    target: Target,
    method: str = "",
    image: str = "",
    plan: bool = False,
    yes: bool = False,
    json: bool = False,
    open: bool = False,
) -> None:
    """Release the project, see that it serves, and go back by itself where it does not."""
    from underway import deploy as deploying
    from underway.deploy import report

    here = project(c)
    options = deploying.options(here, method=method, image=image, yes=yes)
    if plan:
        report.plan(deploying.plan(here, target, options, Runner()), json)
    else:
        report.outcome(deploying.deploy(here, target, options, Runner()), json, open)


@task(
    from_="environment of pyproject.toml, or app, whose images are taken",
    to="environment of pyproject.toml, or app, that gets them",
    local="both apps are on the local platform",
    yes="do not ask where something costs money",
    json="print the receipt as JSON",
)
def promote(
    c: Context,
    from_: str = "staging",
    to: str = "production",
    local: bool = False,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Release in one app the very images that serve in another, and verify them."""
    from underway import deploy as deploying
    from underway.deploy import report

    here = project(c)
    source = here.environments.get(from_, from_)
    goal = target(c, app=here.environments.get(to, to), local=local)
    options = deploying.Options("promote", source=source, yes=yes)
    report.outcome(deploying.deploy(here, goal, options, Runner()), json, False)


@targeted(release="version to return to, such as 41; left out: the one before")
def rollback(c: Context, target: Target, release: int = 0) -> None:
    """Put the release before (or --release N) back in service, and see that it serves."""
    from underway import deploy as deploying

    made, url = deploying.roll_back(project(c), target, Runner(), release)
    console.say(f"{console.good('✓')} {made} serves.")
    console.result(url)


@targeted(image="image of the engine; left out: the one that `build` made")
def push(c: Context, target: Target, image: str = "") -> None:
    """Push the built image to the registry, once for each process type, and read it back."""
    from underway.deploy import parts

    for pushed in parts.push(project(c), target, Runner(), image):
        console.result(f"{pushed.type} {pushed.manifest.config_digest}")


@targeted()
def release(c: Context, target: Target) -> None:
    """Release the images that `push` has put into the registry, and follow the release phase."""
    from underway.deploy import parts

    console.result(str(parts.release(project(c), target, Runner())))
