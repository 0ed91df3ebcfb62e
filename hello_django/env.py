"""The environment, read strictly: a bad value is one line that names the variable."""

import os
from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError, ValidationError, validate

T = TypeVar("T")

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# Signs nothing of worth: it counts only while DEBUG is on, and keeps sessions across reloads.
INSECURE_PREFIX = "django-insecure-"
INSECURE_KEY = f"{INSECURE_PREFIX}for-development-on-this-machine-only"

_environment = Env()


class ConfigurationError(ImproperlyConfigured):
    """What is wrong with a variable and what a right value looks like; never a secret one."""

    def __init__(self, name: str, problem: str, example: str) -> None:
        super().__init__(f"{name} {problem}. Example: {name}={example}")


def text(name: str, default: str = "") -> str:
    # Set but empty counts as unset: that is how Compose and CI pass on what they do not have.
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    return _parsed(_environment.bool, name, default, "which is neither on nor off", "1")


def number(name: str, *, default: int, low: int, high: int) -> int:
    def parse(name: str) -> int:
        return _environment.int(name, validate=validate.Range(low, high))

    problem = f"which is not a whole number from {low} to {high}"
    return _parsed(parse, name, default, problem, str(default))


def secret_key(*, debug: bool) -> str:
    key = text("SECRET_KEY", INSECURE_KEY if debug else "")
    if debug or (len(key) >= 50 and len(set(key)) >= 5 and not key.startswith(INSECURE_PREFIX)):
        return key
    raise ConfigurationError(
        "SECRET_KEY",
        "is too short or guessable" if key else "is not set",
        '$(python -c "import secrets; print(secrets.token_urlsafe(50))")',
    )


def hosts(*, debug: bool) -> list[str]:
    names = [name.strip() for name in text("ALLOWED_HOSTS").split(",") if name.strip()]
    if any("/" in name or " " in name for name in names):
        raise ConfigurationError(
            "ALLOWED_HOSTS",
            f"is {text('ALLOWED_HOSTS')!r}, which is not a list of host names"
            " separated by commas",
            "example.com,www.example.com",
        )
    if not names and not debug:
        raise ConfigurationError("ALLOWED_HOSTS", "names no host", "example.com,www.example.com")
    return names or [".localhost", "127.0.0.1", "[::1]"]


def log_level() -> str:
    def parse(name: str) -> str:
        level = _environment.str(name).strip().upper()
        return str(validate.OneOf(LOG_LEVELS)(level))

    problem = f"which is none of {', '.join(LOG_LEVELS)}"
    return _parsed(parse, "LOG_LEVEL", "INFO", problem, "INFO")


def _parsed(parse: Callable[[str], T], name: str, default: T, problem: str, example: str) -> T:
    if not text(name):
        return default
    try:
        return parse(name)
    except (EnvError, ValidationError):
        raise ConfigurationError(name, f"is {os.environ[name]!r}, {problem}", example) from None
