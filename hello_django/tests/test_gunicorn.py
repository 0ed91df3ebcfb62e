"""gunicorn itself, configured as in production."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hello_django.tests.process import PATIENCE, Server, gunicorn, serving, wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with serving(home / "log", HOME=str(home)) as running:
        yield running


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
        ("DEBUG", "maybe", "DEBUG is 'maybe'"),
        ("PORT", "abc", "PORT is 'abc'"),
        ("PORT", "70000", "PORT is '70000'"),
        ("WEB_CONCURRENCY", "x", "WEB_CONCURRENCY is 'x'"),
        ("WEB_CONCURRENCY", "0", "WEB_CONCURRENCY is '0'"),
        ("DATABASE_URL", "postgres://me:hunter2@db:x/name", "DATABASE_URL is not a URL"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud'"),
    ],
)
def test_a_bad_value_stops_the_server_with_one_line(
    variable: str, value: str | None, problem: str
) -> None:
    result = gunicorn(**{variable: value})
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(problem)
    assert f"Example: {variable}=" in result.stderr
    assert "hunter2" not in result.stderr


def test_a_request_in_flight_is_finished_before_the_server_stops(tmp_path: Path) -> None:
    body: list[bytes] = []
    with serving(tmp_path / "log", "hello_django.tests.held", HELD=str(tmp_path)) as server:
        request = threading.Thread(target=lambda: body.append(server.get("/held").read()))
        request.start()
        wait_until((tmp_path / "arrived").exists, server)
        server.terminate()
        wait_until(lambda: "Handling signal: term" in server.log, server)
        (tmp_path / "let-go").touch()
        request.join(PATIENCE)
        assert body == [b"finished"]
        assert server.process.wait(PATIENCE) == 0


def test_a_connection_is_kept_for_the_next_request(server: Server) -> None:
    connection = server.connect()
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    kept = connection.sock
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    assert connection.sock is kept
    connection.close()


def test_the_access_log_has_the_request_id(server: Server) -> None:
    server.get("/ping/", X_Request_ID="seen-by-the-router-0001")
    wait_until(lambda: "request_id=seen-by-the-router-0001" in server.log, server)


def test_the_applications_log_has_the_request_id(server: Server) -> None:
    server.get("/nowhere", X_Request_ID="lost-0001", X_Forwarded_Proto="https")
    line = "WARNING django.request request_id=lost-0001 Not Found: /nowhere\n"
    wait_until(lambda: line in server.log, server)


def test_a_path_cannot_forge_a_log_line(server: Server) -> None:
    server.get("/nowhere%0Aforged", X_Request_ID="lost-0002", X_Forwarded_Proto="https")
    wait_until(lambda: "lost-0002" in server.log.rpartition("access ")[2], server)
    assert not re.search("^forged", server.log, re.MULTILINE)


def test_production_runs_over_plain_http_where_it_is_told_to(tmp_path: Path) -> None:
    with serving(tmp_path / "log", HTTPS="0") as server:
        assert server.get("/ping/").read() == b'{"ping": "pong!"}'


def test_debug_serves_static_files_that_were_not_collected(tmp_path: Path) -> None:
    with serving(tmp_path / "log", DEBUG="1", SECRET_KEY=None, ALLOWED_HOSTS=None) as server:
        answer = server.get("/static/hello_django/site.css", Host="localhost")
        assert (answer.status, answer.headers.get_content_type()) == (200, "text/css")


def test_a_forwarded_protocol_is_not_believed_from_just_anyone(tmp_path: Path) -> None:
    # Loopback is gunicorn's own default; a container sees its peers at other addresses.
    with serving(tmp_path / "log", FORWARDED_ALLOW_IPS="192.0.2.1") as server:
        answer = server.get("/ping/", X_Forwarded_Proto="https")
        assert answer.status == 301
        assert answer.headers["Location"] == "https://example.com/ping/"


def test_the_routers_protocol_is_believed_on_heroku(tmp_path: Path) -> None:
    with serving(tmp_path / "log", DYNO="web.1", FORWARDED_ALLOW_IPS="192.0.2.1") as server:
        assert server.get("/ping/", X_Forwarded_Proto="https").read() == b'{"ping": "pong!"}'


def test_a_client_cannot_move_the_application_through_the_router(tmp_path: Path) -> None:
    with serving(tmp_path / "log", DYNO="web.1") as server:
        connection = server.connect()
        headers = {"Host": "example.com", "X-Forwarded-Proto": "https", "PATH_INFO": "/admin/"}
        connection.request("GET", "/ping/", headers=headers)
        assert connection.getresponse().read() == b'{"ping": "pong!"}'
        connection.close()


def test_nothing_is_written_to_the_home_directory(server: Server) -> None:
    home = server.log_path.parent
    assert [path.name for path in home.iterdir()] == ["log"]


def test_it_runs_without_a_home_directory(tmp_path: Path) -> None:
    with serving(tmp_path / "log", HOME=None) as server:
        assert b'"alive": true' in server.get("/healthz").read()


@pytest.mark.parametrize(
    ("concurrency", "threads"), [("1", "8"), ("2", "8"), ("3", "5"), ("9", "1"), ("16", "1")]
)
def test_workers_and_threads_stay_under_the_connections_of_the_smallest_database(
    concurrency: str, threads: str
) -> None:
    shown = configuration(WEB_CONCURRENCY=concurrency)
    assert (shown["workers"], shown["threads"]) == (concurrency, threads)


def test_the_configuration_suits_herokus_router() -> None:
    shown = configuration(PORT="8123")
    assert shown["bind"] == "['0.0.0.0:8123']"
    assert shown["keepalive"] == "95"
    assert shown["graceful_timeout"] == "25"


def configuration(**changes: str) -> dict[str, str]:
    lines = gunicorn("--print-config", **changes).stdout.splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}
