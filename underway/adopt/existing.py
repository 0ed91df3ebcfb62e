"""The user's own files: what is appended to some, and what the others, which are kept, lack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from underway.adopt import found, rendering
from underway.adopt.found import Found
from underway.adopt.plan import Change, recorded
from underway.checks.finding import Finding

NEVER_SENT = (".git", ".underway", "**/.env*")
"""What a .dockerignore has to keep from the engine."""
LACKS = {
    ".gitlab-ci.yml": "it does not deploy; pipeline.build and pipeline.deploy do",
    "heroku.yml": "--method manifest builds what it says: it wants build.docker.web with dockerfile"
    " {dockerfile} and target production, and a release command",
    "app.json": "review apps and Heroku's button read it: it wants the stack container",
    "gunicorn.conf.py": "the web server reads it: it wants wsgi_app {application}, keepalive 95 and"
    " graceful_timeout 25",
    "tasks.py": "invoke does not know Underway's tasks; the command underway does",
}


def appended(root: Path, known: Found) -> dict[str, str]:
    """Lines for the end of files that may be the user's, by path; empty: nothing is missing."""
    lines = {"pyproject.toml": ""}
    if "underway" not in found.manifest(root).get("tool", {}):
        lines["pyproject.toml"] = rendering.tables(known)
    there = root / ".dockerignore"
    if there.exists() and there.name not in recorded(root):
        has = there.read_text().splitlines()
        missing = [pattern for pattern in NEVER_SENT if pattern not in has]
        lines[there.name] = "".join(f"{pattern}\n" for pattern in missing)
    return lines


def notes(root: Path, known: Found, changes: tuple[Change, ...]) -> Iterator[Finding]:
    """What each file that is kept lacks."""
    if (root / "Procfile").exists():
        yield Finding(
            "Procfile",
            "note",
            "there is one; Heroku does not read it where dynos run an image.",
            "web and release are the image's own commands; what else it names is in"
            " [tool.underway.processes].",
        )
    values = {"dockerfile": known.dockerfile, "application": known.application}
    for change in changes:
        if change.state == "yours" and change.path in LACKS:
            lacks = LACKS[change.path].format(**values)
            yield Finding(change.path, "note", "there is one already; it is kept.", lacks)
    if known.dockerfile != "Dockerfile":
        what = f"there is one already; it is kept, and {known.dockerfile} is written beside it."
        yield Finding("Dockerfile", "note", what)
