"""What the user sees: messages and progress on standard error, data on standard output.

On a terminal a step spins while it runs; anywhere else, and with CI or TERM=dumb set, it is two
plain lines. Colour follows NO_COLOR.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from underway.errors import UnderwayError, UsageError


def say(text: str) -> None:
    """One message."""
    print(text, file=sys.stderr, flush=True)


def detail(text: str) -> None:
    """A message about the step under way; it stays when the step's own output is hidden."""
    say(f"  {text}")


def result(value: str) -> None:
    """What the task is for; the only thing that goes to standard output."""
    print(value, flush=True)


def result_json(value: Any) -> None:
    """The same for programs."""
    print(json.dumps(value, indent=2), flush=True)


def error(failure: UnderwayError) -> None:
    """What went wrong, why, and what to do next."""
    say(f"{_style('error:', '1;31')} {failure}")


def confirm(question: str, yes: bool, flag: str) -> None:
    """Go on only when the user agrees: by ``yes``, or at the terminal.

    Raises:
        UsageError: nobody can be asked; ``flag`` is what agrees without a terminal.
        KeyboardInterrupt: the user does not agree.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(question, why="there is no terminal to ask at.", next=f"add {flag}")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise KeyboardInterrupt


def confirm_name(name: str, given: str) -> None:
    """Go on only when the user has typed the name: in ``given``, or at the terminal.

    Raises:
        UsageError: it is another name, or nobody can be asked.
    """
    if not given and sys.stdin.isatty():
        print(f"Type {name} to go on: ", end="", file=sys.stderr, flush=True)
        given = sys.stdin.readline().strip()
    elif not given:
        raise UsageError(
            f"nothing was done: this wants the name {name} as its confirmation.",
            why="there is no terminal to ask at.",
            next=f"add --confirm {name}",
        )
    if given != name:
        raise UsageError(f"nothing was done: {given!r} is not {name}.")


def good(text: str) -> str:
    """The text in green, where there is colour."""
    return _style(text, "32")


def bad(text: str) -> str:
    """The text in red, where there is colour."""
    return _style(text, "31")


def warn(text: str) -> str:
    """The text in yellow, where there is colour."""
    return _style(text, "33")


def animated() -> bool:
    """Whether progress may redraw itself: a terminal, and not a CI job's."""
    return sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


@contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """A piece of work that takes a while: says that it began, and how long it took.

    Yields a function that takes the work's own output, line by line. On a terminal only the
    newest line shows, and all of them when the work fails. A step within a step is one of the
    outer one's lines.
    """
    if _outer:
        _outer[-1](f"{title} …")
        yield _outer[-1]
        return
    started = time.monotonic()
    with _progress(title) as line:
        _outer.append(line)
        try:
            yield line
        finally:
            _outer.pop()
    say(f"{good('✓')} {title} ({time.monotonic() - started:.1f} s)")


_outer: list[Callable[[str], None]] = []
"""The step under way, if there is one."""


@contextmanager
def _progress(title: str) -> Iterator[Callable[[str], None]]:
    if animated():
        with _spinner(title) as line:
            yield line
    else:
        say(f"{title} …")
        yield detail


@contextmanager
def _spinner(title: str) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.markup import escape

    hidden: list[str] = []
    terminal = Console(stderr=True)
    with terminal.status(escape(title)) as status:

        def line(text: str) -> None:
            hidden.append(text)
            newest = text[: max(terminal.width - len(title) - 8, 20)]
            status.update(f"{escape(title)} [dim]{escape(newest)}[/dim]")

        try:
            yield line
        except BaseException:
            status.stop()
            for text in hidden:
                say(f"  {text}")
            raise


def _style(text: str, code: str) -> str:
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{code}m{text}\x1b[0m"
