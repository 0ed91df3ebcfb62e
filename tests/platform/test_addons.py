"""Add-ons: a real Postgres server, reached as the apps and the user reach it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.platform.conftest import Service, make_service
from underway.engine import Engine
from underway.platform import supervisor

PLAN = "heroku-postgresql:essential-0"


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """A platform that a test may stop."""
    made = make_service(tmp_path / "folder")
    yield made
    made.remove()


def provision(service: Service, app: str, **body: Any) -> dict[str, Any]:
    answer = service.api.post(f"/apps/{app}/addons", json={"plan": PLAN, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def config(service: Service, app: str) -> dict[str, str]:
    found: dict[str, str] = service.api.get(f"/apps/{app}/config-vars").json()
    return found


def connect(url: str, **options: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(url, connect_timeout=5, **options)


def test_a_database_is_provisioned_with_its_own_role_and_tls(service: Service) -> None:
    app = service.create()["name"]
    addon = provision(service, app)
    assert addon["state"] == "provisioned"
    assert addon["config_vars"] == ["DATABASE_URL"]
    with connect(config(service, app)["DATABASE_URL"], sslmode="require") as session:
        assert session.pgconn.ssl_in_use
        session.execute("CREATE TABLE visit (at timestamptz)")
        row = session.execute("SELECT usesuper, usecreatedb FROM pg_user WHERE usename = user")
        assert row.fetchone() == (False, False)


def test_a_connection_without_tls_is_refused(service: Service) -> None:
    app = service.create()["name"]
    provision(service, app)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(config(service, app)["DATABASE_URL"], sslmode="disable")


def test_the_server_s_certificate_is_of_the_platform_s_authority(service: Service) -> None:
    app = service.create()["name"]
    provision(service, app)
    authority = str(service.folder / "authority" / "ca.pem")
    url = config(service, app)["DATABASE_URL"]
    connect(url, sslmode="verify-full", sslrootcert=authority).close()


def test_a_database_is_reached_from_a_container(service: Service, engine: Engine) -> None:
    app = service.create()["name"]
    provision(service, app)
    url = config(service, app)["DATABASE_URL"]
    said = engine.run(
        service.settings.postgres_image,
        ["sh", "-c", 'psql "$DATABASE_URL?sslmode=require" -Atc "SELECT 6 * 7"'],
        environment={"DATABASE_URL": url},
        labels=service.settings.labels,
        entrypoint=[],
    )
    assert said == "42\n"


def test_the_plan_s_connection_limit_holds(service: Service) -> None:
    app = service.create()["name"]
    provision(service, app)
    url = config(service, app)["DATABASE_URL"]
    sessions = [connect(url) for _ in range(20)]
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            connect(url)
    finally:
        for session in sessions:
            session.close()


def test_a_role_cannot_use_another_app_s_database(service: Service) -> None:
    one, two = service.create()["name"], service.create()["name"]
    provision(service, one)
    provision(service, two)
    theirs = config(service, two)["DATABASE_URL"].rpartition("/")[2]
    place = config(service, one)["DATABASE_URL"].rpartition("/")[0]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        connect(f"{place}/{theirs}")


def test_a_second_database_gets_a_colour_and_a_given_name_is_used(service: Service) -> None:
    app = service.create()["name"]
    provision(service, app)
    second = provision(service, app)
    assert second["config_vars"][0].startswith("HEROKU_POSTGRESQL_")
    third = provision(service, app, attachment={"name": "REPORTS"}, name=f"{app}-reports")
    assert third["name"] == f"{app}-reports"
    assert third["config_vars"] == ["REPORTS_URL"]
    again = {"plan": PLAN, "attachment": {"name": "REPORTS"}}
    assert service.api.post(f"/apps/{app}/addons", json=again).status_code == 422


def test_each_change_is_a_release(service: Service) -> None:
    app = service.create()["name"]
    name = provision(service, app)["name"]
    service.api.delete(f"/apps/{app}/addons/{name}").raise_for_status()
    found = [row["description"] for row in service.api.get(f"/apps/{app}/releases").json()]
    assert found[-2:] == [f"Attach DATABASE (@ref:{name})", f"Detach DATABASE (@ref:{name})"]


def test_destroying_drops_the_database_whoever_is_connected(service: Service) -> None:
    app = service.create()["name"]
    name = provision(service, app)["name"]
    url = config(service, app)["DATABASE_URL"]
    with connect(url) as session:
        service.api.delete(f"/apps/{app}/addons/{name}").raise_for_status()
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert "DATABASE_URL" not in config(service, app)
    with pytest.raises(psycopg.OperationalError, match="FATAL"):
        connect(url)


def test_a_destroyed_app_s_database_is_dropped(service: Service) -> None:
    app = service.create()["name"]
    provision(service, app)
    url = config(service, app)["DATABASE_URL"]
    service.api.delete(f"/apps/{app}").raise_for_status()
    with pytest.raises(psycopg.OperationalError, match="FATAL"):
        connect(url)


def test_a_database_is_shared_and_promoted(service: Service) -> None:
    one, two = service.create()["name"], service.create()["name"]
    provision(service, one)
    addon = provision(service, one)["name"]
    shared = {"app": two, "addon": addon, "name": "SHARED"}
    service.api.post("/addon-attachments", json=shared).raise_for_status()
    promoted = {"app": one, "addon": addon, "name": "DATABASE", "confirm": one}
    service.api.post("/addon-attachments", json=promoted).raise_for_status()
    assert config(service, two)["SHARED_URL"] == config(service, one)["DATABASE_URL"]


@pytest.mark.parametrize("plan", ["heroku-postgresql:hobby-dev", "no-such-service:free"])
def test_an_unknown_plan_is_refused_in_heroku_s_words(service: Service, plan: str) -> None:
    app = service.create()["name"]
    answer = service.api.post(f"/apps/{app}/addons", json={"plan": plan})
    assert answer.status_code == 404
    assert answer.json()["id"] == "not_found"
    message = f'Couldn\'t find either the add-on service or the add-on plan of "{plan}".'
    assert answer.json()["message"] == message
    assert service.api.get(f"/apps/{app}/addons").json() == []


def test_what_is_attached_is_found_by_name_and_config_var(service: Service) -> None:
    app = service.create()["name"]
    addon = provision(service, app)
    for identity in ("DATABASE", "DATABASE_URL", addon["name"], addon["id"]):
        body = {"app": app, "addon_attachment": identity}
        found = service.api.post("/actions/addon-attachments/resolve", json=body).json()
        assert [row["addon"]["name"] for row in found] == [addon["name"]]
    body = {"app": app, "addon_attachment": "NOTHING"}
    assert service.api.post("/actions/addon-attachments/resolve", json=body).status_code == 404


def test_data_survives_a_stop_and_a_kill(own_service: Service, engine: Engine) -> None:
    service = own_service
    app = service.create()["name"]
    provision(service, app)
    with connect(config(service, app)["DATABASE_URL"]) as session:
        session.execute("CREATE TABLE kept AS SELECT 1 AS one")

    service.kill()
    service.up()
    with connect(config(service, app)["DATABASE_URL"]) as session:
        assert session.execute("SELECT * FROM kept").fetchall() == [(1,)]

    service.api.close()
    supervisor.down(service.folder)
    assert engine.containers(service.settings.labels) == []
    service.up()
    with connect(config(service, app)["DATABASE_URL"]) as session:
        assert session.execute("SELECT * FROM kept").fetchall() == [(1,)]
