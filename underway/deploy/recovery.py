"""After a release that does not serve: back to the one before, and seen to serve."""

from __future__ import annotations

from underway import console
from underway.deploy import diagnosis, release, verify
from underway.deploy.run import Run
from underway.errors import (
    ReleasePhaseFailed,
    RollbackFailed,
    UnderwayError,
    UsageError,
    VerificationFailed,
)
from underway.heroku import Release

HISTORY = 200


def ask_old(run: Run, failure: ReleasePhaseFailed) -> UnderwayError:
    """See that the release which was kept in service does serve; the failure, with that known."""
    before = run.facts.serves
    if before is None:
        return failure
    try:
        with console.step(f"Looking whether {before} still serves"):
            verify.serves(run, before)
    except UnderwayError as error:
        return RollbackFailed(
            failure.what,
            why=f"{failure.why}\nbut it does not serve: {error.what}",
            next=f"invoke status{run.target.options}",
        )
    return ReleasePhaseFailed(
        failure.what, why=f"{failure.why} It was asked: {before} still serves.", next=failure.next
    )


def recover(run: Run, failure: VerificationFailed) -> VerificationFailed:
    """Say why, go back to the release before, and return the failure with all that is known.

    Raises:
        RollbackFailed: the release before does not serve either, or there is none.
    """
    assert run.release is not None
    found = diagnosis.examine(run.heroku, run.release, str(failure))
    reasons = "\n".join(filter(None, [failure.why, str(found)]))
    before = run.facts.serves
    if before is None:
        raise RollbackFailed(
            f"{run.release} does not serve: {failure.what}",
            why=f"{reasons}\nthere is no release with code to go back to; it stays in service.",
            next=f"mend the cause, then invoke deploy{run.target.options} again",
        )
    try:
        back = to(run, before)
    except UnderwayError as error:
        raise RollbackFailed(
            f"{run.release} does not serve, and {before} is not back in service.",
            why=f"{failure.what}\n{reasons}\nthen: {error.what}\n{error.why}",
            next=f"invoke status{run.target.options}",
        ) from error
    return VerificationFailed(
        f"{run.release} does not serve: {failure.what}",
        why="\n".join(
            filter(
                None,
                [reasons, f"{back} puts {before} back in service; it answers.", _migrated(run)],
            )
        ),
        next=failure.next or f"mend the cause, then invoke deploy{run.target.options} again",
    )


def find(run: Run, version: int) -> Release:
    """The release to go back to: of that version, or else the one before the one in service.

    Raises:
        UsageError: there is none, or the app cannot return to it.
    """
    releases = run.heroku.releases(HISTORY)
    current = run.facts.current
    for found in releases:
        if version and found.version != version:
            continue
        if not version and (current is None or found.version >= current.version):
            continue
        if found.rollback:
            return found
        if version:
            break
    wanted = f"v{version}" if version else "a release before the one in service"
    raise UsageError(
        f"{run.target.app} cannot go back to {wanted}.",
        why="it never was in service with code, or does not exist.",
        next=f"invoke releases{run.target.options}",
    )


def to(run: Run, before: Release) -> Release:
    """Put an earlier release back in service; the release that does it, seen to serve.

    Raises:
        ReleasePhaseFailed: its release phase exited non-zero.
        VerificationFailed: it does not serve.
    """
    with console.step(f"Rolling back to {before}") as line:
        made = run.heroku.roll_back(before)
        current = run.release
        release.follow(run, made, line)
        back, run.release = run.release, current
        assert back is not None
        verify.serves(run, back)
    return back


def _migrated(run: Run) -> str:
    applied = diagnosis.migrations(run.log)
    if not applied:
        return ""
    app, _, name = applied[0].partition(".")
    return (
        f"the database stays migrated: {', '.join(applied)}. The code that serves now was written"
        " for the schema before; where that matters,"
        f" invoke exec -- python manage.py migrate {app} (the one before {name}) undoes it,"
        " with the code that has these migrations in service."
    )
