"""A deploy: observe, prepare, build, check, push, release, verify; and back, where it fails.

``plan`` reads and decides; ``deploy`` does it, as one transaction; ``roll_back`` undoes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underway import console
from underway.command import Runner
from underway.deploy import (
    container,
    copied,
    facts,
    hooks,
    lock,
    manifest,
    planning,
    prepare,
    promote,
    receipt,
    recovery,
    verify,
)
from underway.deploy.planning import Plan
from underway.deploy.run import Options, Run, Step
from underway.errors import ReleasePhaseFailed, UnderwayError, UsageError, VerificationFailed
from underway.heroku import Heroku
from underway.project import METHODS, Project
from underway.registry import Registry
from underway.target import Target

__all__ = ["Options", "Outcome", "Plan", "deploy", "options", "plan", "roll_back"]

PREPARE = Step("prepare", "Preparing", prepare.prepare)
STEPS = {
    "container": container.STEPS,
    "manifest": manifest.STEPS,
    "promote": promote.STEPS,
    "copy": copied.STEPS,
}
HOOKS = {"build": hooks.PRE_BUILD, "release": hooks.PRE_RELEASE}
"""Called before these steps."""


@dataclass(frozen=True)
class Outcome:
    """How a deploy ended: its receipt, where that is kept, and the failure if there was one."""

    receipt: dict[str, Any]
    path: Path
    failure: UnderwayError | None = None


def options(project: Project, *, method: str = "", image: str = "", yes: bool = False) -> Options:
    """What the user asked for, with the project's own choices where nothing was.

    Raises:
        UsageError: there is no such method, or the words do not go together.
    """
    chosen = method or project.method
    if chosen not in METHODS:
        raise UsageError(f"there is no method {chosen!r}.", why=f"methods: {', '.join(METHODS)}")
    if image and chosen != "container":
        raise UsageError("--image goes with --method container.", why="the platform builds it.")
    return Options(chosen, image=image, yes=yes)


def plan(project: Project, target: Target, options: Options, runner: Runner) -> Plan:
    """Read the state, and say what a deploy would do. Changes nothing.

    Raises:
        UsageError: an app on Heroku would get files that no commit has.
    """
    with _opened(project, target, options, runner) as run:
        return _decide(run)


def deploy(project: Project, target: Target, options: Options, runner: Runner) -> Outcome:
    """Put the project in service, seen to serve; or leave in service what was there before.

    Raises:
        UnderwayError: nothing was begun.
        KeyboardInterrupt: it was stopped; what state that left has been said.
    """
    with lock.held(project, target.app), _opened(project, target, options, runner) as run:
        decided = _decide(run)
        console.say(str(decided))
        if decided.billed and not target.local:
            costs = " and ".join(decided.billed)
            console.confirm(f"Heroku bills {costs}. Go on?", options.yes, "--yes")
        try:
            failure = _go(run)
        except KeyboardInterrupt:
            console.say(_state(run))
            raise
        made = receipt.make(run, failure)
        return Outcome(made, receipt.write(run, made), failure)


def roll_back(
    project: Project, target: Target, runner: Runner, version: int = 0
) -> tuple[str, str]:
    """Put the release before, or the one of a version, back in service, seen to serve.

    Returns the new release, such as v9, and the app's address.

    Raises:
        UsageError: there is no release to go back to.
        ReleasePhaseFailed: its release phase exited non-zero; nothing has changed.
        VerificationFailed: it is in service, and does not serve.
    """
    with _opened(project, target, Options("rollback"), runner) as run:
        before = recovery.find(run, version)
        back = recovery.to(run, before)
        return str(back), run.url


@contextmanager
def _opened(project: Project, target: Target, options: Options, runner: Runner) -> Iterator[Run]:
    with Heroku(target) as heroku, Registry.of(target) as registry:
        started = time.monotonic()
        found = facts.observe(project, heroku, runner)
        run = Run(project, target, options, runner, heroku, registry, found)
        run.app, run.expected = found.app, found.version
        run.seconds["observe"] = time.monotonic() - started
        yield run


def _decide(run: Run) -> Plan:
    here = run.options.method in METHODS and not run.options.image
    if here and not run.target.local:
        facts.require_commit(run.facts)
    return planning.make(run.project, run.target, run.options, run.facts)


def _go(run: Run) -> UnderwayError | None:
    """Take all steps, and those back that a release which does not serve makes necessary."""
    try:
        for step in (PREPARE, *STEPS[run.options.method], verify.STEP):
            _act(run, step)
        hooks.call(run, hooks.POST_DEPLOY)
    except ReleasePhaseFailed as failure:
        return recovery.ask_old(run, failure)
    except VerificationFailed as failure:
        try:
            return recovery.recover(run, failure)
        except UnderwayError as worse:
            return worse
    except UnderwayError as failure:
        return failure
    return None


def _act(run: Run, step: Step) -> None:
    started = time.monotonic()
    try:
        if step.name in HOOKS:
            hooks.call(run, HOOKS[step.name])
        with console.step(step.title) as line:
            step.act(run, line)
    finally:
        run.seconds[step.name] = time.monotonic() - started


def _state(run: Run) -> str:
    """Where a deploy that was stopped has left things."""
    before = f"{run.facts.serves} serves" if run.facts.serves else "nothing is in service yet"
    if run.release is None and "release" not in run.seconds:
        return f"stopped: nothing was released; {before}."
    look = f"invoke releases{run.target.options}"
    if run.release is None or run.release.status == "pending":
        made = f"{run.release} goes on" if run.release else "a release may go on"
        return (
            f"stopped: {made} on the platform without this task; until then {before}. Next: {look}"
        )
    undo = receipt.undo(run) or look
    return f"stopped: {run.release} is in service, and was not verified. Undo: {undo}"
