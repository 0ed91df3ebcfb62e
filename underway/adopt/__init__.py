"""Adopting Underway in a Django project: look, try, say what will be written, ask, write."""

from __future__ import annotations

from pathlib import Path

from underway import console, source
from underway.adopt import writing
from underway.adopt.survey import survey
from underway.checks import render
from underway.command import Runner
from underway.errors import CheckFailed, UsageError
from underway.project import Project

NAMED = 3


def init(root: Path, runner: Runner, *, plan: bool, yes: bool, json: bool) -> None:
    """Write what the project needs for a deploy, or with ``plan`` only print it, as a diff.

    With ``json`` what was found, and what happens to each file, is printed.

    Raises:
        UsageError: this is no Django project, or files differ from the commit.
        CheckFailed: the project cannot be deployed as it is; nothing was written.
        KeyboardInterrupt: the user does not agree.
    """
    writing.recover(root)
    _require_project(root, runner)
    found = survey(root, runner)
    console.say(found.text)
    if found.findings:
        console.say(render(found.findings))
    if json:
        console.result_json(found.as_dict())
    if found.blocked:
        raise CheckFailed(
            "nothing was written: the project cannot be deployed as it is.",
            next="mend what is marked with ✗ above, commit it, then underway init",
        )
    if plan:
        if not json:
            console.result(found.diff.rstrip("\n"))
        return
    console.say(found.preview)
    if not found.written:
        console.say("there is nothing to write.")
        return
    console.confirm(f"Write these {len(found.written)} files?", yes, "--yes")
    writing.write(root, found.written)
    console.say(f"{console.good('✓')} written. To undo it: {found.undo}")
    console.say("next: git add --all && git commit, then underway deploy")


def _require_project(root: Path, runner: Runner) -> None:
    if not (root / "manage.py").exists():
        raise UsageError(
            f"there is no manage.py in {root}.",
            why="Underway is adopted in the folder of a Django project's manage.py.",
            next="cd to it, then underway init",
        )
    here = Project(root, "adopted")
    if not source.commit(here, runner):
        raise UsageError(
            "the project has no commit yet.",
            why="what is written is to be told from what was there, and can be undone.",
            next='git init && git add --all && git commit --message "First commit"',
        )
    if changed := source.changes(here, runner):
        named = ", ".join(changed[:NAMED]) + (" …" if len(changed) > NAMED else "")
        raise UsageError(
            f"{len(changed)} files differ from the commit: {named}",
            why="what is written is to be told from what was there, and can be undone.",
            next="git add and git commit them, or git stash --include-untracked",
        )
