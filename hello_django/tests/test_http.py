"""What a browser, a router and a monitor are answered."""

import re
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings


class HttpsClient(Client):
    def generic(self, *args: Any, **kwargs: Any) -> Any:
        return super().generic(*args, **kwargs | {"secure": True})


@pytest.fixture
def https() -> Client:
    return HttpsClient()


@pytest.fixture
def database_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError('connection to "db.example.com" failed: password hunter2')

    monkeypatch.setattr(connection, "cursor", fail)


def test_ping_answers_pong(https: Client) -> None:
    assert https.get("/ping/").json() == {"ping": "pong!"}


def test_liveness_needs_neither_https_nor_a_known_host_nor_a_database(client: Client) -> None:
    answer = client.get("/healthz", headers={"Host": "10.1.2.3:5000"})
    assert (answer.status_code, answer.json()["alive"]) == (200, True)


def test_liveness_tells_which_release_and_commit_answer(client: Client, settings: Settings) -> None:
    settings.RELEASE, settings.COMMIT = "v42", "8ac7f0e"
    answer = client.get("/healthz")
    assert answer.json() == {"alive": True, "release": "v42", "commit": "8ac7f0e"}


@pytest.mark.django_db
def test_readiness_is_given_once_migrated(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})


@pytest.mark.django_db
def test_readiness_is_refused_while_a_migration_is_missing(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reason": "1 migration not applied"}


@pytest.mark.django_db
@pytest.mark.usefixtures("database_away")
def test_readiness_is_refused_without_a_database_and_names_no_secret(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reason": "database unreachable"}


@pytest.mark.django_db
def test_the_page_shows_what_runs(https: Client, settings: Settings) -> None:
    settings.RELEASE, settings.COMMIT = "v42", "0123456789abcdef"
    assert facts(https) == {
        "release": "v42",
        "commit": "0123456789ab…",
        "static-files": "Working",
        "database": "Working",
    }


@pytest.mark.django_db
@pytest.mark.usefixtures("database_away")
def test_the_page_tells_that_the_database_is_away(https: Client) -> None:
    assert facts(https)["database"] == "Database unreachable"


@pytest.mark.django_db
def test_the_page_tells_that_static_files_were_not_collected(
    https: Client, settings: Settings
) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "hello_django.storage.StaticFilesStorage"}
    }
    settings.STATIC_ROOT = settings.BASE_DIR / "nowhere"
    assert facts(https)["static-files"] == "Static files not collected"


def facts(client: Client) -> dict[str, str]:
    page = client.get("/").content.decode()
    found = re.findall(r'<dd id="([\w-]+)"[^>]*>(.*?)</dd>', page)
    return {name: re.sub("<[^>]+>", "", value) for name, value in found}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/admin/login/"])
def test_a_page_has_its_styles_within_its_own_policy(https: Client, path: str) -> None:
    answer = https.get(path)
    assert "style-src 'self';" in answer["Content-Security-Policy"] + ";"
    page = answer.content.decode()
    assert not re.search(r'<style|\sstyle=|<script>|(src|href)="https?:', page)
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert styles
    for style in styles:
        sheet = https.get(style)
        assert sheet["Content-Type"] == 'text/css; charset="utf-8"'
        assert b"color" in b"".join(sheet)


@pytest.mark.parametrize("path", ["/", "/ping/", "/admin/"])
def test_plain_http_is_sent_to_https(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{path}")


def test_a_forwarded_protocol_alone_is_not_https(client: Client) -> None:
    assert client.get("/ping/", headers={"X-Forwarded-Proto": "https"}).status_code == 301


def test_browsers_are_told_to_stay_on_https(https: Client) -> None:
    policy = https.get("/ping/")["Strict-Transport-Security"]
    assert policy == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.django_db
def test_cookies_travel_over_https_only(https: Client) -> None:
    assert https.get("/admin/login/").cookies["csrftoken"]["secure"]


def test_an_unknown_host_is_refused(https: Client) -> None:
    assert https.get("/ping/", headers={"Host": "evil.example.com"}).status_code == 400


def test_the_routers_request_id_is_kept(https: Client) -> None:
    answer = https.get("/ping/", headers={"X-Request-ID": "a1b2c3d4-0000-4000-8000-00000000/=+"})
    assert answer["X-Request-ID"] == "a1b2c3d4-0000-4000-8000-00000000/=+"


@pytest.mark.parametrize("given", [None, "", "two words", "forged\nline", "ü", "x" * 201])
def test_a_missing_or_unsafe_request_id_is_replaced(https: Client, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given}
    assert re.fullmatch(r"[0-9a-f]{32}", https.get("/ping/", headers=headers)["X-Request-ID"])
