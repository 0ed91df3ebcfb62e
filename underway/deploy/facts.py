"""What there is before a deploy: here, and on the platform. Read only."""

from __future__ import annotations

from dataclasses import dataclass

from underway import console, source
from underway.command import Runner
from underway.errors import UsageError
from underway.heroku import Addon, App, Heroku, Process, Release
from underway.heroku.client import DYNO_METADATA
from underway.project import Project

NAMED = 3
"""Changed files that a message names."""


@dataclass(frozen=True)
class Facts:
    """The state that a plan is made from."""

    commit: str
    changed: tuple[str, ...]
    """Files that differ from the commit."""
    account: str
    app: App | None
    config: frozenset[str] = frozenset()
    """Names of the config vars."""
    hosts: str = ""
    """ALLOWED_HOSTS."""
    addons: tuple[Addon, ...] = ()
    formation: tuple[Process, ...] = ()
    newest: Release | None = None
    current: Release | None = None
    """The release in service; it has code if ``rollback`` is set."""
    metadata: bool = True
    """Whether dynos know their release."""

    @property
    def version(self) -> int:
        """Of the newest release; 0 where there is none."""
        return self.newest.version if self.newest else 0

    @property
    def serves(self) -> Release | None:
        """The release in service, if it has code."""
        return self.current if self.current and self.current.rollback else None


def observe(project: Project, heroku: Heroku, runner: Runner) -> Facts:
    """Read everything; a build or a release that is under way is waited for."""
    here = source.commit(project, runner), source.changes(project, runner)
    account, app = heroku.account().email, heroku.find_app()
    if app is None:
        return Facts(*here, account, None)
    releases = _settled(heroku)
    config = heroku.config()
    return Facts(
        *here,
        account,
        app,
        config=frozenset(config),
        hosts=config.get("ALLOWED_HOSTS", ""),
        addons=tuple(heroku.addons()),
        formation=tuple(heroku.formation()),
        newest=releases[0] if releases else None,
        current=next((release for release in releases if release.current), None),
        metadata=heroku.feature(DYNO_METADATA) is not False,
    )


def require_commit(facts: Facts) -> None:
    """Refuse files that no commit has.

    Raises:
        UsageError: there are some.
    """
    if facts.changed:
        named = ", ".join(facts.changed[:NAMED]) + (" …" if len(facts.changed) > NAMED else "")
        raise UsageError(
            f"{len(facts.changed)} files differ from the commit: {named}",
            why="what is released to Heroku has a commit, so that it can be found again.",
            next="git add and git commit them, or git stash --include-untracked\n"
            "(the local platform takes them as they are: --local)",
        )


def _settled(heroku: Heroku) -> list[Release]:
    """The newest releases, once no build and no release is under way any more."""
    build = heroku.newest_build()
    if build and build.status == "pending":
        with console.step("Waiting for a build that is still under way"):
            heroku.wait_for_build(build)
    releases = heroku.releases()
    if releases and releases[0].status == "pending":
        with console.step(f"Waiting for {releases[0]}, which is still under way"):
            heroku.wait_for_release(releases[0])
        releases = heroku.releases()
    return releases
