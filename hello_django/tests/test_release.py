"""The command of the release phase."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings

from hello_django.management.commands.release import LOCK
from hello_django.tests.process import PATIENCE, environment, manage, serving

URL = os.environ.get("DATABASE_URL", "")
on_postgres = pytest.mark.skipif(not URL.startswith("postgres"), reason="needs a Postgres")


@pytest.fixture
def empty_postgres() -> Iterator[str]:
    """The URL of a database of its own."""
    name = f"release_{uuid.uuid4().hex}"
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield urlunsplit(urlsplit(URL)._replace(path=f"/{name}"))
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def start(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "release"],
        cwd=settings.BASE_DIR,
        env=environment(DATABASE_URL=url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_second_release_finds_nothing_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    assert "Applying auth.0001_initial... OK" in manage("release", DATABASE_URL=url).stdout
    again = manage("release", DATABASE_URL=url)
    assert again.returncode == 0
    assert "No migrations to apply." in again.stdout


def test_a_database_that_is_away_is_one_line() -> None:
    result = manage("release", DATABASE_URL="postgres://me:hunter2@127.0.0.1:1/name")
    assert result.returncode == 1
    assert result.stderr.startswith("CommandError: The database cannot be reached: ")
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.stderr


@on_postgres
def test_two_releases_at_once_both_succeed(empty_postgres: str) -> None:
    both = [start(empty_postgres), start(empty_postgres)]
    for release in both:
        output, _ = release.communicate(timeout=PATIENCE)
        assert release.returncode == 0, output
    with psycopg.connect(empty_postgres) as connection:
        applied = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    assert len(applied) == len(set(applied)) > 0


@on_postgres
def test_a_release_waits_for_another_and_says_so(empty_postgres: str) -> None:
    with psycopg.connect(empty_postgres, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        release = start(empty_postgres)
        assert release.stdout
        assert release.stdout.readline().startswith("Another release is migrating")
        assert release.poll() is None
        other.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    output, _ = release.communicate(timeout=PATIENCE)
    assert release.returncode == 0, output


@on_postgres
def test_the_server_opens_no_connection_before_a_request_needs_one(
    empty_postgres: str, tmp_path: Path
) -> None:
    with serving(tmp_path / "log", DATABASE_URL=empty_postgres) as server:
        assert connections(empty_postgres) == 0
        assert server.get("/readyz").status == 503
        assert connections(empty_postgres) == 1


def connections(url: str) -> int:
    """How many others are connected to that database."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchone()
    assert row
    return int(row[0])
