"""The GitLab pipeline: what its jobs do, and all of it on this machine."""

from invoke.context import Context
from invoke.exceptions import Exit

from underway import console
from underway.command import Runner
from underway.target import Target
from underway.tasks.base import project, target, targeted, task

METHOD = "container or manifest; left out: the one of pyproject.toml"
YES = "do not ask where something costs money"


@task(
    job="only this job, with what earlier runs have left; left out: all that wait for nobody",
    needs="with --job: first the jobs that it needs",
    event="what GitLab would start it for: push, merge-request or schedule",
    method=METHOD,
    file="the pipeline's file",
)
def run(
    c: Context,
    job: str = "",
    needs: bool = False,
    event: str = "push",
    method: str = "",
    file: str = ".gitlab-ci.yml",
) -> None:
    """Run .gitlab-ci.yml on this machine, against the local platform."""
    from underway.pipeline import local

    here = project(c)
    wanted = local.Wanted(job, needs, event, method or here.method, file)
    raise Exit(code=local.run(here, wanted, Runner()))


@task(fresh="take no layer of an earlier pipeline, and the newest base image")
def build(c: Context, fresh: bool = False) -> None:
    """In a job: build the image and its test image once, and push both to GitLab's registry."""
    from underway.engine import Engine
    from underway.pipeline import build as building
    from underway.pipeline import job

    here, images = project(c), job.Images.of_job()
    built = building.build(here, Engine.connect(), Runner(), images, fresh=fresh)
    job.report(here.root / building.REPORT, built)
    console.result("\n".join(f"{name}={value}" for name, value in built.items()))


@task()
def test(c: Context) -> None:
    """In a job inside the test image: Django's tests, on the database of DATABASE_URL."""
    from underway import development
    from underway.pipeline import inside

    inside.wait_for_database()
    development.run_all(inside.tests(project(c)), Runner())


@task()
def check(c: Context) -> None:
    """In a job inside the test image: check --deploy, and no model without its migration."""
    from underway import development
    from underway.pipeline import inside

    inside.wait_for_database()
    development.run_all(inside.checks(), Runner())


@task()
def lint(c: Context) -> None:
    """In a job inside the test image: flake8, black and isort."""
    from underway import development
    from underway.pipeline import inside

    development.run_all(inside.linters(), Runner())


@targeted(method=METHOD, image="image of GitLab's registry, for the method container", yes=YES)
def deploy(
    c: Context, target: Target, method: str = "", image: str = "", yes: bool = False
) -> None:
    """In a job: release the image that this pipeline has built and tested, and verify it."""
    from underway.deploy import report
    from underway.pipeline import release

    outcome = release.deploy(project(c), target, Runner(), method=method, image=image, yes=yes)
    report.outcome(outcome, False, False)


@task(
    from_="environment of pyproject.toml, or app, that serves what is released",
    to="environment of pyproject.toml, or app, that gets it",
    method=METHOD,
    yes=YES,
)
def promote(
    c: Context,
    from_: str = "staging",
    to: str = "production",
    method: str = "",
    yes: bool = False,
) -> None:
    """In a job: release in one environment what serves in another, and verify it."""
    from underway.deploy import report
    from underway.pipeline import release

    here = project(c)
    goal = target(c, app=here.environments.get(to, to))
    source = here.environments.get(from_, from_)
    outcome = release.promote(here, source, goal, Runner(), method=method, yes=yes)
    report.outcome(outcome, False, False)


@task(method=METHOD, image="image of GitLab's registry, for the method container", yes=YES)
def review(c: Context, method: str = "", image: str = "", yes: bool = False) -> None:
    """In a merge request's job: deploy it as an app of its own."""
    from underway.deploy import report
    from underway.pipeline import job, release

    here = project(c)
    goal = target(c, app=job.review_app(here))
    outcome = release.deploy(here, goal, Runner(), method=method, image=image, yes=yes)
    report.outcome(outcome, False, False)


@task()
def stop_review(c: Context) -> None:
    """In a merge request's job: remove its app."""
    from underway.pipeline import job, release

    release.stop_review(target(c, app=job.review_app(project(c))))
