"""What stands in a project's way is told with its mend."""

from typing import Any

import pytest

from underway.adopt import obstacles

ASKED: dict[str, Any] = {
    "wsgi": "shop.wsgi.application",
    "asgi": "",
    "unmade": [],
    "engine": "django.db.backends.sqlite3",
    "key_in": [],
    "files": [],
    "default_storage": "django.core.files.storage.FileSystemStorage",
    "overridden": [],
    "workers": ["asgi", "gthread"],
}


def error(type: str, text: str) -> dict[str, Any]:
    return {"error": {"type": type, "text": text, "place": "shop/settings.py, line 7"}}


def check(id: str, level: int, text: str = "something") -> dict[str, Any]:
    return {"id": id, "level": level, "text": text}


def test_a_project_as_it_should_be_is_told_nothing() -> None:
    assert not list(obstacles.of_project(ASKED))
    assert not list(obstacles.of_checks({"checks": []}))


@pytest.mark.parametrize(
    ("change", "subject", "level", "mend"),
    [
        ({"wsgi": ""}, "application", "error", "WSGI_APPLICATION"),
        ({"asgi": "shop.asgi", "workers": ["gthread"]}, "application", "error", "newer gunicorn"),
        ({"unmade": ["shop"]}, "migrations", "error", "makemigrations"),
        ({"engine": "django.contrib.gis.db.backends.postgis"}, "database", "error", "plain"),
        ({"key_in": ["SIMPLE_JWT"]}, "secret key", "error", 'os.environ.get("SECRET_KEY"'),
        ({"files": ["shop.Photo.image"]}, "media", "warning", "django-storages"),
        ({"overridden": ["LOGGING"]}, "logging", "note", "PARTS"),
    ],
)
def test_each_obstacle_names_its_mend(
    change: dict[str, Any], subject: str, level: str, mend: str
) -> None:
    (finding,) = obstacles.of_project(ASKED | change)
    assert (finding.subject, finding.level) == (subject, level)
    assert mend in finding.next


def test_uploads_that_go_elsewhere_are_no_obstacle() -> None:
    bucket = {"default_storage": "storages.backends.s3.S3Storage"}
    assert not list(obstacles.of_project(ASKED | {"files": ["shop.Photo.image"]} | bucket))


def test_a_variable_that_the_build_has_not_is_named_with_the_line_that_reads_it() -> None:
    (finding,) = obstacles.of_settings(error("KeyError", "'STRIPE_KEY'"), "shop.settings")
    assert "shop/settings.py, line 7" in finding.what
    assert "give STRIPE_KEY a default in shop.settings" in finding.next


def test_postgis_is_told_of_though_its_libraries_are_missing_here_too() -> None:
    engine = {"engine": "django.contrib.gis.db.backends.postgis"}
    asked = error("ImproperlyConfigured", "Could not find the GDAL library") | engine
    (finding,) = obstacles.of_settings(asked, "shop.settings")
    assert finding.what == "the project needs PostGIS."


def test_a_module_that_is_not_required_is_to_be_required() -> None:
    (finding,) = obstacles.of_settings(error("ModuleNotFoundError", "no x"), "shop.settings")
    assert "requirements" in finding.next


def test_warnings_of_before_are_put_up_with_and_errors_are_not() -> None:
    asked = {"checks": [check("models.W042", 30), check("urls.E004", 40, "a bad pattern")]}
    assert obstacles.silenced_by(asked) == ("models.W042",)
    blocking, noted = obstacles.of_checks(asked)
    assert (blocking.level, blocking.what) == ("error", "a bad pattern")
    assert (noted.level, noted.what) == ("note", "Django's check warns already: models.W042.")


def test_mail_for_development_is_warned_of_and_stops_nothing() -> None:
    asked = {"checks": [check("mail.E001", 40)]}
    (finding,) = obstacles.of_checks(asked)
    assert (finding.subject, finding.level) == ("email", "warning")
    assert obstacles.silenced_by(asked) == ("mail.E001",)


def test_an_app_that_postgres_needs_is_added() -> None:
    assert obstacles.missing_apps({"checks": [check("postgres.E005", 40)]}) == (
        "django.contrib.postgres",
    )
    assert obstacles.missing_apps({"checks": []}) == ()
