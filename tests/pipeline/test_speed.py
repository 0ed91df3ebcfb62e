"""The whole pipeline beside the guide's, both for the first time: figures, for people.

The guide's builds its image in one job and again in another, with compilers and linters in it;
it does not check, does not migrate, and does not look whether the release serves.
"""

import re
import shutil
from pathlib import Path

from tests.pipeline.conftest import Pipeline, Ran

GUIDE = Path(__file__).parent / "guide"
STAGING = "hello-django-staging"
JOB = re.compile(r"^ PASS +\[ *([^\]]+)\] (\S+)", re.MULTILINE)


def test_the_figures_of_both(project: Pipeline) -> None:
    checkout = project.place.checkout
    shutil.copytree(GUIDE, checkout.root / "guide")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "the guide's way as well")
    with project.place.api() as api:
        api.post("/apps", json={"name": "guide", "stack": "container"}).raise_for_status()
        variables = {"SECRET_KEY": "s" * 60, "ALLOWED_HOSTS": "*"}
        api.patch("/apps/guide/config-vars", json=variables).raise_for_status()
    guides = ("--file", "guide/gitlab-ci.yml")
    ours, own = timed(project)
    theirs, other = timed(project, *guides)
    print(f"\nthis pipeline:    {ours:6.1f} s  {jobs(own)}")
    print(f"the guide's way:  {theirs:6.1f} s  {jobs(other)}")
    print(f"ratio:            {ours / theirs:6.2f}")
    for app in (STAGING, "guide"):
        assert project.place.visit("/ping/", app).json() == {"ping": "pong!"}


def timed(project: Pipeline, *words: str) -> tuple[float, Ran]:
    """A pipeline, and the seconds that gitlab-ci-local says it took."""
    ran = project.run(*words)
    assert ran.code == 0
    found = re.search(r"pipeline finished in ([\d.]+) (min|s)", ran.text)
    assert found, ran.text
    return float(found[1]) * (60 if found[2] == "min" else 1), ran


def jobs(ran: Ran) -> str:
    return ", ".join(f"{name} {took.strip()}" for took, name in JOB.findall(ran.text))
