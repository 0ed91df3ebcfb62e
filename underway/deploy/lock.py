"""One deploy of an app at a time, as far as one machine's checkout can see."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from underway.errors import Superseded
from underway.project import Project


@contextmanager
def held(project: Project, app: str) -> Iterator[None]:
    """Be the only deploy of this app from this checkout, for as long as the block runs.

    The kernel gives the lock back when its holder ends, however it ends.

    Raises:
        Superseded: another one runs.
    """
    with (project.state / f"deploy-{app}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Superseded(
                f"another deploy of {app} runs from this checkout (process {file.read()}).",
                why="two at once would build, push and release over each other.",
                next="wait until it has ended, then invoke deploy",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
