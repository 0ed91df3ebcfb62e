from pathlib import Path

import pytest

from underway.errors import UsageError
from underway.project import Project


def load(root: Path, section: str, **environ: str) -> Project:
    (root / "pyproject.toml").write_text(f"[tool.underway]\n{section}\n")
    return Project.load(root, environ)


def test_a_name_is_all_that_a_project_has_to_say(tmp_path: Path) -> None:
    project = load(tmp_path, 'name = "shop"')
    assert project.name == "shop"
    assert project.python_image == "python:3.13-slim-trixie"
    assert project.image("release") == "shop:release"


def test_an_unknown_key_is_refused_with_the_key_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        load(tmp_path, 'name = "shop"\npyton-image = "x"')
    assert failure.value.what == "tool.underway.pyton-image is not a key."
    assert failure.value.next == "did you mean python-image?"


def test_an_unknown_key_like_no_other_is_refused_with_the_list_of_keys(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        load(tmp_path, 'name = "shop"\nzzz = "x"')
    assert failure.value.why.startswith(
        "keys: app, dockerfile, environments, health-path, hooks, method, name"
    )


@pytest.mark.parametrize("value", ["3", '""', "true", "[]"])
def test_a_value_that_is_not_text_is_refused_by_its_key(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError, match=r"tool\.underway\.python-image must be text"):
        load(tmp_path, f'name = "shop"\npython-image = {value}')


@pytest.mark.parametrize("name", ["Shop", "1shop", "sh", "shop-", "s" * 31, "my_shop"])
def test_a_name_that_heroku_would_refuse_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name cannot be"):
        load(tmp_path, f'name = "{name}"')


def test_a_missing_name_is_shown_how_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name is missing") as failure:
        load(tmp_path, "")
    assert "[tool.underway]" in failure.value.next


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ('app = "My_App"', "tool.underway.app cannot be 'My_App'"),
        ('environments = { live = "x" }', "tool.underway.environments.live cannot be 'x'"),
        ('environments = "live"', "tool.underway.environments must be a table of texts"),
        ("processes = { worker = 3 }", "tool.underway.processes must be a table of texts"),
        ('method = "git"', "tool.underway.method cannot be 'git'"),
    ],
)
def test_what_a_deploy_could_not_use_is_refused_by_its_key(
    tmp_path: Path, section: str, problem: str
) -> None:
    with pytest.raises(UsageError) as failure:
        load(tmp_path, f'name = "shop"\n{section}')
    assert failure.value.what.startswith(problem)


def test_a_project_that_says_nothing_of_processes_has_a_release_phase(tmp_path: Path) -> None:
    project = load(tmp_path, 'name = "shop"')
    assert project.processes == {"release": "python manage.py release"}
    more = load(tmp_path, 'name = "shop"\nprocesses = { worker = "work" }')
    assert list(more.processes) == ["release", "worker"]


def test_the_environment_chooses_the_base_image(tmp_path: Path) -> None:
    project = load(tmp_path, 'name = "shop"\npython-image = "a"', PYTHON_IMAGE="b")
    assert project.python_image == "b"


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml does not exist"):
        Project.load(tmp_path, {})


def test_a_broken_file_says_where_it_is_broken(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not valid TOML") as failure:
        load(tmp_path, "name = ")
    assert "line 2" in failure.value.why


def test_two_checkouts_of_one_project_have_labels_of_their_own(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert load(one, 'name = "shop"').labels != load(two, 'name = "shop"').labels
