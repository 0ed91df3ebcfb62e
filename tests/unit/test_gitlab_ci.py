"""The pipeline's files: valid for GitLab, and made of tasks and sessions that exist."""

import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from underway.machine import stand_ins
from underway.tasks import collection

ROOT = Path(__file__).parent.parent.parent
FILES = (".gitlab-ci.yml", "docs/examples/gitlab-ci.simple.yml")
GLOBAL = {"stages", "workflow", "variables", "default"}
TASKS = collection(ROOT)


def load(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / file).read_text())
    return loaded


def jobs(file: str = FILES[0]) -> dict[str, dict[str, Any]]:
    """By name; what a job extends is merged into it."""
    content = load(file)
    made = {}
    for name, job in content.items():
        if name not in GLOBAL and not name.startswith("."):
            while "extends" in job:
                base = job.pop("extends")
                job = content[base] | job
            made[name] = job
    return made


def scripts(file: str) -> Iterator[list[str]]:
    content = load(file)
    for part in content.values():
        if isinstance(part, dict):
            for key in ("before_script", "script", "after_script"):
                for line in part.get(key, []):
                    yield shlex.split(line)


@pytest.mark.parametrize("file", FILES)
def test_every_script_line_is_one_invoke_or_nox_call(file: str) -> None:
    lines = list(scripts(file))
    assert lines
    for words in lines:
        assert words[0] in ("bin/invoke", "bin/nox")
        assert not [word for word in words if re.search(r"[;&|<>`(]", word)], words


@pytest.mark.parametrize("file", FILES)
def test_every_task_exists_and_takes_the_options_that_it_gets(file: str) -> None:
    for program, *words in scripts(file):
        if program == "bin/invoke" and words[0] != "--version":
            task, options = TASKS[words[0]], words[1:]
            if "--" in options:
                options = options[: options.index("--")]
            arguments = list(inspect.signature(task.body).parameters)[1:]
            known = {f"--{name.strip('_').replace('_', '-')}" for name in arguments}
            assert {option for option in options if option.startswith("--")} <= known, words


@pytest.mark.parametrize("file", FILES)
def test_every_session_exists(file: str) -> None:
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    for program, *words in scripts(file):
        if program == "bin/nox":
            assert words[words.index("--session") + 1] in sessions


@pytest.mark.parametrize("file", FILES)
def test_it_is_valid_by_gitlabs_own_schema(file: str) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    check += ["--data-transform", "gitlab-ci", "--regex-variant", "nonunicode", file]
    checked = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("file", FILES)
def test_every_image_has_a_version_and_something_to_stand_in_for_it(file: str) -> None:
    content = load(file)
    for part in content.values():
        if isinstance(part, dict):
            for entry in [part.get("image"), *part.get("services", [])]:
                name = entry["name"] if isinstance(entry, dict) else entry
                if name and not name.startswith("$"):
                    assert re.search(r":\d+", name)
                    assert stand_ins.find(name), name


@pytest.mark.parametrize(("file", "job"), [(FILES[0], "build"), (FILES[1], "deploy")])
def test_only_one_job_has_an_engine_and_speaks_to_it_over_tls(file: str, job: str) -> None:
    content = load(file)
    assert content[job]["variables"]["DOCKER_HOST"] == "tcp://docker:2376"
    assert content[job]["variables"]["DOCKER_TLS_VERIFY"] == "1"
    assert [name for name, part in content.items() if "dind" in str(part)] == [job]


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_installed_and_no_secret_stands_in_the_file(file: str) -> None:
    text = (ROOT / file).read_text()
    assert not re.search(r"\b(apk|apt|apt-get|gem|curl|wget|pip|npm)\b", text)
    assert not re.search(r"(TOKEN|API_KEY|AUTH)\w*:", text)


def test_the_stages_go_from_check_to_production() -> None:
    assert load(FILES[0])["stages"] == ["check", "build", "test", "staging", "production"]


def test_each_environment_has_an_address_and_one_deploy_at_a_time() -> None:
    deploys = {name: job for name, job in jobs().items() if "environment" in job}
    assert set(deploys) == {"staging", "production", "review", "stop-review"}
    for job in deploys.values():
        assert job["resource_group"] == job["environment"]["name"]
        assert job["interruptible"] is False
    for name in ("staging", "production", "review"):
        assert deploys[name]["environment"]["url"] == "$ENVIRONMENT_URL"
        assert deploys[name]["artifacts"]["paths"] == [".underway/receipts"]
        assert deploys[name]["artifacts"]["when"] == "always"


def test_production_waits_for_a_person_and_takes_what_staging_runs() -> None:
    production = jobs()["production"]
    assert production["rules"][0]["when"] == "manual"
    assert production["script"][0].startswith("bin/invoke pipeline.promote --from staging")


def test_a_review_app_ends_by_itself_and_by_hand() -> None:
    review, stop = jobs()["review"], jobs()["stop-review"]
    assert review["environment"]["auto_stop_in"]
    assert review["environment"]["on_stop"] == "stop-review"
    assert stop["environment"] == {"name": review["environment"]["name"], "action": "stop"}
    assert stop["rules"][0]["when"] == "manual"


def test_only_failures_of_the_infrastructure_are_tried_again() -> None:
    when = load(FILES[0])["default"]["retry"]["when"]
    assert set(when) <= {
        *("runner_system_failure", "stuck_or_timeout_failure", "scheduler_failure"),
        *("api_failure", "data_integrity_failure"),
    }
    assert not [name for name, job in jobs().items() if "retry" in job]


def test_reports_of_tests_and_coverage_go_to_the_merge_request() -> None:
    reports = jobs()["tests"]["artifacts"]["reports"]
    assert reports["junit"] == "junit.xml"
    assert reports["coverage_report"] == {"coverage_format": "cobertura", "path": "coverage.xml"}
    assert jobs()["test"]["artifacts"]["reports"]["junit"] == "junit-image.xml"


def test_the_image_is_built_by_one_job_and_tested_by_digest() -> None:
    assert [name for name, job in jobs().items() if "pipeline.build" in str(job["script"])] == [
        "build"
    ]
    assert jobs()["build"]["artifacts"]["reports"]["dotenv"] == "build.env"
    assert jobs()["test"]["image"] == "$TEST_IMAGE"
    assert "--image $IMAGE" in jobs()["staging"]["script"][0]
