"""Runs in the project's own Python, and writes down what its Django says of itself, as JSON.

Started as a script by ``trial``, with the file to write, the settings module (or nothing: the one
that manage.py chooses) and the words ``deploy`` for the checks of a deployment. It imports nothing
of Underway: there is none in that Python.
"""

import json
import os
import runpy
import secrets
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DATABASE_URL = "postgres://nobody@127.0.0.1:1/none"
"""Models and checks ask which kind of database it is; nobody answers there."""
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
NEVER = "SECRET_KEY-only-for-looking-" + secrets.token_urlsafe(40)


def main(output: str, settings: str, deploy: bool) -> None:
    sys.path.insert(0, os.getcwd())
    # As in the build of the image: nothing of this shell's, a key and a host that count nowhere.
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(kept, SECRET_KEY=NEVER, ALLOWED_HOSTS="localhost", DEBUG="0")
    if deploy:
        os.environ["DATABASE_URL"] = DATABASE_URL
    try:
        chosen = settings or chosen_by_manage()
        found: dict[str, Any] = {"settings": chosen, "alternatives": beside(chosen)}
        if settings:
            os.environ["DJANGO_SETTINGS_MODULE"] = settings
            found.update(facts(), checks=checks() if deploy else [])
    except BaseException as error:  # whatever a stranger's settings raise, SystemExit too
        found = {"error": explained(error), "engine": engine_named()}
    Path(output).write_text(json.dumps(found))


def chosen_by_manage() -> str:
    """What manage.py sets, found out by running it with Django's command line switched off."""
    import django.core.management

    django.core.management.execute_from_command_line = lambda argv=None: None
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    sys.argv = ["manage.py", "check"]
    runpy.run_path("manage.py", run_name="__main__")
    return os.environ["DJANGO_SETTINGS_MODULE"]


def beside(settings: str) -> list[str]:
    """The other settings modules of its package."""
    package, _, name = settings.rpartition(".")
    spec = find_spec(package) if package.rpartition(".")[2] == "settings" else None
    folders = list(spec.submodule_search_locations or []) if spec else []
    names = {path.stem for folder in folders for path in Path(folder).glob("*.py")}
    return sorted(f"{package}.{other}" for other in names - {name, "__init__"})


def facts() -> dict[str, Any]:
    import django

    module = os.environ["DJANGO_SETTINGS_MODULE"]
    if not getattr(import_module(module), "SECRET_KEY", ""):
        import_module(module).SECRET_KEY = NEVER  # type: ignore[attr-defined]
    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.db.models import FileField
    from django.utils.module_loading import import_string

    wsgi, asgi = settings.WSGI_APPLICATION, getattr(settings, "ASGI_APPLICATION", None)
    if application := asgi or wsgi:
        import_string(application)
    root = module.partition(".")[0]
    overridden = [name for name in vars(import_module(module)) if name.isupper()]
    return {
        "wsgi": wsgi or importable(f"{root}.wsgi"),
        "asgi": asgi or ("" if wsgi else importable(f"{root}.asgi")),
        "engine": settings.DATABASES.get("default", {}).get("ENGINE", ""),
        "overridden": sorted(overridden),
        "default_storage": default_storage(),
        "files": [
            f"{model._meta.label}.{field.name}"
            for model in apps.get_models()
            for field in model._meta.get_fields()
            if isinstance(field, FileField)
        ],
        "static_root": inside(str(settings.STATIC_ROOT or "")),
        "key_in": [name for name in overridden if name != "SECRET_KEY" and holds_key(name)],
        "celery": celery(root),
        "workers": sorted(import_module("gunicorn.workers").SUPPORTED_WORKERS),
        "unmade": unmade_migrations(),
    }


def inside(path: str) -> str:
    """The path as seen from the project's folder, where it is below it."""
    return str(Path(path).relative_to(os.getcwd())) if path.startswith(os.getcwd()) else path


def default_storage() -> str:
    from django.conf import settings

    return str(
        getattr(settings, "STORAGES", {}).get("default", {}).get("BACKEND")
        or getattr(settings, "DEFAULT_FILE_STORAGE", "")
    )


def holds_key(name: str) -> bool:
    """Whether a setting was made of the secret key, while the key was another than production's."""
    from django.conf import settings

    key = settings.SECRET_KEY
    return bool(key) and key != NEVER and key in repr(getattr(settings, name))


def importable(module: str) -> str:
    try:
        return module if find_spec(module) else ""
    except ModuleNotFoundError:
        return ""


def celery(root: str) -> dict[str, Any]:
    """Its Celery application, and whether anything is to be scheduled; empty without one."""
    module = importable(f"{root}.celery")
    if not module or not importable("celery"):
        return {}
    from django.conf import settings

    import_module(module)
    current = import_module("celery").current_app
    scheduled = "django_celery_beat" in settings.INSTALLED_APPS or current.conf.beat_schedule
    return {"app": root, "beat": bool(scheduled)}


def unmade_migrations() -> list[str]:
    """The apps whose models have changed since their last migration, or that have none."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState

    loader = MigrationLoader(None, ignore_no_migrations=True)
    before, after = loader.project_state(), ProjectState.from_apps(apps)
    changed = MigrationAutodetector(before, after).changes(graph=loader.graph)
    own = {
        app.label
        for app in apps.get_app_configs()
        if app.path.startswith(os.getcwd()) and list(app.get_models())
    }
    return sorted({*changed, *(own & loader.unmigrated_apps)})


def checks() -> list[dict[str, Any]]:
    """What Django's check says, but for those of its checks that ask the database."""
    from django.core.checks.registry import registry
    from django.db import OperationalError

    found = []
    for check in registry.get_checks(include_deployment_checks=True):
        with suppress(OperationalError):
            found += list(check(app_configs=None, databases=None))
    return [
        {"id": item.id or "", "level": item.level, "text": str(item)}
        for item in found
        if not item.is_silenced()
    ]


def engine_named() -> str:
    """The database's engine, as far as the settings module has got by itself."""
    module = sys.modules.get(os.environ.get("DJANGO_SETTINGS_MODULE", ""))
    return str(getattr(module, "DATABASES", {}).get("default", {}).get("ENGINE", ""))


def explained(error: BaseException) -> dict[str, str]:
    """What went wrong, and the project's own line where it did."""
    here = os.getcwd()
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(here)
    ]
    place = f"{os.path.relpath(own[-1].filename, here)}, line {own[-1].lineno}" if own else ""
    return {"type": type(error).__name__, "text": str(error), "place": place}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "deploy" in sys.argv[3:])
