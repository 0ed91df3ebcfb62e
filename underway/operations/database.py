"""The app's database, through Postgres' own programs.

They run in a container of the project's Postgres image, so that they fit the server's version and
nobody has to install them. What they need to know of the server goes by variables: never by words
that a list of processes shows.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from underway import console
from underway.command import Command
from underway.engine import Engine
from underway.errors import EngineUnavailable, UsageError
from underway.heroku import Heroku, NotFound
from underway.project import Project
from underway.secret import Secret

VARIABLE = "DATABASE_URL"
SCHEMES = ("postgres", "postgresql")
STRICTER = ("verify-ca", "verify-full")
TABLES = ("--command", r"\dt")
ROLE = {"underway.role": "postgres-client"}


@dataclass(frozen=True)
class Database:
    """A server and a database on it, as libpq's variables name them."""

    name: str
    env: dict[str, str | Secret]

    @classmethod
    def parse(cls, url: str) -> Database:
        """From a DATABASE_URL; TLS is required, whatever less the URL may ask for.

        Raises:
            UsageError: it is no Postgres database. The message does not have the URL.
        """
        parts = urlsplit(url)
        name = unquote(parts.path.lstrip("/"))
        if parts.scheme not in SCHEMES or not parts.hostname or not name:
            raise UsageError(f"{VARIABLE} does not lead to a Postgres database.")
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        asked = query.get("sslmode", "")
        env: dict[str, str | Secret] = {
            "PGHOST": parts.hostname,
            "PGPORT": str(parts.port or 5432),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": Secret(unquote(parts.password or "")),
            "PGDATABASE": name,
            "PGSSLMODE": asked if asked in STRICTER else "require",
        }
        if "sslrootcert" in query:
            env["PGSSLROOTCERT"] = query["sslrootcert"]
        return cls(name, env)


def find(heroku: Heroku) -> Database:
    """The app's database.

    Raises:
        NotFound: it has none.
    """
    url = heroku.config().get(VARIABLE)
    if not url:
        raise NotFound(
            f"{heroku.target} has no database: {VARIABLE} is not set.",
            next="invoke addons.create --plan heroku-postgresql:essential-0",
        )
    return Database.parse(url)


def client(
    project: Project, database: Database, program: str, *words: str, tty: bool = False
) -> Command:
    """One of Postgres' programs, connected to the database, in a container that is gone after."""
    # A program that is a container's first one does not end by SIGTERM: hence --init.
    argv = ["docker", "run", "--rm", "--init", "--interactive", *(["--tty"] if tty else [])]
    argv += ["--network", "host", "--entrypoint", program]
    labels = project.labels | ROLE
    argv += [f"--label={key}={value}" for key, value in labels.items()]
    # Names without values: docker takes those from its own environment.
    argv += [word for name in database.env for word in ("--env", name)]
    return Command((*argv, project.postgres_image, *words), env=database.env)


def require_engine(project: Project) -> None:
    """Make sure that the programs can be started.

    Raises:
        EngineUnavailable: docker is not installed, or no engine answers.
        ImageUnavailable: the Postgres image is not there, and cannot be pulled.
    """
    if shutil.which("docker") is None:
        raise EngineUnavailable(
            "docker is not installed.",
            why="Postgres' programs run in a container of it.",
            next="invoke setup",
        )
    engine = Engine.connect()
    if engine.find_image(project.postgres_image) is None:
        with console.step(f"Pulling {project.postgres_image}"):
            engine.pull(project.postgres_image)


def psql(project: Project, heroku: Heroku, words: tuple[str, ...], *, tables: bool) -> Command:
    """The psql to run on the user's own terminal; ``tables`` lets it list them.

    Raises:
        NotFound: the app has no database.
        EngineUnavailable: there is nothing that could run it.
    """
    database = find(heroku)
    require_engine(project)
    tty = sys.stdin.isatty() and sys.stdout.isatty()
    return client(project, database, "psql", *(TABLES if tables else ()), *words, tty=tty)
