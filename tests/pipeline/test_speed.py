"""The whole pipeline beside the guide's: figures, for people.

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
    print()
    compare(project, "all for the first time")
    with (checkout.root / "hello_django/views.py").open("a") as views:
        views.write("\n\n# another commit\n")
    checkout.git("commit", "--quiet", "--all", "--message", "another commit")
    compare(project, "after a change of code")
    assert project.place.visit("/ping/", STAGING).json() == {"ping": "pong!"}
    # Whether the other one serves is nothing that its pipeline asks.
    assert project.place.ask("/releases", "guide")[-1]["description"].startswith("Deployed web")


def compare(project: Pipeline, when: str) -> None:
    ours, own = timed(project)
    theirs, other = timed(project, "--file", "guide/gitlab-ci.yml")
    print(f"{when}: {ours:.0f} s, the guide's way {theirs:.0f} s, ratio {ours / theirs:.2f}")
    print(f"  this pipeline:   {jobs(own)}")
    print(f"  the guide's way: {jobs(other)}")


def timed(project: Pipeline, *words: str) -> tuple[float, Ran]:
    """A pipeline, and the seconds that gitlab-ci-local says it took."""
    ran = project.run(*words)
    assert ran.code == 0
    found = re.search(r"pipeline finished in ([\d.]+) (min|s)", ran.text)
    assert found, ran.text
    return float(found[1]) * (60 if found[2] == "min" else 1), ran


def jobs(ran: Ran) -> str:
    return ", ".join(f"{name} {took.strip()}" for took, name in JOB.findall(ran.text))
