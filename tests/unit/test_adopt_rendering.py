"""The templates, filled."""

import ast
import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe

import pytest
import yaml

from underway.adopt.found import Found
from underway.adopt.rendering import render, tables
from underway.platform import heroku_yml

SHOP = Found("shop", "shop.settings", "shop.wsgi:application", manage_settings="shop.settings")
WORKER = {"worker": "celery --app shop worker"}
KINDS = (
    SHOP,
    replace(SHOP, asynchronous=True, application="shop.asgi:application"),
    replace(SHOP, legacy=("STATICFILES_STORAGE",), silenced=("models.W042",), processes=WORKER),
    replace(SHOP, python="3.12", dockerfile="heroku.Dockerfile", ignored=("**/*.log",)),
)


@pytest.mark.parametrize("found", KINDS)
def test_every_file_is_whole_and_of_its_kind(found: Found) -> None:
    for path, text in render(found).items():
        assert "{{" not in text, path
        if path.endswith(".py"):
            ast.parse(text)
        elif path.endswith(".yml"):
            assert yaml.safe_load(text)
    json.loads(render(found)["app.json"])


def test_other_process_types_run_from_the_image_of_web_and_web_goes_on_as_it_was() -> None:
    manifest = heroku_yml.parse(render(replace(SHOP, processes=WORKER))["heroku.yml"])
    assert manifest.processes == {"web": "web", "worker": "web"}
    assert manifest.commands["worker"][-1] == "celery --app shop worker"
    assert manifest.commands["web"][-1] == "python -m on_heroku"


def test_the_manifest_builds_the_dockerfile_that_is_written() -> None:
    files = render(replace(SHOP, dockerfile="heroku.Dockerfile"))
    assert heroku_yml.parse(files["heroku.yml"]).images["web"].dockerfile == "heroku.Dockerfile"
    assert "heroku.Dockerfile" in files and "Dockerfile" not in files


def test_the_image_chooses_the_settings_and_its_tests_the_projects_own() -> None:
    dockerfile = render(SHOP)["Dockerfile"]
    assert "DJANGO_SETTINGS_MODULE=on_heroku.settings" in dockerfile
    assert 'CMD ["python", "manage.py", "test", "--settings", "shop.settings"]' in dockerfile


def test_an_asgi_application_has_the_worker_of_its_kind_and_keeps_no_connection() -> None:
    files = render(KINDS[1])
    assert 'worker_class = "asgi"' in files["gunicorn.conf.py"]
    assert 'default["CONN_MAX_AGE"] = 0' in files["on_heroku/settings.py"]


def test_a_cache_of_files_moves_to_where_a_dyno_can_write(tmp_path: Path) -> None:
    backends = "django.core.cache.backends"
    caches = {
        "default": {"BACKEND": f"{backends}.filebased.FileBasedCache", "LOCATION": "/app/cache"},
        "other": {"BACKEND": f"{backends}.locmem.LocMemCache", "LOCATION": "other"},
    }
    own = f"INSTALLED_APPS = []\nMIDDLEWARE = []\nCACHES = {caches!r}\n"
    files = render(replace(SHOP, settings="own")) | {"own.py": own}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    shown = "import on_heroku.settings as s; print([c['LOCATION'] for c in s.CACHES.values()])"
    env = {"SECRET_KEY": token_urlsafe(50), "ALLOWED_HOSTS": "localhost", "TMPDIR": "/tmp"}
    argv = [sys.executable, "-c", shown]
    said = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert said.stdout == "['/tmp/default-cache', 'other']\n", said.stderr


def test_pyproject_gets_the_tables_that_a_deploy_reads() -> None:
    found = replace(SHOP, python="3.12", processes=WORKER)
    section = tomllib.loads(tables(found))["tool"]["underway"]
    assert section == {
        "name": "shop",
        "python-image": "python:3.12-slim-trixie",
        "environments": {"staging": "shop-staging", "production": "shop"},
        "processes": WORKER,
    }


def test_a_job_begins_by_making_the_environment_of_the_tasks() -> None:
    pipeline = yaml.safe_load(render(SHOP)[".gitlab-ci.yml"])
    made, installed = pipeline["default"]["before_script"]
    assert "python -m venv .underway/venv" in made
    assert installed.startswith("(cd requirements && ../.underway/venv/bin/python -m pip install")
    assert installed.endswith("--require-hashes --requirement underway.txt)")
    assert pipeline["build"]["script"] == [
        ".underway/venv/bin/underway pipeline.build $BUILD_OPTIONS"
    ]
