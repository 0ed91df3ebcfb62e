"""Config vars: values come from standard input or a file, and are shown to nobody unasked."""

from __future__ import annotations

import getpass
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from underway import console
from underway.errors import UsageError
from underway.heroku import Heroku, NotFound
from underway.operations import dotenv
from underway.operations.options import required
from underway.operations.table import render

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RANDOM_BYTES = 50
"""Makes a text of 67 characters."""
HIDDEN = "[hidden]"


def table(names: list[str]) -> str:
    """For people: the names, without their values."""
    return render(("name", "value"), [(name, HIDDEN) for name in names])


def get(heroku: Heroku, name: str) -> str:
    """One value.

    Raises:
        UsageError: no name was given.
        NotFound: it is not set.
    """
    wanted = _checked(name)
    try:
        return heroku.config()[wanted]
    except KeyError:
        raise NotFound(f"{wanted} is not set on {heroku.target}.", next="invoke config") from None


def put(heroku: Heroku, *, name: str = "", file: str = "", generate: bool = False) -> None:
    """Set one config var, or all of a file; what has its value already makes no release.

    Raises:
        UsageError: it is not clear which, or the file or the value cannot be used.
    """
    if bool(name) == bool(file) or (file and generate):
        raise UsageError(
            "what is to be set?",
            why="it is one variable (--name), or those of a file (--file).",
            next="invoke config.set --name API_KEY < file-with-the-value\n"
            "invoke config.set --name SECRET_KEY --generate\n"
            "invoke config.set --file .env",
        )
    if file:
        change(heroku, dotenv.read(Path(file)))
    elif not generate:
        change(heroku, {_checked(name): _given(name)})
    elif _checked(name) in heroku.config():
        console.say(f"{name} is set already and stays as it is; unset it first to have a new one.")
    else:
        change(heroku, {name: random_value()})


def unset(heroku: Heroku, name: str) -> None:
    """Remove one config var, where it is set.

    Raises:
        UsageError: no name was given.
    """
    change(heroku, {_checked(name): None})


def random_value() -> str:
    """A value that nobody can guess, fit for SECRET_KEY."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def change(heroku: Heroku, wanted: Mapping[str, str | None]) -> None:
    """Set and, with None, unset; what is so already is left out, and said."""
    now = heroku.config()
    changes = {name: value for name, value in wanted.items() if now.get(name) != value}
    if same := [name for name in wanted if name not in changes]:
        console.say(f"already so: {', '.join(same)}")
    if not changes:
        console.say("nothing has changed: no release was made.")
        return
    heroku.set_config(changes)
    for verb, names in (
        ("set", [name for name, value in changes.items() if value is not None]),
        ("unset", [name for name, value in changes.items() if value is None]),
    ):
        if names:
            console.say(f"{console.good('✓')} {verb}: {', '.join(names)}")
    console.say(f"that made {heroku.releases(1)[0]}; the dynos restart with it.")


def _checked(name: str) -> str:
    if not NAME.fullmatch(required(name, "--name", "SECRET_KEY")):
        raise UsageError(
            f"{name!r} is no name for a variable.", why="letters, digits and _, no digit first."
        )
    return name


def _given(name: str) -> str:
    if sys.stdin.isatty():
        value = getpass.getpass(f"{name} (not shown): ", stream=sys.stderr)
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        raise UsageError(
            f"there is no value for {name}.",
            why="standard input is empty.",
            next=f'printf %s "$VALUE" | invoke config.set --name {name}\n'
            f"(to remove it: invoke config.unset --name {name})",
        )
    return value
