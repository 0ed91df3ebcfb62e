"""What leads git and docker to the app, for those who want to use them by themselves."""

from __future__ import annotations

from urllib.parse import urlsplit

from underway import console
from underway.command import Command, ProgramMissing, Result, Runner
from underway.errors import CommandFailed, UsageError
from underway.heroku import Heroku
from underway.project import Project
from underway.target import Target

USER = "_"
"""Heroku takes any user; the token is the password."""


def add(project: Project, runner: Runner, heroku: Heroku, name: str) -> str:
    """Let a git remote lead to the app, and git ask for the token itself; the remote's address.

    Git is told where to ask, never the token: it is in no file and no address.

    Raises:
        UsageError: the project is no git repository.
        NotFound: there is no such app.
    """
    url = heroku.app().git_url
    git = Git(project, runner)
    before = git.setting(f"remote.{name}.url")
    if before != url:
        git.run("remote", *(("set-url",) if before else ("add",)), name, url)
    if before and before != url:
        git.forget(f"credential.{before}")
    ask = f"credential.{url}"
    git.set(f"{ask}.username", USER)
    # An empty helper first: none of the user's own is asked, or gets the token to keep.
    git.set(f"{ask}.helper", "", helper(heroku.target))
    console.say(f"git push {name} main  deploys what is committed to {heroku.target}.")
    return url


def helper(target: Target) -> str:
    """The shell function that git asks for the token; where there is none, git asks the user."""
    return (
        f'!f() {{ test "$1" = get && token="$({target.credentials})" && test -n "$token" '
        "&& printf 'password=%s\\n' \"$token\"; }; f"
    )


def login(runner: Runner, target: Target) -> str:
    """Let docker push to the app's registry; the repository that images go to.

    Raises:
        CommandFailed: docker is not installed, or the registry does not accept the token.
    """
    place = urlsplit(target.registry).netloc
    argv = ("docker", "login", f"--username={USER}", "--password-stdin", place)
    try:
        runner.capture(Command(argv, stdin=target.token))
    except ProgramMissing:
        raise
    except CommandFailed as error:
        raise CommandFailed(f"docker could not log in at {place}.", why=error.why) from None
    console.say(f"{console.good('✓')} docker may push to {place}; docker logout {place} undoes it.")
    return f"{target.repository}/web"


class Git:
    """The project's git repository."""

    def __init__(self, project: Project, runner: Runner) -> None:
        self._root, self._runner = project.root, runner
        inside = self._capture("rev-parse", "--is-inside-work-tree")
        if inside.code != 0:
            raise UsageError(
                f"{project.root} is no git repository.",
                why=inside.stderr.strip() or "git is not installed.",
                next="git init, then commit",
            )

    def setting(self, key: str) -> str:
        """A setting of this repository; empty where there is none."""
        return self._capture("config", "--local", "--get", key).stdout.strip()

    def set(self, key: str, *values: str) -> None:
        """Give a setting these values, in place of all that it has."""
        first, *others = values
        self.run("config", "--local", "--replace-all", key, first)
        for value in others:
            self.run("config", "--local", "--add", key, value)

    def forget(self, section: str) -> None:
        """Remove a section of the settings, where there is one."""
        self._capture("config", "--local", "--remove-section", section)

    def run(self, *words: str) -> None:
        """Let git do something."""
        self._runner.capture(self._command(*words))

    def _capture(self, *words: str) -> Result:
        return self._runner.capture(self._command(*words), check=False)

    def _command(self, *words: str) -> Command:
        return Command(("git", *words), cwd=self._root)
