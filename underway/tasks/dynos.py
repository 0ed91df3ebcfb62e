"""What runs: dynos, commands in them, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from underway import console
from underway.tasks.base import remainder, targeted

if TYPE_CHECKING:
    from underway.target import Target


@targeted(json="print them as JSON")
def ps(c: Context, target: Target, json: bool = False) -> None:
    """List the app's dynos."""
    from underway.heroku import Heroku
    from underway.operations import dynos

    with Heroku(target) as heroku:
        found = heroku.dynos()
    rows = [dynos.as_dict(dyno) for dyno in found]
    console.result_json(rows) if json else console.result(dynos.table(found))


@targeted(yes="do not ask before the bill grows", json="print the formation as JSON")
def scale(c: Context, target: Target, yes: bool = False, json: bool = False) -> None:
    """Print how many dynos of what size there are, changed first: invoke scale -- web=2."""
    from underway.heroku import Heroku
    from underway.operations import dynos

    with Heroku(target) as heroku:
        formation = dynos.scale(heroku, remainder(), yes=yes)
    rows = [dynos.process_as_dict(process) for process in formation]
    console.result_json(rows) if json else console.result(dynos.formation_table(formation))


@targeted(dyno="one dyno, such as web.1, or all of a type, such as web; left out: all")
def restart(c: Context, target: Target, dyno: str = "") -> None:
    """Restart the app's dynos."""
    from underway.heroku import Heroku
    from underway.operations import dynos

    with Heroku(target) as heroku:
        dynos.restart(heroku, dyno)


@targeted()
def exec(c: Context, target: Target) -> None:
    """Run a command in a one-off dyno: invoke exec -- python manage.py shell."""
    from underway.heroku import Heroku
    from underway.operations import dynos

    with Heroku(target) as heroku:
        raise Exit(code=dynos.run(heroku, remainder()))


@targeted()
def migrate(c: Context, target: Target) -> None:
    """Migrate the app's database in a one-off dyno; words after -- go to migrate."""
    from underway.heroku import Heroku
    from underway.operations import dynos

    with Heroku(target) as heroku:
        raise Exit(code=dynos.migrate(heroku, remainder()))


@targeted(
    lines="how many of the newest lines",
    dyno="only of one dyno, such as web.1 or router, or of a process type, such as web",
    source="only of the app itself (app), or of the platform (heroku)",
    tail="go on with each new line, until Ctrl-C",
    release="instead: what the release phase of this release has said, such as 12",
)
def logs(
    c: Context,
    target: Target,
    lines: str = "100",
    dyno: str = "",
    source: str = "",
    tail: bool = False,
    release: str = "",
) -> None:
    """Print the app's log, oldest line first."""
    from underway.heroku import Heroku
    from underway.operations import logs

    with Heroku(target) as heroku:
        if release:
            logs.release_phase(heroku, release)
        else:
            logs.newest(heroku, lines=lines, dyno=dyno, source=source, tail=tail)
