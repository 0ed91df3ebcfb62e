"""The project's own executables at three moments of a deploy."""

from __future__ import annotations

import os

from underway import console
from underway.command import Command
from underway.deploy.run import Run
from underway.errors import CommandFailed, HookFailed, UsageError

PRE_BUILD, PRE_RELEASE, POST_DEPLOY = "pre-build", "pre-release", "post-deploy"


def call(run: Run, name: str) -> None:
    """Run the hook of that name, if the project has it.

    Its environment says where and what: UNDERWAY_HOOK, _APP, _LOCAL (1 or 0), _METHOD, _COMMIT,
    _URL, and, once it is made, _RELEASE.

    Raises:
        HookFailed: it exited non-zero.
        UsageError: it is not committed, or not executable.
    """
    if not run.project.hooks:
        return
    hook = run.project.root / run.project.hooks / name
    if not hook.exists():
        return
    known = Command(("git", "ls-files", "--error-unmatch", str(hook)), cwd=run.project.root)
    if run.runner.capture(known, check=False).code != 0:
        raise UsageError(
            f"the hook {name} is not committed.",
            why="what runs in a deploy is to be found in its commit.",
            next=f"git add {hook.relative_to(run.project.root)} and commit it, or remove it",
        )
    if not os.access(hook, os.X_OK):
        raise UsageError(f"the hook {name} is not executable.", next=f"chmod +x {hook}")
    command = Command((str(hook),), env=_facts(run, name), cwd=run.project.root)
    try:
        with console.step(f"Hook {name}") as line:
            run.runner.follow(command, line)
    except CommandFailed as error:
        happened = f"{run.release} serves." if name == POST_DEPLOY else "nothing was released."
        raise HookFailed(
            f"the hook {name} failed; {happened}", why=error.why, next=f"mend {hook}"
        ) from error


def _facts(run: Run, name: str) -> dict[str, str]:
    facts = {
        "HOOK": name,
        "APP": run.target.app,
        "LOCAL": str(int(run.target.local)),
        "METHOD": run.options.method,
        "COMMIT": run.facts.commit,
        "URL": run.url,
        "RELEASE": str(run.release or ""),
    }
    return {f"UNDERWAY_{key}": value for key, value in facts.items()}
