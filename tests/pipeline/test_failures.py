"""What stops the pipeline, and where; the old release goes on serving."""

from tests.pipeline.conftest import Pipeline

STAGING = "hello-django-staging"
FAILING_TEST = """

@pytest.mark.django_db
def test_what_only_sqlite_does() -> None:
    from django.db import connection

    assert connection.vendor == "sqlite"
"""
MIGRATION = """\
import os

from django.db import migrations


def forwards(apps: object, editor: object) -> None:
    if "DYNO" in os.environ:
        raise RuntimeError("there is no way forward")


class Migration(migrations.Migration):
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
"""


def test_a_failing_lint_stops_it_at_the_checks(project: Pipeline) -> None:
    before = deployed(project)
    checkout = project.place.checkout
    checkout.replace("hello_django/views.py", "import", "import  ")
    checkout.git("commit", "--quiet", "--all", "--message", "careless")
    ran = project.run()
    assert ran.code != 0
    assert ran.outcome("lint") == "FAIL"
    assert ran.outcome("test") == ran.outcome("staging") == ""
    assert project.serving(STAGING) == before
    checkout.git("revert", "--no-edit", "HEAD")


def test_a_test_that_fails_inside_the_image_stops_it_before_staging(project: Pipeline) -> None:
    before = deployed(project)
    checkout = project.place.checkout
    tests = checkout.root / "hello_django/tests/test_http.py"
    tests.write_text(tests.read_text() + FAILING_TEST)
    checkout.git("commit", "--quiet", "--all", "--message", "true on SQLite")
    ran = project.run()
    assert ran.code != 0
    assert (ran.outcome("tests"), ran.outcome("test")) == ("PASS", "FAIL")
    assert ran.outcome("staging") == ""
    assert project.serving(STAGING) == before
    checkout.git("revert", "--no-edit", "HEAD")


def test_a_failing_migration_stops_it_at_staging_with_the_old_release_serving(
    project: Pipeline,
) -> None:
    before = deployed(project)
    folder = project.place.checkout.root / "hello_django/migrations"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "0001_never.py").write_text(MIGRATION)
    project.place.checkout.git("add", "--all")
    project.place.checkout.git("commit", "--quiet", "--message", "a migration")
    ran = project.run()
    assert ran.code != 0
    assert (ran.outcome("test"), ran.outcome("staging")) == ("PASS", "FAIL")
    assert "there is no way forward" in ran.text
    receipt = project.receipt("staging", STAGING)
    assert receipt["exit_code"] == 21
    assert project.serving(STAGING) == before


def deployed(project: Pipeline) -> int:
    """The release that serves on staging, made first where there is none."""
    with project.place.api() as api:
        if api.get(f"/apps/{STAGING}").status_code == 404:
            assert project.run("--job", "build").code == 0
            assert project.run("--job", "staging").code == 0
    return project.serving(STAGING)
