"""What a project's files say, and what is made of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import FakeRunner
from underway.adopt import choices, existing, found, requirements
from underway.adopt.found import Found
from underway.adopt.plan import changes
from underway.adopt.requirements import UV, Source
from underway.errors import UsageError

ASKED: dict[str, Any] = {
    "settings": "shop.settings",
    "alternatives": [],
    "wsgi": "shop.wsgi.application",
    "asgi": "",
    "celery": {},
    "default_storage": "django.core.files.storage.FileSystemStorage",
    "overridden": [],
}


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Shop_Site", "shop-site"), ("2024", "app-2024"), ("x", "x-app"), ("s" * 40, "s" * 30)],
)
def test_a_folder_gives_a_name_that_heroku_takes(tmp_path: Path, folder: str, name: str) -> None:
    (tmp_path / folder).mkdir()
    assert found.name(tmp_path / folder) == name


def test_the_projects_own_name_comes_first(tmp_path: Path) -> None:
    write(tmp_path, pyproject__toml='[project]\nname = "My.Shop"\n')
    assert found.name(tmp_path) == "my-shop"
    write(tmp_path, pyproject__toml='[tool.underway]\nname = "the-shop"\n')
    assert found.name(tmp_path) == "the-shop"


@pytest.mark.parametrize(
    ("wanted", "python"),
    [
        ("", "3.13"),
        ('[project]\nrequires-python = ">=3.11"', "3.13"),
        ('[project]\nrequires-python = ">=3.11,<3.13"', "3.12"),
        ('[tool.poetry.dependencies]\npython = "^3.14"', "3.14"),
    ],
)
def test_the_python_is_one_that_the_project_allows(
    tmp_path: Path, wanted: str, python: str
) -> None:
    assert found.python(write(tmp_path, pyproject__toml=wanted)) == python


def test_a_python_version_that_is_pinned_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("3.12.4\n")
    assert found.python(tmp_path) == "3.12"


def test_a_python_without_an_image_is_refused(tmp_path: Path) -> None:
    write(tmp_path, pyproject__toml='[project]\nrequires-python = "<3.10"')
    with pytest.raises(UsageError, match="wants Python <3.10"):
        found.python(tmp_path)


def test_a_lock_comes_before_what_it_was_made_from(tmp_path: Path) -> None:
    write(tmp_path, requirements__txt="django\n")
    assert requirements.source(tmp_path) == Source("requirements.txt")
    write(tmp_path, Pipfile__lock="{}")
    assert str(requirements.source(tmp_path)) == "Pipfile.lock (Pipenv)"
    write(tmp_path, uv__lock="")
    assert requirements.source(tmp_path) == Source("uv.lock", "uv")


def test_a_project_that_says_nothing_of_its_requirements_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        requirements.source(tmp_path)
    assert "pip freeze > requirements.txt" in failure.value.next


def test_production_asks_for_what_the_project_asks_and_heroku_needs(tmp_path: Path) -> None:
    text = requirements.wanted(Source("requirements.txt"), driver=True)
    assert text.splitlines()[1:] == [
        "-r ../requirements.txt",
        "dj-database-url",
        "environs",
        "gunicorn",
        "psycopg[binary]",
        "whitenoise[brotli]",
    ]
    assert "psycopg" not in requirements.wanted(Source("requirements/base.txt"), driver=False)
    (tmp_path / "requirements").mkdir()
    (tmp_path / requirements.PRODUCTION).write_text(text)
    assert requirements.is_adopted(tmp_path)


def test_another_tools_lock_is_exported_without_the_places_that_packages_come_from(
    tmp_path: Path, runner: FakeRunner
) -> None:
    source = Source("Pipfile.lock", "Pipenv")
    pins = "-i https://me:hunter2@index.example.com/simple\n# a comment\ndjango==5.2.1\n"
    runner.expect(*UV, "tool", "run", "pipenv", "requirements", stdout=pins)
    requirements.export(tmp_path, source, "3.13", runner)
    exported = (tmp_path / requirements.EXPORTED).read_text()
    assert exported == "# From Pipfile.lock, by underway lock.\ndjango==5.2.1\n"


def test_packages_without_a_wheel_for_the_image_are_named(
    tmp_path: Path, runner: FakeRunner
) -> None:
    locked = "\n".join(
        f'[[packages]]\nname = "{name}"\nwheels = [{{ url = "{wheel}" }}]'
        for name, wheel in (
            ("pure", "pure-1-py3-none-any.whl"),
            ("fits", "fits-1-cp313-cp313-manylinux_2_28_x86_64.whl"),
            ("stable", "stable-1-cp39-abi3-manylinux2014_x86_64.whl"),
            ("windows", "windows-1-cp313-cp313-win_amd64.whl"),
            ("older", "older-1-cp312-cp312-manylinux_2_28_x86_64.whl"),
        )
    )
    argv: tuple[str, ...] = ("pip", "compile", "--quiet", "--no-deps")
    argv += ("--python-platform", "x86_64-manylinux_2_40", "--python-version", "3.13")
    argv += ("--format", "pylock.toml", "--no-header", "requirements/production.txt")
    runner.expect(*UV, *argv, stdout=locked + '\n[[packages]]\nname = "source"\n')
    names = requirements.without_wheels(tmp_path, "3.13", runner)
    assert names == ("windows", "older", "source")


def test_settings_for_production_are_built_on_where_there_are_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    beside = ["shop.settings.base", "shop.settings.production"]
    asked = ASKED | {"settings": "shop.settings.dev", "alternatives": beside}
    assert choices.settings(tmp_path, ASKED) == "shop.settings"
    assert choices.settings(tmp_path, asked) == "shop.settings.production"
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings.base")
    assert choices.settings(tmp_path, asked) == "shop.settings.base"


def test_what_was_chosen_once_is_chosen_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    (tmp_path / "on_heroku").mkdir()
    (tmp_path / "on_heroku" / "settings.py").write_text("import shop.live as own\n")
    assert choices.settings(tmp_path, ASKED) == "shop.live"


def test_an_asgi_application_is_served_as_one(tmp_path: Path) -> None:
    known = choices.decide(tmp_path, "3.13", "shop.settings", ASKED)
    assert (known.application, known.asynchronous) == ("shop.wsgi:application", False)
    asked = ASKED | {"asgi": "shop.asgi"}
    known = choices.decide(tmp_path, "3.13", "shop.settings", asked)
    assert (known.application, known.asynchronous) == ("shop.asgi", True)


def test_celery_is_given_a_worker_and_a_scheduler_where_it_has_a_schedule(tmp_path: Path) -> None:
    asked = ASKED | {"celery": {"app": "shop", "beat": True}}
    processes = choices.decide(tmp_path, "3.13", "shop.settings", asked).processes
    assert processes["worker"].startswith("celery --app shop worker")
    assert processes["beat"].startswith("celery --app shop beat")


def test_the_process_types_of_a_procfile_are_taken_but_for_those_of_the_image(
    tmp_path: Path,
) -> None:
    write(tmp_path, Procfile="web: gunicorn shop\nrelease: x\nclock: python clock.py\n")
    processes = choices.decide(tmp_path, "3.13", "shop.settings", ASKED).processes
    assert processes == {"clock": "python clock.py"}


def test_beside_a_dockerfile_of_the_users_ours_has_another_name(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM theirs\n")
    known = choices.decide(tmp_path, "3.13", "shop.settings", ASKED)
    assert known.dockerfile == "heroku.Dockerfile"
    assert (
        'dockerfile = "heroku.Dockerfile"' in existing.appended(tmp_path, known)["pyproject.toml"]
    )


def test_a_dockerignore_of_the_users_gets_what_it_lacks_and_no_more(tmp_path: Path) -> None:
    write(tmp_path, __dockerignore=".git\n")
    known = Found("shop", "shop.settings", "shop.wsgi")
    assert existing.appended(tmp_path, known)[".dockerignore"] == ".underway\n**/.env*\n"


def test_what_is_kept_is_said_to_lack_something(tmp_path: Path) -> None:
    write(tmp_path, tasks__py="theirs\n")
    known = Found("shop", "shop.settings", "shop.wsgi")
    (note,) = existing.notes(tmp_path, known, changes(tmp_path, {"tasks.py": "ours\n"}, {}))
    assert (note.subject, note.what) == ("tasks.py", "there is one already; it is kept.")
    assert "the command underway does" in note.why


def test_a_procfile_is_kept_and_said_to_count_no_more(tmp_path: Path) -> None:
    write(tmp_path, Procfile="web: gunicorn shop.wsgi\nworker: celery worker\n")
    (note,) = existing.notes(tmp_path, Found("shop", "shop.settings", "shop.wsgi"), ())
    assert note.subject == "Procfile" and "[tool.underway.processes]" in note.why


def test_what_git_ignores_docker_ignores_in_the_same_folders(tmp_path: Path) -> None:
    write(tmp_path, __gitignore="# caches\n*.log\n/build/\nmedia/cache\n!keep.log\n\n")
    assert found.ignored(tmp_path) == ("**/*.log", "build", "media/cache", "!**/keep.log")
