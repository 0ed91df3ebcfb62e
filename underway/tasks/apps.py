"""The app on Heroku, or on the local platform: made, looked at, and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from underway import console
from underway.command import Runner
from underway.tasks.base import project, targeted

if TYPE_CHECKING:
    from underway.target import Target


@targeted(yes="do not ask before an app is made on Heroku")
def create(c: Context, target: Target, yes: bool = False) -> None:
    """Make the app, if there is none yet, and print its address."""
    from underway.heroku import Heroku
    from underway.operations import apps

    with Heroku(target) as heroku:
        console.result(apps.create(heroku, yes=yes).web_url)


@targeted(set="stack to change to: container")
def stack(c: Context, target: Target, set: str = "") -> None:
    """Print the app's stack, or change it with --set."""
    from underway.heroku import Heroku
    from underway.operations import apps

    with Heroku(target) as heroku:
        console.result(apps.stack(heroku, set))


@targeted(path="what to ask for")
def ping(c: Context, target: Target, path: str = "/ping/") -> None:
    """Ask the app, and print what it answers; anything but 200 is an error."""
    from underway.heroku import Heroku
    from underway.operations import visit

    with Heroku(target) as heroku:
        console.result(visit.ping(heroku, path))


@targeted(path="what to open")
def open(c: Context, target: Target, path: str = "/") -> None:
    """Print the app's address, and open it in the browser."""
    from underway.heroku import Heroku
    from underway.operations import visit

    with Heroku(target) as heroku:
        url = visit.address(heroku, path)
    console.result(url)
    visit.show(url)


@targeted(json="print it as JSON")
def status(c: Context, target: Target, json: bool = False) -> None:
    """Show the app at a glance: address, release, dynos, add-ons, and how it answers."""
    from underway.heroku import Heroku
    from underway.operations import status

    with Heroku(target) as heroku:
        found = status.observe(heroku, project(c))
    console.result_json(found.as_dict()) if json else console.result(str(found))


@targeted(lines="how many of the newest", json="print them as JSON")
def releases(c: Context, target: Target, lines: str = "15", json: bool = False) -> None:
    """List the app's releases, newest first."""
    from underway.heroku import Heroku
    from underway.operations import options, releases

    with Heroku(target) as heroku:
        found = heroku.releases(options.number(lines, "--lines"))
    rows = [releases.as_dict(release) for release in found]
    console.result_json(rows) if json else console.result(releases.table(found))


@targeted(name="what git is to call it")
def remote(c: Context, target: Target, name: str = "heroku") -> None:
    """Let `git push heroku main` deploy to the app, and print the remote's address."""
    from underway.heroku import Heroku
    from underway.operations import remote

    with Heroku(target) as heroku:
        console.result(remote.add(project(c), Runner(), heroku, name))


@targeted()
def login(c: Context, target: Target) -> None:
    """Let docker push to the app's registry, and print the repository to push to."""
    from underway.operations import remote

    console.result(remote.login(Runner(), target))


@targeted(confirm="the app's name, so that nobody is asked for it")
def destroy(c: Context, target: Target, confirm: str = "") -> None:
    """Remove the app with its databases, config and images, once its name is typed."""
    from underway.heroku import Heroku
    from underway.operations import apps

    with Heroku(target) as heroku:
        apps.destroy(heroku, confirm)
