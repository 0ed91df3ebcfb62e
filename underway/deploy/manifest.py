"""Method 2, the build manifest: the source goes there, and is built by its heroku.yml."""

from __future__ import annotations

from underway import console, source
from underway.deploy import release
from underway.deploy.run import Line, Run, Step
from underway.errors import BuildFailed, HerokuUnavailable, UsageError
from underway.heroku import Build

FILE = "heroku.yml"
TAIL = 25
RELEASE_PHASE = "Running release command"


def pack(run: Run, line: Line) -> None:
    """Make a tarball of the working tree."""
    run.archive = source.archive(run.project, run.runner)
    console.detail(f"{len(run.archive) / 1e3:.0f} kB of source")


def check(run: Run, line: Line) -> None:
    """See that there is something to build by.

    Raises:
        UsageError: there is not.
    """
    file = run.project.root / FILE
    if not file.is_file():
        raise UsageError(
            f"there is no {FILE} in {run.project.root}.",
            why="it says what is built and run.",
            next="write one, or deploy with --method container",
        )
    console.detail(
        f"{FILE} is there; the image is checked by its release phase and by the verification"
    )


def upload(run: Run, line: Line) -> None:
    """Hand the tarball over."""
    run.source_url = run.heroku.upload_source(run.archive)


def build_and_release(run: Run, line: Line) -> None:
    """Have it built there and released, and follow both.

    Raises:
        Superseded: somebody else has released since the plan was made.
        BuildFailed: the build failed; nothing was released.
        ReleasePhaseFailed: the release phase exited non-zero.
    """
    release.guard(run)
    build = _begin(run, line)
    for text in run.heroku.output(build.stream):
        run.log.append(text)
        line(text)
    build = run.heroku.wait_for_build(build)
    if not build.release_id:
        raise BuildFailed(
            "the platform did not build the image; nothing was released.",
            why="\n".join(text for text in run.log if text.strip())[-3000:],
            next="mend the step above (invoke build builds it here), then invoke deploy again",
        )
    shown = any(RELEASE_PHASE in text for text in run.log)
    release.follow(run, run.heroku.release(build.release_id), line, shown=shown)


def _begin(run: Run, line: Line) -> Build:
    before = run.heroku.newest_build()
    try:
        return run.heroku.create_build(run.source_url, run.facts.commit)
    except HerokuUnavailable:
        # The answer is lost; perhaps the build has begun.
        newest = run.heroku.newest_build()
        if newest is None or (before and newest.id == before.id):
            raise
        if newest.commit != run.facts.commit:
            raise
        line("no answer, but the build has begun")
        return newest


STEPS = (
    Step("build", "Packing the source", pack),
    Step("check", "Checking heroku.yml", check),
    Step("push", "Uploading the source", upload),
    Step("release", "Building there, and releasing", build_and_release),
)
