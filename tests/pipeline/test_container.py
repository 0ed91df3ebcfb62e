"""The whole file, by the container registry: what is built is what is tested, and what serves."""

from tests.pipeline.conftest import Pipeline
from underway.engine import Engine

STAGING, PRODUCTION = "hello-django-staging", "hello-django"
JOBS = ("environment", "lint", "typing", "tests", "build", "test", "staging")
MIGRATION = """\
import os

from django.db import migrations


def forwards(apps: object, editor: object) -> None:
    if "DYNO" in os.environ:
        raise RuntimeError("there is no way forward")


class Migration(migrations.Migration):
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
"""


def digest(reference: str) -> str:
    return reference.partition("@")[2]


def test_a_push_goes_from_check_to_a_verified_release_on_staging(project: Pipeline) -> None:
    ran = project.run()
    assert {job: ran.outcome(job) for job in JOBS} == dict.fromkeys(JOBS, "PASS")
    assert ran.code == 0
    assert ran.outcome("production") == ran.outcome("review") == ""
    receipt = project.receipt("staging", STAGING)
    assert receipt["outcome"] == "released"
    assert receipt["commit"] == project.commit
    assert project.serving(STAGING) == receipt["release"]
    assert project.place.visit("/ping/", STAGING).json() == {"ping": "pong!"}
    assert project.place.token not in ran.text


def test_what_was_built_was_tested_and_is_what_serves(project: Pipeline) -> None:
    built = project.handed_on()
    web, test = (project.blob(digest(built[name])) for name in ("IMAGE", "TEST_IMAGE"))
    # Heroku names an image by its configuration, in which its layers stand.
    assert project.receipt("staging", STAGING)["images"]["web"]["image"] == web["config"]["digest"]
    layers = [
        project.blob(found["config"]["digest"])["rootfs"]["diff_ids"] for found in (web, test)
    ]
    assert layers[1][: len(layers[0])] == layers[0]
    log = (project.folder / "state/output/test.log").read_text()
    assert "check --deploy" not in log and "no issues" in log and "No changes detected" in log
    description = project.place.ask("/releases", STAGING)[-1]["description"]
    assert web["config"]["digest"].removeprefix("sha256:")[:12] in description


def test_production_gets_by_hand_the_image_that_staging_runs(project: Pipeline) -> None:
    ran = project.run("--job", "production")
    assert ran.code == 0
    images = [
        {type: image["image"] for type, image in project.receipt(job, app)["images"].items()}
        for job, app in (("staging", STAGING), ("production", PRODUCTION))
    ]
    assert images[0] == images[1]
    assert project.serving(PRODUCTION) == project.receipt("production", PRODUCTION)["release"]


def test_a_merge_requests_review_app_comes_and_goes(project: Pipeline) -> None:
    app = f"{project.place.checkout.project.name}-mr-1"
    assert project.run("--event", "merge-request", "--job", "review").code == 0
    assert project.place.visit("/ping/", app).json() == {"ping": "pong!"}
    address = project.folder / "state/artifacts/review/.gitlab-ci-reports/dotenv/deploy.env"
    assert address.read_text().startswith(f"ENVIRONMENT_URL=https://{app}-")
    assert project.run("--event", "merge-request", "--job", "stop-review").code == 0
    with project.place.api() as api:
        assert api.get(f"/apps/{app}").status_code == 404


def test_the_second_build_takes_its_layers_from_the_first(project: Pipeline) -> None:
    before = project.blob(digest(project.handed_on()["IMAGE"]))
    with (project.place.checkout.root / "hello_django/views.py").open("a") as views:
        views.write("\n\n# another commit\n")
    project.place.checkout.git("commit", "--quiet", "--all", "--message", "another commit")
    assert project.run("--job", "build").code == 0
    after = project.blob(digest(project.handed_on()["IMAGE"]))
    assert before["layers"][:-1] == after["layers"][:-1]
    assert before["layers"][-1] != after["layers"][-1]


def test_the_simple_file_has_one_job_that_builds_deploys_and_verifies(project: Pipeline) -> None:
    ran = project.run("--file", "docs/examples/gitlab-ci.simple.yml")
    assert ran.code == 0
    assert ran.outcome("deploy") == "PASS"
    assert project.serving(PRODUCTION) == project.receipt("deploy", PRODUCTION)["release"]


def test_a_schedule_audits_and_builds_everything_anew(project: Pipeline) -> None:
    ran = project.run("--event", "schedule", "--job", "audit")
    assert ran.code == 0
    assert "audited" in (project.folder / "state/output/audit.log").read_text()
    before = project.blob(digest(project.handed_on()["IMAGE"]))
    assert project.run("--event", "schedule", "--job", "build").code == 0
    after = project.blob(digest(project.handed_on()["IMAGE"]))
    engine = Engine.connect()
    base = engine.image(project.place.checkout.project.python_image, next="invoke setup")
    of_base = len(base.attrs["RootFS"]["Layers"])
    engine.client.close()
    assert before["layers"][:of_base] == after["layers"][:of_base]
    assert before["layers"][of_base] != after["layers"][of_base]


def test_a_cancelled_deploy_leaves_no_half_release_and_nothing_else(project: Pipeline) -> None:
    before = project.serving(STAGING)
    stopped = project.interrupted_at("staging", "Releasing …")
    assert stopped.code == 130, stopped.said
    engine = Engine.connect()
    left = project.place.checkout.project.labels
    assert engine.containers(left) == engine.networks(left) == engine.volumes(left) == []
    engine.client.close()
    assert project.serving(STAGING) in (before, before + 1)
    assert project.run("--job", "staging").code == 0
    assert project.serving(STAGING) == project.receipt("staging", STAGING)["release"] > before


def test_a_failing_migration_stops_it_at_staging_with_the_old_release_serving(
    project: Pipeline,
) -> None:
    before = project.serving(STAGING)
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
