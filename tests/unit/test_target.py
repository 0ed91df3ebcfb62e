"""Where a task acts, and with whose token."""

from pathlib import Path

import pytest

from underway.errors import Unauthorized, UsageError
from underway.project import Project
from underway.target import choose, on_heroku, token


def project(**values: object) -> Project:
    return Project(Path("."), "shop", **values)  # type: ignore[arg-type]


def test_without_any_name_it_is_the_project_s_own_on_the_local_platform() -> None:
    assert choose(project(), environ={}) == ("shop", True)


@pytest.mark.parametrize(
    ("asked", "environ", "expected"),
    [
        ({"app": "one", "to": "staging"}, {"HEROKU_APP_NAME": "three"}, "one"),
        ({"to": "staging"}, {"HEROKU_APP_NAME": "three"}, "shop-staging"),
        ({}, {"HEROKU_APP_NAME": "three"}, "three"),
        ({}, {}, "shop-live"),
    ],
)
def test_the_nearest_name_counts(
    asked: dict[str, str], environ: dict[str, str], expected: str
) -> None:
    named = project(app="shop-live", environments={"staging": "shop-staging"})
    assert choose(named, environ=environ, **asked) == (expected, False)  # type: ignore[arg-type]


def test_local_forces_the_local_platform_whatever_is_named() -> None:
    named = project(environments={"staging": "shop-staging"})
    assert choose(named, to="staging", local=True, environ={}) == ("shop-staging", True)


def test_an_unknown_environment_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError) as failure:
        choose(project(environments={"staging": "shop-staging"}), to="stagging", environ={})
    assert "'stagging'" in str(failure.value) and "names: staging" in str(failure.value)


@pytest.mark.parametrize("name", ["HEROKU_API_KEY", "HEROKU_AUTH_TOKEN"])
def test_the_token_comes_from_the_environment(name: str) -> None:
    assert token(environ={name: "abc"}).reveal() == "abc"


def test_the_token_comes_from_netrc_where_heroku_s_cli_keeps_it(tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine api.heroku.com\n  login me@example.com\n  password abc\n")
    netrc.chmod(0o600)
    assert token(environ={"HOME": str(tmp_path)}).reveal() == "abc"


def test_a_netrc_that_cannot_be_read_is_named_without_its_words(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine api.heroku.com password hunter2 nonsense")
    with pytest.raises(Unauthorized) as failure:
        token(environ={"HOME": str(tmp_path)})
    assert ".netrc" in str(failure.value) and "hunter2" not in str(failure.value)


def test_without_a_token_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(Unauthorized) as failure:
        token(environ={"HOME": str(tmp_path)})
    assert failure.value.exit_code == 23
    assert "heroku authorizations:create" in failure.value.next
    assert "--local" in failure.value.next


def test_on_heroku_everything_is_heroku_s_own() -> None:
    target = on_heroku("shop-live", environ={"HEROKU_API_KEY": "abc"})
    assert (target.api, target.registry) == (
        "https://api.heroku.com",
        "https://registry.heroku.com",
    )
    assert target.repository == "registry.heroku.com/shop-live"
    assert str(target) == "shop-live on Heroku"
    assert target.options == " --app shop-live"
    assert "abc" not in repr(target)
