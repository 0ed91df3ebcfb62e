"""The app's config vars; only `config.get` shows a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from underway import console
from underway.tasks.base import targeted

if TYPE_CHECKING:
    from underway.target import Target


@targeted(json="print the names as JSON")
def list(c: Context, target: Target, json: bool = False) -> None:
    """List the app's config vars, with their values hidden."""
    from underway.heroku import Heroku
    from underway.operations import config

    with Heroku(target) as heroku:
        names = sorted(heroku.config())
    console.result_json(names) if json else console.result(config.table(names))


@targeted(name="the variable")
def get(c: Context, target: Target, name: str = "") -> None:
    """Print the value of one config var."""
    from underway.heroku import Heroku
    from underway.operations import config

    with Heroku(target) as heroku:
        console.result(config.get(heroku, name))


@targeted(
    name="the variable; its value comes from standard input, or a hidden prompt",
    file="file of NAME=value lines to set instead, such as .env",
    generate="let its value be a long random one, unless it is set already",
)
def set(c: Context, target: Target, name: str = "", file: str = "", generate: bool = False) -> None:
    """Set a config var from standard input, or all of a file; makes a release."""
    from underway.heroku import Heroku
    from underway.operations import config

    with Heroku(target) as heroku:
        config.put(heroku, name=name, file=file, generate=generate)


@targeted(name="the variable")
def unset(c: Context, target: Target, name: str = "") -> None:
    """Remove a config var; makes a release."""
    from underway.heroku import Heroku
    from underway.operations import config

    with Heroku(target) as heroku:
        config.unset(heroku, name)
