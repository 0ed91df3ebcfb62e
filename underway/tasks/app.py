"""The app itself, without a container."""

from invoke.context import Context
from invoke.exceptions import Exit

from underway.command import Runner
from underway.tasks.base import project, remainder, task


@task(port="port to listen on")
def serve(c: Context, port: str = "8000") -> None:
    """Serve the app without a container, with DEBUG on, reloading when a file changes."""
    from underway import development

    raise Exit(code=Runner().attach(development.serve(project(c), port)))


@task()
def manage(c: Context) -> None:
    """Run a command of manage.py, with DEBUG on: invoke manage -- migrate --plan."""
    from underway import development

    raise Exit(code=Runner().attach(development.manage(project(c), remainder())))


@task(postgres="use a Postgres server with TLS, started for these tests")
def test(c: Context, postgres: bool = False) -> None:
    """Run the tests that need no engine; words after -- go to pytest."""
    from underway import development

    code = development.test(project(c), Runner(), remainder(), postgres=postgres)
    raise Exit(code=code)


@task()
def lint(c: Context) -> None:
    """Check format, import order and style with black, isort and flake8."""
    from underway import development

    development.run_all(development.lint(project(c)), Runner())


@task()
def format(c: Context) -> None:
    """Put imports and code in order with isort and black."""
    from underway import development

    development.run_all(development.format(project(c)), Runner())
