"""The maintenance page, which visitors get instead of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from underway import console
from underway.tasks.base import targeted

if TYPE_CHECKING:
    from underway.target import Target


@targeted()
def show(c: Context, target: Target) -> None:
    """Print whether visitors get the maintenance page: on or off."""
    from underway.heroku import Heroku
    from underway.operations import apps

    with Heroku(target) as heroku:
        console.result(apps.maintenance(heroku))


@targeted()
def on(c: Context, target: Target) -> None:
    """Let visitors get the maintenance page."""
    from underway.heroku import Heroku
    from underway.operations import apps

    with Heroku(target) as heroku:
        console.result(apps.maintenance(heroku, on=True))


@targeted()
def off(c: Context, target: Target) -> None:
    """Let visitors get the app again."""
    from underway.heroku import Heroku
    from underway.operations import apps

    with Heroku(target) as heroku:
        console.result(apps.maintenance(heroku, on=False))
