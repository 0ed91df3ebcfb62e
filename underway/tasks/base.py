"""What every task shares: its project, and how it ends when something goes wrong."""

import functools
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, cast

import invoke.tasks
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task

from underway import console
from underway.errors import UnderwayError
from underway.project import Project

INTERRUPTED = 130
Body = Callable[..., None]


def task(**help: str) -> Callable[[Body], "Task[Body]"]:
    """Make a task of a body that may raise UnderwayError or be interrupted.

    The keywords are the help texts of the body's arguments.
    """

    def decorate(body: Body) -> "Task[Body]":
        return cast("Task[Body]", invoke.tasks.task(_guarded(body), help=help))

    return decorate


def project(c: Context) -> Project:
    """The project of the tasks file."""
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
