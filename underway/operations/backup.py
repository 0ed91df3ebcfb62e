"""A file with all of a database in it: written, and put back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from underway import console
from underway.command import Command, Runner
from underway.errors import CommandFailed, UsageError
from underway.heroku import Heroku
from underway.operations import database
from underway.operations.options import required
from underway.project import Project

RESTORE = (
    "--clean",
    "--if-exists",
    "--no-owner",
    "--no-acl",
    "--single-transaction",
    "--exit-on-error",
)
PRIVATE = 0o600
OTHER_VERSION = "let postgres-image of [tool.underway] be of the server's version"


def write(project: Project, runner: Runner, heroku: Heroku, *, file: str, force: bool) -> Path:
    """Write all of the database into a file that only the user may read, whole or not at all.

    Raises:
        UsageError: no file was named, it is there already, or it cannot be written.
        NotFound: the app has no database.
        CommandFailed: pg_dump failed.
    """
    path = Path(required(file, "--file", "my-app.dump"))
    if path.exists() and not force:
        raise UsageError(f"{path} is there already.", next="another --file, or --force")
    found = database.find(heroku)
    database.require_engine(project)
    part = path.with_name(f"{path.name}.part")
    try:
        with console.step(f"Writing {path}"):
            with _private(part) as sink:
                dump = database.client(project, found, "pg_dump", "--format=custom")
                _run(runner, dump, sink=sink)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def restore(project: Project, runner: Runner, heroku: Heroku, *, file: str, confirm: str) -> None:
    """Put the database back to what a backup holds: all of it, or, where that fails, nothing.

    Raises:
        UsageError: no file was named, it cannot be read, or the app's name was not typed.
        NotFound: the app has no database.
        CommandFailed: pg_restore failed; the database is as it was.
    """
    path = Path(required(file, "--file", "my-app.dump"))
    try:
        source = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", why=error.strerror or "") from None
    with source:
        found = database.find(heroku)
        console.say(f"the tables of {heroku.target} are replaced by those of {path}.")
        console.confirm_name(heroku.target.app, confirm)
        database.require_engine(project)
        words = (*RESTORE, f"--dbname={found.name}")
        with console.step(f"Restoring {path}"):
            _run(runner, database.client(project, found, "pg_restore", *words), source=source)


def _private(path: Path) -> IO[bytes]:
    try:
        path.unlink(missing_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb")
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", why=error.strerror or "") from None


def _run(
    runner: Runner,
    command: Command,
    *,
    source: IO[bytes] | None = None,
    sink: IO[bytes] | None = None,
) -> None:
    try:
        runner.transfer(command, source=source, sink=sink)
    except CommandFailed as error:
        versions = "version mismatch" in error.why or "unsupported version" in error.why
        name = command.argv[command.argv.index("--entrypoint") + 1]
        raise CommandFailed(
            f"{name} failed.", why=error.why, next=OTHER_VERSION if versions else ""
        ) from None
