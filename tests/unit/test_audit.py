"""What `invoke audit` says of the advisory database's answer."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.fakes import FakeRunner
from underway.audit import audit, command
from underway.errors import CheckFailed
from underway.project import Project

PROJECT = Project(root=Path("/project"), name="hello")
ARGV = command(PROJECT).argv


def answer(*packages: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": packages})


def test_sound_versions_are_counted(runner: FakeRunner) -> None:
    runner.expect(*ARGV, stdout=answer({"name": "django", "version": "5.2.19", "vulns": []}))
    assert audit(PROJECT, runner) == "no known vulnerability in 1 locked packages."


def test_a_vulnerable_version_fails_and_says_what_mends_it(runner: FakeRunner) -> None:
    known = {"id": "CVE-2026-1", "fix_versions": ["5.2.20"]}
    package = {"name": "django", "version": "5.2.19", "vulns": [known]}
    runner.expect(*ARGV, code=1, stdout=answer(package))
    with pytest.raises(CheckFailed) as failure:
        audit(PROJECT, runner)
    assert "django 5.2.19: CVE-2026-1 (mended in 5.2.20)" in str(failure.value)
    assert "invoke lock --upgrade" in str(failure.value)


def test_packages_that_were_not_looked_up_are_not_called_sound(runner: FakeRunner) -> None:
    runner.expect(*ARGV, stdout=answer({"name": "django", "skip_reason": "not found"}))
    assert audit(PROJECT, runner).startswith("not audited: 1 of 1 packages")


def test_a_database_that_does_not_answer_is_said_to_be_so(runner: FakeRunner) -> None:
    runner.expect(*ARGV, code=1, stderr="Traceback …\nConnectionError: no such host")
    assert "ConnectionError: no such host" in audit(PROJECT, runner)
