"""The jobs that release: each leaves its environment's address for GitLab."""

from __future__ import annotations

from dataclasses import replace

from underway import console
from underway import deploy as deploying
from underway.command import Runner
from underway.deploy import Options, Outcome, facts
from underway.errors import UsageError
from underway.heroku import Heroku
from underway.operations import apps
from underway.pipeline import job
from underway.pipeline.job import Images
from underway.project import Project
from underway.target import Target

REPORT = "deploy.env"


def deploy(
    project: Project, target: Target, runner: Runner, *, method: str, image: str, yes: bool
) -> Outcome:
    """Release the image of this pipeline; or, by the other method, this commit.

    Raises:
        UnderwayError: nothing was begun.
    """
    options = deploying.options(project, method=method, yes=yes)
    if options.method == "container":
        options = Options("copy", source=image, login=Images.of_job().login, yes=yes)
    return _deploy(project, target, options, runner)


def promote(
    project: Project, source: str, goal: Target, runner: Runner, *, method: str, yes: bool
) -> Outcome:
    """Release in one app what serves in another: its very images, or what it was built from.

    Raises:
        UsageError: Heroku has built the other from another commit.
        UnderwayError: nothing was begun.
    """
    if (method or project.method) == "container":
        options = Options("promote", source=source, yes=yes)
    else:
        options = deploying.options(project, method=method, yes=yes)
        with Heroku(replace(goal, app=source)) as heroku:
            _require_commit(heroku, facts.observe(project, heroku, runner).commit)
    return _deploy(project, goal, options, runner)


def stop_review(target: Target) -> None:
    """Remove the merge request's app, if there is one."""
    with Heroku(target) as heroku:
        if heroku.find_app() is None:
            console.say(f"there is no {target}.")
            return
        apps.destroy(heroku, confirm=target.app)


def _deploy(project: Project, target: Target, options: Options, runner: Runner) -> Outcome:
    outcome = deploying.deploy(project, target, options, runner)
    job.report(project.root / REPORT, {"ENVIRONMENT_URL": outcome.receipt["address"]})
    return outcome


def _require_commit(heroku: Heroku, commit: str) -> None:
    build = heroku.newest_build()
    if build is None or build.status != "succeeded" or build.commit != commit:
        found = f"{build.commit} ({build.status})" if build else "nothing"
        raise UsageError(
            f"{heroku.target} was not built from {commit}.",
            why=f"its newest build is of {found}.",
            next="run this job in the pipeline of that commit, or deploy this one there first",
        )
