"""What DATABASE_URL turns into."""

from pathlib import Path
from typing import Any

import pytest

from hello_django.database import configure


@pytest.fixture(autouse=True)
def no_libpq_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGSSLMODE", "PGHOST", "PGHOSTADDR"):
        monkeypatch.delenv(name, raising=False)


def sslmode(url: str) -> Any:
    return configure(url, Path("unused"))["OPTIONS"].get("sslmode")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@db.example.com/name",
        "postgres://u:p@db.example.com/name?sslmode=prefer",
        "postgres://u:p@db.example.com/name?sslmode=allow",
        "postgresql://u:p@192.0.2.1:5433/name",
        "postgres://u:p@[2001:db8::1]/name",
        "postgres://u:p@localhost,db.example.com/name",
        "postgres:///name?host=db.example.com",
        "postgres:///name?host=/run/postgresql,db.example.com&port=5432,5433",
        "postgres://u:p@localhost/name?hostaddr=192.0.2.1",
    ],
)
def test_a_remote_server_must_speak_tls(url: str) -> None:
    assert sslmode(url) == "require"


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full", "disable"])
def test_what_the_url_asks_for_is_kept(mode: str) -> None:
    assert sslmode(f"postgres://u:p@db.example.com/name?sslmode={mode}") == mode


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@localhost/name",
        "postgres://u:p@127.0.0.1:5433/name",
        "postgres://u:p@[::1]/name",
        "postgres:///name",
        "postgres:///name?host=/run/postgresql",
        "postgres://%2Fvar%2Frun%2Fpostgresql/name",
    ],
)
def test_a_local_server_need_not(url: str) -> None:
    assert sslmode(url) is None


def test_a_host_from_libpqs_own_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    assert sslmode("postgres:///name") == "require"


def test_a_stricter_mode_from_libpqs_own_variable_is_not_weakened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert sslmode("postgres://u:p@db.example.com/name") is None


def test_an_encoded_socket_is_a_path() -> None:
    assert configure("postgres://%2Fvar%2Frun/name", Path("unused"))["HOST"] == "/var/run"


def test_connections_are_kept_and_checked() -> None:
    config = configure("postgres://u:p@db.example.com/name", Path("unused"))
    assert config["CONN_MAX_AGE"] == 600
    assert config["CONN_HEALTH_CHECKS"] is True


def test_without_a_url_it_is_the_sqlite_file(tmp_path: Path) -> None:
    config = configure("", tmp_path / "db.sqlite3")
    assert config["ENGINE"] == "django.db.backends.sqlite3"
    assert config["NAME"] == str(tmp_path / "db.sqlite3")
