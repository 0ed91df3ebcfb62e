"""From another registry: the image that a pipeline has built, booted and tested, copied as it is.

No engine is needed: what had to be seen of the image by running it was seen where it was built.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from underway import console
from underway.bearer import RegistryAuth
from underway.deploy import container, release
from underway.deploy.run import Line, Run, Step
from underway.errors import UsageError
from underway.push import Pushed
from underway.registry import ARCHITECTURE, Registry


def look_up(run: Run, line: Line) -> None:
    """Find the image by its digest, of a kind and for a processor that Heroku runs.

    Raises:
        UsageError: the reference names no digest.
        PushFailed: it is not there, or Heroku would not run it.
    """
    with _origin(run) as (origin, repository, digest):
        manifest = origin.shippable(repository, digest)
    run.pushed.append(Pushed("web", f"{run.target.app}/web", manifest, sent=0))
    console.detail(f"web: {manifest.config_digest[:19]}")


def check(run: Run, line: Line) -> None:
    """Say what ships; that it boots was seen in the job that has built it."""
    [web] = run.pushed
    console.detail(f"linux/{ARCHITECTURE}, {web.manifest.size / 1e6:.0f} MB compressed")


def copy(run: Run, line: Line) -> None:
    """Have it in the app's own repository, and those of the other process types made of it."""
    web = run.pushed.pop()
    with _origin(run) as (origin, repository, digest):
        run.registry.copy(repository, web.repository, digest, line, origin)
    container.derive_others(run, web)


@contextmanager
def _origin(run: Run) -> Iterator[tuple[Registry, str, str]]:
    """The registry that has the image, and its repository and digest there."""
    name, _, digest = run.options.source.partition("@")
    host, _, repository = name.partition("/")
    if not digest or not repository:
        raise UsageError(
            f"{run.options.source} is no image with a digest.",
            why="a tag may mean another image by now.",
            next="give it as HOST/REPOSITORY@sha256:…",
        )
    auth = RegistryAuth(run.options.login) if run.options.login else None
    with Registry.at(host, auth) as origin:
        yield origin, repository, digest


STEPS = (
    Step("build", "Looking up the image", look_up),
    Step("check", "Checking the image", check),
    Step("push", "Copying", copy),
    Step("release", "Releasing", release.images),
)
