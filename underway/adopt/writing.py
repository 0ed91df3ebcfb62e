"""Writing all of it or nothing: staged beside the files, then moved into place, undone on failure.

What is moved away stays in the staging folder until the end. A run that is killed in between
leaves that folder, and the next one puts everything back before it looks at anything.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from underway import console
from underway.adopt.plan import Change

STAGING = ".underway-init"
NEW, OLD, PATHS = "new", "old", "paths.json"


def write(root: Path, changes: Iterable[Change]) -> None:
    """Write the files; when anything fails, or Ctrl-C comes, all is as it was."""
    chosen = [change for change in changes if change.written]
    staging = root / STAGING
    try:
        _stage(staging, chosen)
        for change in chosen:
            _move(root, staging, change.path)
    except BaseException:
        recover(root)
        raise
    shutil.rmtree(staging)


def recover(root: Path) -> None:
    """Put back what a run that did not end has moved."""
    staging = root / STAGING
    if not staging.exists():
        return
    # Without the list nothing was moved yet.
    if (staging / PATHS).exists():
        for path in json.loads((staging / PATHS).read_text()):
            _put_back(root, staging, path)
        console.say("what an earlier init had begun to write was taken back.")
    shutil.rmtree(staging)


def _stage(staging: Path, chosen: list[Change]) -> None:
    staging.mkdir()
    (staging / OLD).mkdir()
    for change in chosen:
        path = staging / NEW / change.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(change.after)
    unfinished = staging / f"{PATHS}.new"
    unfinished.write_text(json.dumps([change.path for change in chosen]))
    os.replace(unfinished, staging / PATHS)


def _move(root: Path, staging: Path, path: str) -> None:
    target, old = root / path, staging / OLD / path
    if target.exists():
        old.parent.mkdir(parents=True, exist_ok=True)
        # A copy first: at no time is the user's file nowhere.
        shutil.copy2(target, old.with_name(f"{old.name}.new"))
        os.replace(old.with_name(f"{old.name}.new"), old)
        shutil.copymode(target, staging / NEW / path)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(staging / NEW / path, target)


def _put_back(root: Path, staging: Path, path: str) -> None:
    target, old = root / path, staging / OLD / path
    if old.exists():
        os.replace(old, target)
    elif not (staging / NEW / path).exists():  # it was moved, and nothing was there before
        target.unlink(missing_ok=True)
        for folder in target.relative_to(root).parents:
            if folder != Path(".") and not any((root / folder).iterdir()):
                (root / folder).rmdir()
