"""The machine itself: the engine, the images that stand in for others, and a Postgres server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.checkout import Checkout
from underway.command import Runner
from underway.engine import Engine
from underway.errors import ContainerFailed
from underway.machine import prepare
from underway.machine.stand_ins import is_stand_in
from underway.postgres import Server, throwaway
from underway.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEGABYTE = 10**6


@pytest.fixture(scope="module")
def project(checkout: Checkout) -> Project:
    return checkout.project


@pytest.fixture(scope="module")
def server(engine: Engine, project: Project) -> Iterator[Server]:
    with throwaway(engine, project, max_connections=20) as running:
        yield running


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_second_set_up_changes_nothing_and_takes_under_two_seconds(
    engine: Engine, project: Project
) -> None:
    names = (project.python_image, project.postgres_image)
    before = [engine.image(name, next="").id for name in names]
    started = time.monotonic()
    prepare(project, Runner())
    assert time.monotonic() - started < 2
    assert [engine.image(name, next="").id for name in names] == before


def test_the_base_image_has_what_a_dockerfile_counts_on(engine: Engine, project: Project) -> None:
    commands = "python --version && pip --version && python -m venv --without-pip /tmp/venv"
    said = engine.run(project.python_image, ["sh", "-c", commands])
    assert said.startswith("Python 3.13.")


def test_a_stand_in_is_as_small_as_it_can_be(engine: Engine, project: Project) -> None:
    base = engine.image(project.python_image, next="")
    if not is_stand_in(base):
        pytest.skip("the base image is the original")
    assert base.attrs["Size"] < 131 * MEGABYTE
    assert base.attrs["Config"]["Cmd"] == ["python3"]


def test_debian_and_python_packages_can_be_installed_in_the_base_image(
    engine: Engine, project: Project
) -> None:
    commands = (
        "pip download --quiet --no-deps --dest /tmp asgiref"
        " && apt-get -qq update"
        " && apt-get -qq install --yes --no-install-recommends curl >/dev/null"
        " && curl --version"
    )
    assert engine.run(project.python_image, ["sh", "-c", commands]).startswith("curl ")


def test_postgres_serves_over_tls(server: Server) -> None:
    encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert ask(server.url().reveal(), encrypted) is True


def test_postgres_proves_who_it_is(server: Server, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(server.authority)
    url = f"{server.url('verify-full').reveal()}&sslrootcert={tmp_path / 'ca.pem'}"
    assert ask(url, "SELECT 1") == 1


def test_postgres_refuses_a_connection_without_tls(server: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(server.url("disable").reveal())


def test_postgres_takes_as_many_connections_as_it_is_told(server: Server) -> None:
    assert ask(server.url().reveal(), "SHOW max_connections") == "20"


def test_postgres_leaves_nothing_behind(engine: Engine, project: Project) -> None:
    volumes = {volume.id for volume in engine.client.volumes.list()}
    with throwaway(engine, project) as running:
        name = running.container.id
    assert name not in {container.id for container in engine.client.containers.list(all=True)}
    assert {volume.id for volume in engine.client.volumes.list()} <= volumes


def test_a_postgres_that_cannot_start_shows_its_log_and_leaves_nothing_behind(
    engine: Engine, project: Project
) -> None:
    labels = project.labels | {"underway.role": "postgres"}
    before = {container.id for container in engine.containers(labels)}
    with pytest.raises(ContainerFailed, match="max_connections"):
        with throwaway(engine, project, max_connections=-1):
            pytest.fail("it started")
    assert {container.id for container in engine.containers(labels)} == before


def test_postgres_does_not_start_without_a_password(engine: Engine, project: Project) -> None:
    with pytest.raises(ContainerFailed, match="POSTGRES_PASSWORD"):
        engine.run(project.postgres_image, [])


def test_postgres_runs_the_scripts_of_its_first_start(engine: Engine, project: Project) -> None:
    script = "echo 'CREATE TABLE first AS SELECT 42 AS answer' >/docker-entrypoint-initdb.d/a.sql"
    ask_it = 'psql --username "$POSTGRES_USER" --no-align --tuples-only --command'
    boot = (
        f"{script}; docker-entrypoint.sh postgres >/tmp/log 2>&1 &"
        f" until pg_isready --quiet --host 127.0.0.1; do sleep 0.1; done;"
        f" {ask_it} 'SELECT answer FROM first'"
    )
    said = engine.run(
        project.postgres_image,
        ["sh", "-c", boot],
        environment={"POSTGRES_PASSWORD": "secret", "POSTGRES_USER": "shop"},
    )
    assert said == "42\n"
