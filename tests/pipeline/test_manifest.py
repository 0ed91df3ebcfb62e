"""The whole file, by the build manifest: nothing but the release itself is different."""

from tests.pipeline.conftest import Pipeline

STAGING, PRODUCTION = "hello-django-staging", "hello-django"
JOBS = ("environment", "lint", "typing", "tests", "build", "test", "staging")


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
