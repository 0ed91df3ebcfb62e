"""The app's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from underway import console
from underway.command import Runner
from underway.tasks.base import project, remainder, targeted

if TYPE_CHECKING:
    from underway.target import Target


@targeted(tables="list the tables")
def psql(c: Context, target: Target, tables: bool = False) -> None:
    """Open psql on the app's database; words after -- go to it."""
    from underway.heroku import Heroku
    from underway.operations import database

    with Heroku(target) as heroku:
        command = database.psql(project(c), heroku, remainder(), tables=tables)
    raise Exit(code=Runner().attach(command))


@targeted(file="where to write it", force="also over a file that is there already")
def backup(c: Context, target: Target, file: str = "", force: bool = False) -> None:
    """Write all of the app's database into a file, and print the file's name."""
    from underway.heroku import Heroku
    from underway.operations import backup

    with Heroku(target) as heroku:
        written = backup.write(project(c), Runner(), heroku, file=file, force=force)
    console.result(str(written))


@targeted(
    file="what `backup` has written", confirm="the app's name, so that nobody is asked for it"
)
def restore(c: Context, target: Target, file: str = "", confirm: str = "") -> None:
    """Put the app's database back to a backup, once the app's name is typed."""
    from underway.heroku import Heroku
    from underway.operations import backup

    with Heroku(target) as heroku:
        backup.restore(project(c), Runner(), heroku, file=file, confirm=confirm)
