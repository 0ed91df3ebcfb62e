"""The local platform: a Heroku on this machine."""

from pathlib import Path

from invoke.context import Context
from invoke.exceptions import Exit

from underway import console
from underway.command import Command, Runner
from underway.tasks.base import project, remainder, task


@task(json="print its addresses as JSON")
def up(c: Context, json: bool = False) -> None:
    """Start the platform, if it does not run yet, and print its addresses."""
    from underway.platform import supervisor

    with console.step("Starting the platform"):
        found = supervisor.up(_folder(c))
    console.result_json(found.as_dict()) if json else console.result(str(found))


@task()
def down(c: Context) -> None:
    """Stop the platform and its dynos; apps, databases and images are kept."""
    from underway.platform import supervisor

    with console.step("Stopping the platform"):
        stopped = supervisor.down(_folder(c))
    if not stopped:
        console.say("nothing to stop.")


@task(json="print it as JSON")
def status(c: Context, json: bool = False) -> None:
    """Say whether the platform runs, and where."""
    from underway.platform import supervisor

    found = supervisor.status(_folder(c))
    console.result_json(found.as_dict()) if json else console.result(str(found))


@task(follow="go on until Ctrl-C")
def logs(c: Context, follow: bool = False) -> None:
    """Show what the platform itself has logged; an app has its own: invoke logs."""
    from underway.platform import supervisor

    words = ("tail", "-n", "100", *(("-F",) if follow else ()))
    raise Exit(code=Runner().attach(Command((*words, str(supervisor.log_file(_folder(c)))))))


@task(yes="do not ask")
def reset(c: Context, yes: bool = False) -> None:
    """Stop the platform and remove everything in it: apps, databases, images, certificates."""
    from underway.platform import supervisor

    console.confirm(f"Remove {_folder(c)} with all apps and databases in it?", yes, "--yes")
    with console.step("Removing the platform"):
        supervisor.reset(_folder(c))


@task()
def exec(c: Context) -> None:
    """Run a command that talks to the platform: invoke platform.exec -- heroku apps."""
    from underway.platform import client, supervisor
    from underway.platform.settings import Settings

    supervisor.ensure(_folder(c))
    raise Exit(code=client.run(Settings.load(_folder(c)), remainder()))


@task()
def env(c: Context) -> None:
    """Print the variables for a shell that talks to it: eval "$(bin/invoke platform.env)"."""
    from underway.platform import client, supervisor
    from underway.platform.settings import Settings

    supervisor.ensure(_folder(c))
    console.result(client.exports(Settings.load(_folder(c))))


def _folder(c: Context) -> Path:
    return project(c).state / "platform"
