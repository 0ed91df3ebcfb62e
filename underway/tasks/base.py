"""What every task shares: its project, and how it ends when something goes wrong."""

from __future__ import annotations

import functools
import inspect
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import invoke.tasks
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task

from underway import console
from underway.errors import UnderwayError

if TYPE_CHECKING:
    from underway.project import Project
    from underway.target import Target

INTERRUPTED = 130
Body = Callable[..., None]


def task(**help: str) -> Callable[[Body], "Task[Body]"]:
    """Make a task of a body that may raise UnderwayError or be interrupted.

    The keywords are the help texts of the body's arguments.
    """

    def decorate(body: Body) -> "Task[Body]":
        return cast("Task[Body]", invoke.tasks.task(_guarded(body), help=help))

    return decorate


def targeted(**help: str) -> Callable[[Body], "Task[Body]"]:
    """Make a task of a body that acts on an app.

    In place of ``target``, its second parameter, the task has the three options that choose one.
    """

    def decorate(body: Body) -> "Task[Body]":
        first, _, *others = inspect.signature(body).parameters.values()

        @functools.wraps(body)
        def chosen(
            c: Context, *args: Any, app: str = "", to: str = "", local: bool = False, **kwargs: Any
        ) -> None:
            body(c, target(c, app=app, to=to, local=local), *args, **kwargs)

        options = [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
            for name, default in (("app", ""), ("to", ""), ("local", False))
        ]
        parameters = [first, *others, *options]
        chosen.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return task(**help, **WHERE)(chosen)

    return decorate


WHERE = {
    "app": "app on Heroku to act on; left out: HEROKU_APP_NAME, or the one of pyproject.toml",
    "to": "environment of pyproject.toml to act on, such as staging",
    "local": "act on the local platform, also where an app on Heroku is named",
}


def target(c: Context, *, app: str = "", to: str = "", local: bool = False) -> Target:
    """Where to act, said in a line; the local platform is started where it is meant.

    Raises:
        UsageError: there is no such environment, or the name is none.
        Unauthorized: there is no token for Heroku.
        PlatformFailed: the local platform does not start.
    """
    from underway import target as targets
    from underway.project import check_app_name

    here = project(c)
    name, on_platform = targets.choose(here, app=app, to=to, local=local)
    check_app_name(name)
    if on_platform:
        console.say(f"→ {name} on the local platform")
        return on_local_platform(here, name)
    chosen = targets.on_heroku(name)
    console.say(f"→ {chosen}")
    return chosen


def on_local_platform(here: Project, name: str) -> Target:
    """An app on the local platform, which is started where it does not run.

    Raises:
        PlatformFailed: it does not start.
    """
    import shlex

    from underway.platform import supervisor
    from underway.platform.settings import Settings
    from underway.secret import Secret
    from underway.target import Target

    folder = here.state / "platform"
    if not supervisor.status(folder).running:
        with console.step("Starting the local platform"):
            supervisor.ensure(folder)
    ports, token = Settings.load(folder).ports, folder / "token"
    return Target(
        app=name,
        local=True,
        api=f"http://127.0.0.1:{ports.api}",
        registry=f"http://127.0.0.1:{ports.registry}",
        token=Secret(token.read_text().strip()),
        authority=folder / "authority" / "ca.pem",
        credentials=f"cat {shlex.quote(str(token))}",
        options="" if name == here.name and not here.app else f" --local --app {name}",
    )


def project(c: Context) -> Project:
    """The project of the tasks file."""
    from underway.project import Project

    return Project.load(Path(c.config.project_root))


def remainder() -> tuple[str, ...]:
    """What stands after ``--``, word for word: Invoke's own remainder has lost the quoting."""
    words = sys.argv
    return tuple(words[words.index("--") + 1 :]) if "--" in words else ()


def _guarded(body: Body) -> Body:
    @functools.wraps(body)
    def guarded(*args: Any, **kwargs: Any) -> None:
        # A CI job that is cancelled gets SIGTERM: it is to clean up as Ctrl-C does.
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            body(*args, **kwargs)
        except UnderwayError as error:
            console.error(error)
            raise Exit(code=error.exit_code) from error
        except KeyboardInterrupt:
            console.say("stopped.")
            raise Exit(code=INTERRUPTED) from None

    return guarded


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
