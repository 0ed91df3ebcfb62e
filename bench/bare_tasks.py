"""A tasks file that needs nothing but Invoke: what `invoke --list` costs at the least."""

from invoke.context import Context
from invoke.tasks import task


@task
def build(c: Context) -> None:
    """Build the image."""
    c.run("docker build .")


@task
def test(c: Context) -> None:
    """Run the tests."""
    c.run("python manage.py test")


@task
def deploy(c: Context) -> None:
    """Push and release."""
    c.run("heroku container:push web")
    c.run("heroku container:release web")
