"""The parts of a deploy that have tasks of their own: push, and release."""

from __future__ import annotations

from underway import console
from underway.command import Runner
from underway.deploy import container, facts
from underway.deploy import release as releasing
from underway.deploy.run import Options, Run
from underway.heroku import Heroku, Release
from underway.project import Project
from underway.push import Pushed
from underway.registry import Registry
from underway.target import Target


def push(project: Project, target: Target, runner: Runner, image: str = "") -> list[Pushed]:
    """Push an image of the engine, or the one that ``build`` made, for all process types."""
    with Heroku(target) as heroku, Registry.of(target) as registry:
        run = Run(
            project,
            target,
            Options("container"),
            runner,
            heroku,
            registry,
            facts.Facts("", (), "", heroku.app()),
            image=image or project.image(),
        )
        with console.step(f"Pushing {run.image}") as line:
            container.push(run, line)
        return run.pushed


def release(project: Project, target: Target, runner: Runner) -> Release:
    """Release the newest pushed image of each process type; the release once it is in service.

    Raises:
        PushFailed: one is not in the registry.
        ReleasePhaseFailed: the release phase exited non-zero.
    """
    with Heroku(target) as heroku, Registry.of(target) as registry:
        found = facts.observe(project, heroku, runner)
        heroku.app()
        run = Run(project, target, Options("container"), runner, heroku, registry, found)
        run.expected = found.version
        for type in dict.fromkeys(["web", *project.processes]):
            repository = f"{target.app}/{type}"
            run.pushed.append(Pushed(type, repository, registry.released(repository), sent=0))
        with console.step("Releasing") as line:
            releasing.images(run, line)
        assert run.release is not None
        return run.release
