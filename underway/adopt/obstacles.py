"""What is in the way of a project's first release, each with its mend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from underway.checks.finding import Finding

LOCAL_STORAGE = "django.core.files.storage"
POSTGIS = "django.contrib.gis"
ASGI_WORKER = "asgi"
ERROR = 40
"""Django's level of a check that stops a project."""
POSTGRES_APP, NEEDS_POSTGRES_APP = "django.contrib.postgres", "postgres.E005"
MAIL = "mail.E001"
"""An error to Django, though a project that sends no mail serves as well without."""


def of_settings(asked: dict[str, Any], settings: str) -> Iterator[Finding]:
    """Why the project's settings do not load where the image is built."""
    error = asked["error"]
    # Its libraries are not here either, and Django says so before anything else.
    if POSTGIS in asked.get("engine", ""):
        yield _postgis()
        return
    name = error["text"].strip("'\"")
    where = f" ({error['place']})" if error["place"] else ""
    if error["type"] in ("KeyError", "ImproperlyConfigured", "UndefinedValueError", "EnvError"):
        mend = (
            f"give {name if name.isupper() else 'it'} a default in {settings}, and the real value"
            " to the app later: underway config.set"
        )
    elif error["type"] == "ModuleNotFoundError":
        mend = "add what it belongs to to the project's requirements, then lock them"
    else:
        mend = f"see it with: DEBUG=0 DJANGO_SETTINGS_MODULE={settings} python manage.py check"
    what = f"{settings or 'manage.py'} does not load: {error['type']}: {error['text']}{where}"
    why = "the build of an image has no variable of yours, and only what production installs."
    yield Finding("settings", "error", what, why, mend)


def of_project(asked: dict[str, Any]) -> Iterator[Finding]:
    """What its own settings and models say."""
    if not asked["wsgi"] and not asked["asgi"]:
        yield Finding(
            "application",
            "error",
            "the project has no WSGI and no ASGI application.",
            "a web server needs one to call.",
            "write wsgi.py as django-admin startproject does, and name it in WSGI_APPLICATION",
        )
    if asked["asgi"] and ASGI_WORKER not in asked["workers"]:
        yield Finding(
            "application",
            "error",
            "the gunicorn that the project asks for cannot serve an ASGI application.",
            "it is too old to have a worker for it.",
            "allow a newer gunicorn in the requirements, and lock them",
        )
    if asked["unmade"]:
        yield Finding(
            "migrations",
            "error",
            f"models differ from their migrations: {', '.join(asked['unmade'])}.",
            "a release migrates: tables or columns would be missing.",
            "python manage.py makemigrations, and commit what it writes",
        )
    if POSTGIS in asked["engine"]:
        yield _postgis()
    for name in asked["key_in"]:
        yield Finding(
            "secret key",
            "error",
            f"{name} is made of the secret key that is written in the settings.",
            "production has a SECRET_KEY of its own; this setting would go on with the known one.",
            'read it from the environment: SECRET_KEY = os.environ.get("SECRET_KEY", "…")',
        )
    if asked["files"] and asked["default_storage"].startswith(LOCAL_STORAGE):
        yield Finding(
            "media",
            "warning",
            f"uploads go to the local disk: {', '.join(asked['files'][:3])}"
            + (" …" if len(asked["files"]) > 3 else ""),
            "a dyno's disk is gone with the dyno, at least once a day, and nothing serves it.",
            "keep them in a bucket: django-storages, as STORAGES['default']",
        )
    if "LOGGING" in asked["overridden"]:
        yield Finding(
            "logging",
            "note",
            "the project's LOGGING is replaced by one that writes to standard output.",
            next='take "logging" out of PARTS to keep it',
        )


def _postgis() -> Finding:
    return Finding(
        "database",
        "error",
        "the project needs PostGIS.",
        "its libraries (GDAL, GEOS) are not in the image.",
        "there is no mend yet: Underway serves plain Postgres only",
    )


def of_checks(asked: dict[str, Any]) -> Iterator[Finding]:
    """What Django's own check says of the project with what was added."""
    for found in asked["checks"]:
        if found["id"] == MAIL:
            yield Finding(
                "email",
                "warning",
                "mail goes to the log, and nowhere else.",
                "the settings name a backend for development.",
                "choose one that sends, in MAILERS, when the project has mail to send",
            )
        elif found["level"] >= ERROR:
            text = " ".join(found["text"].split())
            why = "Django's own check stops at it, and so would a deploy."
            yield Finding("check", "error", text, why, "mend it in the project, then underway init")
    if silenced := [id for id in silenced_by(asked) if id != MAIL]:
        yield Finding(
            "check",
            "note",
            f"Django's check warns already: {', '.join(silenced)}.",
            "it is not held against a deploy; new warnings are.",
            "mend them, and take them out of SILENCED_SYSTEM_CHECKS",
        )


def missing_apps(asked: dict[str, Any]) -> tuple[str, ...]:
    """What the project needs on Postgres beside its own apps."""
    ids = {found["id"] for found in asked["checks"]}
    return (POSTGRES_APP,) if NEEDS_POSTGRES_APP in ids else ()


def of_static_files(why: str) -> Finding:
    """Why they cannot be collected."""
    return Finding(
        "static files",
        "error",
        "the static files cannot be collected.",
        why,
        "mend the file that is named: a style sheet may refer to one that is not there",
    )


def silenced_by(asked: dict[str, Any]) -> tuple[str, ...]:
    """The ids of what the check finds and a deploy is to put up with."""
    checks = asked["checks"]
    return tuple(sorted({c["id"] for c in checks if c["level"] < ERROR or c["id"] == MAIL}))
