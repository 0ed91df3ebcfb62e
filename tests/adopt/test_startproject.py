"""What ``django-admin startproject`` makes, on each Django, with each tool that locks packages."""

import json
import shutil
from pathlib import Path

from tests.adopt import projects
from tests.adopt.journey import Journey, Kind, Site
from tests.pipeline.conftest import Pipeline

JOBS = ("environment", "build", "test", "staging")


class TestDjango61(Journey):
    """requirements.txt, as ``pip freeze`` writes it."""

    kind = Kind(projects.plain("6.1"))

    def test_heroku_can_build_it_from_its_manifest(self, site: Site) -> None:
        receipt = json.loads(site.done("deploy", "--method", "manifest", "--json"))
        assert (receipt["outcome"], receipt["method"]) == ("released", "manifest")
        assert site.visit("/healthz").json()["release"] == f"v{receipt['release']}"

    def test_its_pipeline_releases_it(self, site: Site, underway: Path) -> None:
        """With the wheel where init says that it is to go, as it is on no index."""
        (wheel,) = underway.parents[2].glob("underway-*.whl")
        assert f"copy {wheel.name} to requirements/" in site.said
        shutil.copy(wheel, site.project.root / "requirements")
        site.project.write("requirements/underway.in", f"./{wheel.name}[platform]\n")
        site.done("lock")
        site.project.commit("Install Underway in CI")
        pipeline = Pipeline(site)
        ran = pipeline.run()
        assert {job: ran.outcome(job) for job in JOBS} == dict.fromkeys(JOBS, "PASS")
        staging = f"{site.checkout.project.name}-staging"
        receipt = pipeline.receipt("staging", staging)
        assert receipt["commit"] == pipeline.commit
        assert pipeline.serving(staging) == receipt["release"]


class TestDjango52OnUv(Journey):
    """uv.lock; no environment of its own, as in a fresh clone."""

    kind = Kind(projects.uv_lock, environment=False)

    def test_what_only_development_needs_is_not_shipped(self, site: Site) -> None:
        code = "import importlib.util as u; print(u.find_spec('debug_toolbar'))"
        assert site.inside(code).strip() == "None"


class TestDjango42OnPipenv(Journey):
    """Pipfile.lock."""

    kind = Kind(projects.pipenv)
