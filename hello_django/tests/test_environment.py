"""What whoever sets the environment meets, on the command line."""

import pytest

from hello_django.tests.process import manage


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
        ("SECRET_KEY", "hunter2", "SECRET_KEY is too short or guessable"),
        ("SECRET_KEY", "hunter2" + "a" * 3, "SECRET_KEY is too short or guessable"),
        ("SECRET_KEY", "django-insecure-hunter2" + "0123456789" * 5, "SECRET_KEY is too short"),
        ("DEBUG", "maybe", "DEBUG is 'maybe', which is neither on nor off"),
        ("DEBUG", "may\nbe", r"DEBUG is 'may\nbe'"),
        ("HTTPS", "sometimes", "HTTPS is 'sometimes'"),
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS names no host"),
        ("ALLOWED_HOSTS", " , ", "ALLOWED_HOSTS names no host"),
        ("ALLOWED_HOSTS", "https://a.org", "ALLOWED_HOSTS is 'https://a.org'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud', which is none of DEBUG, INFO"),
        ("DATABASE_URL", "hunter2", "DATABASE_URL is not a URL"),
        ("DATABASE_URL", "postgres://me:hunter2@db:x/name", "DATABASE_URL is not a URL"),
        ("DATABASE_URL", "postgres://me:hunter2@[db/name", "DATABASE_URL is not a URL"),
        ("DATABASE_URL", "postgres://me:hunter2@db", "DATABASE_URL names no database"),
        ("DATABASE_URL", "mysql://me:hunter2@db/name", "DATABASE_URL is neither postgres://"),
        ("DATABASE_URL", "postgres://me:hunter2@db/n?sslmode=on", "DATABASE_URL has an sslmode"),
    ],
)
def test_a_bad_value_is_one_line_with_an_example_and_no_secret(
    variable: str, value: str | None, message: str
) -> None:
    result = manage("check", **{variable: value})
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(message)
    assert f"Example: {variable}=" in result.stderr
    assert "hunter2" not in result.stderr


def test_the_missing_key_comes_with_the_way_to_make_one() -> None:
    command = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    assert command in manage("check", SECRET_KEY=None).stderr


def test_an_empty_value_counts_as_unset() -> None:
    assert manage("check", DEBUG="", DATABASE_URL="", LOG_LEVEL="", HTTPS="").returncode == 0


def test_debug_needs_nothing_else() -> None:
    assert manage("check", DEBUG="1", SECRET_KEY=None, ALLOWED_HOSTS=None).returncode == 0


def test_the_development_key_is_refused_in_production() -> None:
    shown = manage("shell", "-c", PRINT_KEY, DEBUG="1", SECRET_KEY=None).stdout.splitlines()[-1]
    assert "SECRET_KEY is too short or guessable" in manage("check", SECRET_KEY=shown).stderr


def test_the_deployment_check_has_no_warning() -> None:
    result = manage("check", "--deploy", "--fail-level", "WARNING")
    assert result.returncode == 0
    assert result.stdout == "System check identified no issues (0 silenced).\n"


def test_every_model_has_its_migration() -> None:
    assert manage("makemigrations", "--check", DATABASE_URL="sqlite://:memory:").returncode == 0


PRINT_KEY = "from django.conf import settings; print(settings.SECRET_KEY)"
