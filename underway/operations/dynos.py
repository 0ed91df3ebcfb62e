"""Dynos: seen, counted, restarted, and started for one command."""

from __future__ import annotations

import re
from typing import Any

from underway import console
from underway.errors import UsageError
from underway.heroku import Dyno, Heroku, NotFound, Process, rendezvous
from underway.operations.table import render

WORD = re.compile(r"(?P<type>[-\w]+)=(?P<quantity>\d*)(?::(?P<size>[-\w]+))?")
MIGRATE = ("python", "manage.py", "migrate", "--noinput")


def as_dict(dyno: Dyno) -> dict[str, Any]:
    """For programs."""
    return {
        "name": dyno.name,
        "type": dyno.type,
        "state": dyno.state,
        "size": dyno.size,
        "release": dyno.release,
        "updated_at": dyno.updated_at,
        "command": dyno.command,
    }


def process_as_dict(process: Process) -> dict[str, Any]:
    """For programs."""
    return {"type": process.type, "quantity": process.quantity, "size": process.size}


def table(dynos: list[Dyno]) -> str:
    """For people."""
    rows = [(d.name, d.state, d.updated_at, d.size, f"v{d.release}", d.command) for d in dynos]
    return render(("dyno", "state", "since", "size", "release", "command"), rows)


def formation_table(formation: list[Process]) -> str:
    """For people."""
    return render(("type", "quantity", "size"), [(p.type, p.quantity, p.size) for p in formation])


def scale_word(process: Process) -> str:
    """A process type as ``scale`` takes it: web=2:Basic."""
    return f"{process.type}={process.quantity}:{process.size}"


def scale(heroku: Heroku, words: tuple[str, ...], *, yes: bool) -> list[Process]:
    """The formation, changed first as the words want it; what is so already is left alone.

    Raises:
        UsageError: a word is not TYPE=QUANTITY[:SIZE], there is no such process type, or it would
            be billed and nobody agrees to that.
        HerokuRefused: there is no such size, or no more dynos are to be had.
    """
    formation = heroku.formation()
    changes = [change for word in words if (change := _change(word, formation))]
    if not changes:
        if words:
            console.say("nothing has changed: it is so already.")
        return formation
    if not heroku.target.local and any(_costs(change, formation) for change in changes):
        question = f"Scale {heroku.target} to {' '.join(words)}? It changes the bill."
        console.confirm(question, yes, "--yes")
    heroku.scale(changes)
    return heroku.formation()


def restart(heroku: Heroku, dyno: str = "") -> None:
    """Restart one dyno (web.1), all of a type (web), or all.

    Raises:
        NotFound: there is no such dyno.
    """
    try:
        heroku.restart(dyno)
    except NotFound as error:
        raise NotFound(
            f"{heroku.target} has no dyno {dyno}.", why=error.why, next="invoke ps"
        ) from None
    console.say(f"{console.good('✓')} {dyno or 'all dynos'} of {heroku.target}: restarting")


def run(heroku: Heroku, words: tuple[str, ...]) -> int:
    """Run a command in a one-off dyno, on the user's own terminal; its exit code.

    Raises:
        UsageError: there is no command.
        HerokuRefused: nothing is deployed yet.
    """
    if not words:
        raise UsageError("there is no command.", next="invoke exec -- python manage.py shell")
    return rendezvous.run(heroku, words)


def migrate(heroku: Heroku, words: tuple[str, ...]) -> int:
    """Migrate the app's database, in a one-off dyno; the exit code of the migration."""
    return rendezvous.run(heroku, (*MIGRATE, *words), stdin=rendezvous.NOTHING)


def _change(word: str, formation: list[Process]) -> dict[str, Any] | None:
    """What is to be sent for a word; nothing where it is so already."""
    parts = WORD.fullmatch(word)
    if parts is None or not (parts["quantity"] or parts["size"]):
        raise UsageError(
            f"{word!r} cannot be used.",
            why="a word is TYPE=QUANTITY, TYPE=QUANTITY:SIZE or TYPE=:SIZE.",
            next="invoke scale -- web=2 worker=1:standard-1x",
        )
    now = _process(parts["type"], formation)
    change: dict[str, Any] = {}
    if parts["quantity"] and int(parts["quantity"]) != now.quantity:
        change["quantity"] = int(parts["quantity"])
    if parts["size"] and parts["size"].lower() != now.size.lower():
        change["dyno_size"] = {"name": parts["size"]}
    return {"type": now.type, **change} if change else None


def _process(type: str, formation: list[Process]) -> Process:
    for process in formation:
        if process.type == type:
            return process
    known = ", ".join(process.type for process in formation) or "none: nothing is deployed yet"
    raise UsageError(f"there is no process type {type}.", why=f"process types: {known}")


def _costs(change: dict[str, Any], formation: list[Process]) -> bool:
    before = _process(change["type"], formation).quantity
    return "dyno_size" in change or change["quantity"] > before
