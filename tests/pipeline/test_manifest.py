"""The whole file, by the build manifest; and what stops it before anything is released."""

from tests.pipeline.conftest import Pipeline

STAGING, PRODUCTION = "hello-django-staging", "hello-django"
JOBS = ("environment", "lint", "typing", "tests", "build", "test", "staging")
FAILING_TEST = """

@pytest.mark.django_db
def test_what_only_sqlite_does() -> None:
    from django.db import connection

    assert connection.vendor == "sqlite"
"""


def test_a_push_goes_from_check_to_a_verified_release_on_staging(project: Pipeline) -> None:
    ran = project.run("--method", "manifest")
    assert {job: ran.outcome(job) for job in JOBS} == dict.fromkeys(JOBS, "PASS")
    assert ran.code == 0
    receipt = project.receipt("staging", STAGING)
    assert (receipt["method"], receipt["outcome"]) == ("manifest", "released")
    assert receipt["commit"] == project.commit
    assert project.serving(STAGING) == receipt["release"]


def test_production_gets_by_hand_the_commit_that_staging_runs(project: Pipeline) -> None:
    assert project.run("--method", "manifest", "--job", "production").code == 0
    assert project.receipt("production", PRODUCTION)["commit"] == project.commit
    assert project.serving(PRODUCTION) == project.receipt("production", PRODUCTION)["release"]


def test_production_refuses_a_commit_that_staging_does_not_run(project: Pipeline) -> None:
    before = project.serving(PRODUCTION)
    project.place.checkout.git("commit", "--quiet", "--allow-empty", "--message", "newer")
    ran = project.run("--method", "manifest", "--job", "production")
    assert ran.code != 0
    assert "was not built from" in ran.text
    assert project.serving(PRODUCTION) == before


def test_a_failing_lint_stops_it_at_the_checks(project: Pipeline) -> None:
    before = project.serving(STAGING)
    checkout = project.place.checkout
    checkout.replace("hello_django/views.py", "import", "import  ")
    checkout.git("commit", "--quiet", "--all", "--message", "careless")
    ran = project.run("--method", "manifest")
    assert ran.code != 0
    assert ran.outcome("lint") == "FAIL"
    assert ran.outcome("test") == ran.outcome("staging") == ""
    assert project.serving(STAGING) == before
    checkout.git("revert", "--no-edit", "HEAD")


def test_a_test_that_fails_inside_the_image_stops_it_before_staging(project: Pipeline) -> None:
    before = project.serving(STAGING)
    checkout = project.place.checkout
    tests = checkout.root / "hello_django/tests/test_http.py"
    tests.write_text(tests.read_text() + FAILING_TEST)
    checkout.git("commit", "--quiet", "--all", "--message", "true on SQLite")
    ran = project.run("--method", "manifest")
    assert ran.code != 0
    assert (ran.outcome("tests"), ran.outcome("test")) == ("PASS", "FAIL")
    assert ran.outcome("staging") == ""
    assert project.serving(STAGING) == before
    checkout.git("revert", "--no-edit", "HEAD")
