"""Every check, each in its own environment: `bin/nox` runs what must pass before a release.

Written by hand, for the library too.
"""

import os
import shutil
import subprocess
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "image", "platform", "deploy", "security"]

ROOT = Path(__file__).parent
PYTHONS = ("3.11", "3.12", "3.13")
DJANGOS = ("5.2", "6.0", "6.1")
SHIPPED = ("bin", "gunicorn.conf.py", "hello_django", "manage.py", "underway")
WITH_DATABASE = [f"hello_django/tests/test_{name}.py" for name in ("database", "http", "release")]
"""What asks a database; the others would only be run a second time."""
TWO_AT_ONCE = ("--numprocesses=2", "--dist=loadfile")
TWO_CLASSES = ("--numprocesses=2", "--dist=loadscope")
LOCKED = ("--require-hashes", "--requirement", "requirements/development.txt")


def found_pythons() -> list[str]:
    """The Pythons that start on this machine; pyenv offers all that it has, not its first alone."""
    if shutil.which("pyenv"):
        listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True)
        wanted = [v for v in listed.stdout.split() if v.startswith(PYTHONS)]
        # Its shim, if that has started us, has chosen the one that it found.
        os.environ["PYENV_VERSION"] = ":".join(wanted)
    return [version for version in PYTHONS if starts(f"python{version}")]


def starts(python: str) -> bool:
    """Whether there is such a program, and it is not a shim before nothing."""
    return bool(shutil.which(python)) and not subprocess.call(
        [python, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


# Django 6 wants Python 3.12 or newer.
PAIRS = [(p, d) for p in found_pythons() for d in DJANGOS if p != "3.11" or d == "5.2"]


def on_engine(session: nox.Session, *words: str) -> None:
    """Run these tests with the machine made ready for them."""
    session.install(*LOCKED)
    session.run("invoke", "setup")
    session.run("pytest", *words, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Format, import order and style: black, isort, flake8."""
    session.install(*LOCKED)
    session.run("invoke", "lint")


@nox.session
def types(session: nox.Session) -> None:
    """Strict mypy, over the library, the app and the tests."""
    session.install(*LOCKED)
    session.run("mypy")


@nox.session
@nox.parametrize("python,django", PAIRS)
def tests(session: nox.Session, django: str) -> None:
    """The tests of library and app, the app's on SQLite and on a Postgres server with TLS."""
    session.install(*LOCKED)
    if django != DJANGOS[0]:
        session.install(f"django~={django}.0")
    # The library knows nothing of Django: once for each Python is enough.
    suites = (
        ["hello_django/tests", "tests/unit"] if django == DJANGOS[0] else ["hello_django/tests"]
    )
    words = (*TWO_AT_ONCE, *session.posargs)
    session.run("invoke", "test", "--", *suites, *words)
    session.run("invoke", "setup")
    session.run("invoke", "test", "--postgres", "--", *WITH_DATABASE, *words)


@nox.session
def image(session: nox.Session) -> None:
    """The production image, on the real engine: both builders, and all that is claimed of it."""
    on_engine(session, "tests/image", "--ignore=tests/image/test_security.py")


@nox.session
def platform(session: nox.Session) -> None:
    """The local platform, driven by Heroku's own command line, docker, git and curl."""
    # These two print figures, and want the machine for themselves.
    alone = ["tests/platform/test_links.py", "tests/platform/test_speed.py"]
    others = [f"--ignore={name}" for name in alone]
    on_engine(session, "tests/platform", *others, *TWO_AT_ONCE)
    session.run("pytest", *alone, *session.posargs)


@nox.session
def deploy(session: nox.Session) -> None:
    """The whole deploy by both methods, with all that can go wrong; and the everyday tasks."""
    on_engine(session, "tests/deploy", *TWO_CLASSES)


@nox.session
def pipeline(session: nox.Session) -> None:
    """The real .gitlab-ci.yml, run by gitlab-ci-local, by both methods; on demand: ten minutes."""
    on_engine(session, "tests/pipeline", "--ignore=tests/pipeline/test_speed.py", *TWO_AT_ONCE)


@nox.session
def pipeline_speed(session: nox.Session) -> None:
    """How long the pipeline takes beside the guide's; only on demand, it takes ten minutes."""
    on_engine(session, "--capture=no", "tests/pipeline/test_speed.py")


@nox.session
def adopt(session: nox.Session) -> None:
    """Projects made by packages on PyPI, adopted and deployed; on demand: a quarter of an hour."""
    on_engine(session, "tests/adopt", *TWO_CLASSES)


@nox.session
def bench(session: nox.Session) -> None:
    """How fast it is beside what else there is; on demand: 45 minutes. -- NAME: some of it."""
    session.install("--require-hashes", "--requirement", "requirements/bench.txt")
    session.run("invoke", "setup")
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def security(session: nox.Session) -> None:
    """Bandit over the code, secrets and permissions in the image, advisories on the locks."""
    session.install(*LOCKED)
    session.run("bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", *SHIPPED)
    session.run("invoke", "setup")
    session.run("pytest", "tests/image/test_security.py", *session.posargs)
    session.run("invoke", "audit")
