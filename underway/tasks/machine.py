"""Making the machine ready, checking it, and cleaning up."""

from invoke.context import Context

from underway import console
from underway.command import Runner
from underway.tasks.base import project, task


@task()
def setup(c: Context) -> None:
    """Make this machine able to run everything: a Docker engine and the base images."""
    from underway import machine

    machine.prepare(project(c), Runner())


@task(json="print the findings as JSON")
def doctor(c: Context, json: bool = False) -> None:
    """Check this machine without changing anything, and say what to mend and how."""
    from underway import checks

    findings = checks.diagnose(project(c), Runner())
    if json:
        console.result_json([finding.as_dict() for finding in findings])
    else:
        console.result(checks.render(findings))
    checks.require_no_errors(findings)


@task(upgrade="take the newest versions that requirements/*.in allow")
def lock(c: Context, upgrade: bool = False) -> None:
    """Write requirements/*.txt anew from requirements/*.in, with hashes, for every platform."""
    from underway import locks

    locks.refresh(project(c), Runner(), upgrade=upgrade)


@task()
def audit(c: Context) -> None:
    """Look up known vulnerabilities of the locked versions."""
    from underway import audit as auditing

    console.result(auditing.audit(project(c), Runner()))


@task()
def clean(c: Context) -> None:
    """Remove the containers, images and volumes that these tasks made for this checkout."""
    from underway import cleaning
    from underway.engine import Engine

    cleaning.clean(project(c), Engine.connect())
