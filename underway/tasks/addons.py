"""The app's add-ons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from underway import console
from underway.tasks.base import targeted

if TYPE_CHECKING:
    from underway.target import Target


@targeted(json="print them as JSON")
def list(c: Context, target: Target, json: bool = False) -> None:
    """List the app's add-ons, and the config vars that they set."""
    from underway.heroku import Heroku
    from underway.operations import addons

    with Heroku(target) as heroku:
        found = heroku.addons()
    rows = [addons.as_dict(addon) for addon in found]
    console.result_json(rows) if json else console.result(addons.table(found))


@targeted(
    plan="service and plan, such as heroku-postgresql:essential-0",
    name="what it is attached as: DATABASE sets DATABASE_URL",
    yes="do not ask before Heroku bills it",
)
def create(c: Context, target: Target, plan: str = "", name: str = "", yes: bool = False) -> None:
    """Add an add-on, unless there is such a one, wait until it is ready, and print its name."""
    from underway.heroku import Heroku
    from underway.operations import addons

    with Heroku(target) as heroku:
        console.result(addons.create(heroku, plan=plan, name=name, yes=yes).name)


@targeted(
    name="the add-on, or what it is attached as",
    confirm="the app's name, so that nobody is asked for it",
)
def remove(c: Context, target: Target, name: str = "", confirm: str = "") -> None:
    """Remove an add-on with all data in it, once the app's name is typed."""
    from underway.heroku import Heroku
    from underway.operations import addons

    with Heroku(target) as heroku:
        addons.remove(heroku, name=name, confirm=confirm)
