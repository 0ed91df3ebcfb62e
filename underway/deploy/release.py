"""Making a release, and following it until it is in service."""

from __future__ import annotations

from underway import console
from underway.deploy.run import Line, Run
from underway.errors import HerokuUnavailable, ReleasePhaseFailed, Superseded
from underway.heroku import Release

TAIL = 20


def images(run: Run, line: Line) -> None:
    """Release the pushed images of all process types, in one call.

    Raises:
        Superseded: somebody else has released since the plan was made.
        ReleasePhaseFailed: the release phase exited non-zero.
    """
    guard(run)
    digests = {pushed.type: pushed.manifest.config_digest for pushed in run.pushed}
    try:
        run.heroku.release_images(digests)
    except HerokuUnavailable:
        # The answer is lost; perhaps the release is there.
        if not (made := _newer(run)):
            raise
        line(f"no answer, but {made[0]} was made")
    made = _newer(run)
    if not made:
        raise HerokuUnavailable(
            "the images were accepted, but there is no new release.",
            next="invoke releases, then invoke deploy again",
        )
    follow(run, made[0], line)


def guard(run: Run) -> None:
    """Refuse to go on where the newest release is not the one that the plan was made for.

    Raises:
        Superseded: it is another.
    """
    if made := _newer(run):
        raise Superseded(
            f"{made[-1].user} made {made[-1]} since this deploy was planned"
            f" ({made[-1].description}).",
            why="releasing now would undo that unseen. Nothing was released.",
            next="invoke deploy plans anew",
        )


def follow(run: Run, release: Release, line: Line, *, shown: bool = False) -> None:
    """Show the release phase as it goes, and return once the release is in service.

    With ``shown`` its output has been shown already, by the build.

    Raises:
        ReleasePhaseFailed: it exited non-zero; the release before still serves.
    """
    run.release = release
    console.detail(f"{release}: {release.description}")
    if release.stream:
        # Also of one that has ended already: its output says why.
        for text in run.heroku.output(release.stream, wait=release.status == "pending"):
            run.log.append(text)
            if not shown:
                line(text)
    run.release = release = run.heroku.wait_for_release(release)
    if release.status != "succeeded":
        before = run.facts.serves
        serving = f"{before} stays in service." if before else "nothing is in service yet."
        raise ReleasePhaseFailed(
            f"{release} was not put in service: its release phase {release.status}.",
            why="\n".join([*run.log[-TAIL:], serving]),
            next=f"invoke logs --release {release.version}{run.target.options}",
        )


def _newer(run: Run) -> list[Release]:
    """Releases that came after the last one known, oldest first."""
    return [r for r in reversed(run.heroku.releases()) if r.version > run.expected]
