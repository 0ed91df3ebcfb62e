"""An app's log, as its dynos, the router and the platform write it."""

from __future__ import annotations

from underway import console
from underway.errors import HerokuUnavailable
from underway.heroku import Heroku
from underway.operations.options import number


def newest(heroku: Heroku, *, lines: str, dyno: str, source: str, tail: bool) -> None:
    """Print the newest lines, oldest first; with ``tail`` each new one, until Ctrl-C.

    Raises:
        UsageError: ``lines`` is no number.
        NotFound: there is no such app.
        HerokuUnavailable: the stream of new lines broke.
    """
    for line in heroku.logs(number(lines, "--lines"), dyno=dyno, source=source, tail=tail):
        console.result(line)
    if tail:
        raise HerokuUnavailable(
            "the log ended.", why="its stream was closed at the other end.", next="try again"
        )


def release_phase(heroku: Heroku, version: str) -> None:
    """Print what the release phase of a release has said; while it runs, as it comes.

    Raises:
        UsageError: that is no version.
        NotFound: there is no such release.
    """
    release = heroku.release(number(version, "--release"))
    if not release.stream:
        console.say(f"{release} has no release phase: there is nothing to show.")
        return
    for line in heroku.output(release.stream, wait=release.status == "pending"):
        console.result(line)
