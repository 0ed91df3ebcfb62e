"""From one app to another: the very images that serve there, copied by digest."""

from __future__ import annotations

import re
from dataclasses import replace

from underway import console
from underway.deploy import receipt, release
from underway.deploy.run import Line, Run, Step
from underway.errors import UsageError
from underway.heroku import Heroku, Release
from underway.push import Pushed
from underway.registry import Manifest

DEPLOYED = re.compile(r"([\w-]+) \(([0-9a-f]{12})\)")
"""A process type, and the beginning of its image's digest, in a release's description."""
ROLLBACK = re.compile(r"Rollback to v(\d+)")
HISTORY = 200


def resolve(run: Run, line: Line) -> None:
    """Find out which images are in service there.

    Raises:
        UsageError: nothing is, or not from the container registry, or no longer in it.
    """
    source = run.options.source
    with Heroku(replace(run.target, app=source)) as heroku:
        releases = {found.version: found for found in heroku.releases(HISTORY)}
    images = _images(source, releases)
    for type, digest in images.items():
        manifest = _find(run, source, type, digest)
        run.pushed.append(Pushed(type, f"{run.target.app}/{type}", manifest, sent=0))
        console.detail(f"{type}: {manifest.config_digest[:19]}")


def check(run: Run, line: Line) -> None:
    """See that they are what Heroku runs: the registry says so of each."""
    for pushed in run.pushed:
        source = f"{run.options.source}/{pushed.type}"
        run.registry.released(source, pushed.manifest.digest)


def copy(run: Run, line: Line) -> None:
    """Have them in the app's own repositories, byte for byte."""
    for pushed in run.pushed:
        source = f"{run.options.source}/{pushed.type}"
        run.registry.copy(source, pushed.repository, pushed.manifest.digest, line)


def _images(app: str, releases: dict[int, Release]) -> dict[str, str]:
    """The images of the release in service, by process type: beginnings of digests."""
    version = next((v for v, found in releases.items() if found.current), 0)
    while found := releases.get(version):
        if back := ROLLBACK.match(found.description):
            version = int(back[1])
        elif found.description.startswith("Deployed "):
            return dict(DEPLOYED.findall(found.description))
        else:
            version -= 1
    raise UsageError(
        f"{app} runs no image from the container registry.",
        why="what Heroku has built from a heroku.yml cannot be copied.",
        next=f"invoke deploy --app {app} --method container",
    )


def _find(run: Run, source: str, type: str, digest: str) -> Manifest:
    """The manifest of an image of which the digest's beginning is known.

    It is the newest one pushed, unless that one failed or was rolled back: then the receipt of
    the deploy that made it is asked.
    """
    repository = f"{source}/{type}"
    newest = run.registry.manifest(repository)
    if newest and newest.config_digest.removeprefix("sha256:").startswith(digest):
        return newest
    known = receipt.pushed_as(run.project, source, type, digest)
    found = run.registry.manifest(repository, known) if known else None
    if found is None:
        raise UsageError(
            f"the image that {source} runs as {type} ({digest}) is not the newest one pushed.",
            why="a later push has failed or was rolled back, and there is no receipt of this one"
            " here.",
            next=f"invoke deploy --app {source}, then promote that",
        )
    return found


STEPS = (
    Step("build", "Looking up what is in service", resolve),
    Step("check", "Checking the images", check),
    Step("push", "Copying", copy),
    Step("release", "Releasing", release.images),
)
