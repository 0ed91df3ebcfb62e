"""What a deploy has done, for programs and for later: a JSON file, without any secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from underway.deploy import diagnosis
from underway.deploy.run import Run
from underway.errors import UnderwayError, spelled
from underway.project import Project

FOLDER = "receipts"


def make(run: Run, failure: UnderwayError | None = None) -> dict[str, Any]:
    """The receipt. ``outcome``: released, or the failure's own sentence; times in seconds."""
    before = run.facts.serves
    return {
        "outcome": failure.what if failure else "released",
        "exit_code": failure.exit_code if failure else 0,
        "app": run.target.app,
        "local": run.target.local,
        "method": run.options.method,
        "commit": run.facts.commit,
        "images": {pushed.type: pushed.as_dict() for pushed in run.pushed},
        "release": run.release.version if run.release else None,
        "replaces": before.version if before else None,
        "migrations": diagnosis.migrations(run.log),
        "address": run.url,
        "seconds": {name: round(seconds, 2) for name, seconds in run.seconds.items()},
        "undo": undo(run),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def undo(run: Run) -> str | None:
    """The command that puts the release before back in service; None where there is none."""
    before = run.facts.serves
    if before is None:
        return None
    return spelled(f"invoke rollback --release {before.version}{run.target.options}")


def write(run: Run, receipt: dict[str, Any]) -> Path:
    """Keep it under .underway/receipts, by app and release."""
    folder = run.project.state / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    name = f"v{receipt['release']}" if receipt["release"] else "unreleased"
    path = folder / f"{run.target.app}-{name}.json"
    path.write_text(json.dumps(receipt, indent=2) + "\n")
    return path


def pushed_as(project: Project, app: str, type: str, image: str) -> str | None:
    """The manifest's digest of an image that was released from here; ``image`` is the beginning
    of its configuration's digest, without ``sha256:``.
    """
    for path in (project.state / FOLDER).glob(f"{app}-v*.json"):
        pushed = json.loads(path.read_text())["images"].get(type)
        if pushed and pushed["image"].removeprefix("sha256:").startswith(image):
            return str(pushed["manifest"])
    return None
