"""What is waited for many times a day: whole processes, from their start to their end."""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from bench import figures, surroundings
from bench.figures import Figure
from tests.checkout import ROOT
from underway.command import Command, Runner

BARE = Path(__file__).parent / "bare_tasks.py"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
UNIT = ("lint", "types", f"tests(python='{PYTHON}', django='5.2')")
"""The sessions of ``bin/nox`` that check code, not images or deploys; of one Python."""


def listing(rounds: int) -> list[Figure]:
    """``invoke --list`` beside that of a tasks file of three tasks, without the library."""
    with tempfile.TemporaryDirectory(prefix="underway-bench-") as folder:
        (Path(folder) / "tasks.py").write_text(BARE.read_text())
        invoke = str(ROOT / ".venv" / "bin" / "invoke")
        here = partial(seconds, [str(ROOT / "bin" / "invoke"), "--list"], Path(folder))
        bare = partial(seconds, [invoke, "--list"], Path(folder))
        # They take a tenth of a second: there is time for many rounds.
        taken = figures.pair(10 * rounds, here, bare)
    return [Figure("invoke --list", "s", *taken, against="a bare tasks.py", goal="ratio <= 1.5")]


def nox(rounds: int) -> list[Figure]:
    """``bin/nox`` in a fresh checkout, with no cache of any package, and again."""
    with surroundings.checkout() as made:
        with tempfile.TemporaryDirectory(prefix="underway-bench-") as cache:
            argv = [str(made.root / "bin" / "nox"), "--session", *UNIT]
            once = partial(seconds, argv, made.root, XDG_CACHE_HOME=cache)
            first = (once(),)
            (again,) = figures.rounds(rounds, once, warm_up=False)
    name = "bin/nox again, nothing changed, unit part"
    return [Figure(name, "s", again, first, against="the first run", goal="ratio < 0.1")]


def seconds(argv: list[str], folder: Path, **env: str) -> float:
    """How long a program takes, from its start to its end.

    Raises:
        CommandFailed: it exited non-zero.
    """
    started = time.monotonic()
    Runner().capture(Command(tuple(argv), env=env, cwd=folder))
    return time.monotonic() - started
