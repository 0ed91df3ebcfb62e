"""The simple file: one job that builds and deploys."""

from tests.pipeline.conftest import Pipeline

APP = "hello-django"


def test_one_job_builds_deploys_and_verifies(project: Pipeline) -> None:
    ran = project.run("--file", "docs/examples/gitlab-ci.simple.yml")
    assert ran.code == 0
    assert ran.outcome("deploy") == "PASS"
    assert project.serving(APP) == project.receipt("deploy", APP)["release"]
