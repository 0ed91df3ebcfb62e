"""Which builder is chosen, and the exact command that it gets."""

from pathlib import Path

import pytest

from tests.unit.fakes import FakeRunner
from underway.builder import Build, BuildKit, build_with_buildkit, find_buildkit
from underway.errors import BuildFailed, DiskFull

BUILD = Build(
    context=Path("/project"),
    target="production",
    tag="hello:production",
    arguments={"PYTHON_IMAGE": "python:3.13-slim-trixie"},
    labels={"underway.project": "hello"},
)


def docker(folder: Path) -> str:
    folder.mkdir()
    program = folder / "docker"
    program.touch(mode=0o755)
    return str(program)


def test_a_client_with_buildx_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: FakeRunner
) -> None:
    first = docker(tmp_path / "first")
    monkeypatch.setenv("PATH", str(tmp_path / "first"))
    runner.expect(first, "buildx", "version", stdout="github.com/docker/buildx v0.17.1 257815a")
    assert find_buildkit(runner) == BuildKit(first, True, "github.com/docker/buildx v0.17.1")


def test_an_old_client_behind_a_new_one_without_buildx_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: FakeRunner
) -> None:
    new, old = docker(tmp_path / "new"), docker(tmp_path / "old")
    monkeypatch.setenv("PATH", f"{tmp_path / 'new'}:{tmp_path / 'old'}")
    runner.expect(new, "buildx", "version", code=1)
    runner.expect(new, "--version", stdout="Docker version 28.2.2, build e6534b4")
    runner.expect(old, "buildx", "version", code=1)
    runner.expect(old, "--version", stdout="Docker version 20.10.24+dfsg1, build 297e128")
    assert find_buildkit(runner) == BuildKit(old, False, "docker version 20.10.24")


def test_without_a_client_there_is_no_buildkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: FakeRunner
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_buildkit(runner) is None


def test_the_build_command_asks_for_a_plain_manifest(tmp_path: Path) -> None:
    command = BuildKit("docker", True, "buildx").command(BUILD, tmp_path / "id")
    assert command.argv == (
        *("docker", "buildx", "build", "--load", "--progress", "plain"),
        *("--iidfile", str(tmp_path / "id"), "--target", "production"),
        *("--tag", "hello:production", "--build-arg=PYTHON_IMAGE=python:3.13-slim-trixie"),
        *("--label=underway.project=hello", "/project"),
    )
    assert command.env == {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


class FailingRunner(FakeRunner):
    """Every build ends with this output."""

    def __init__(self, output: str) -> None:
        super().__init__()
        self.output = output

    def _take(self, command: object) -> object:  # type: ignore[override]
        from underway.command import Result

        return Result(1, "", self.output)


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ('ERROR: process "/bin/sh -c false" did not complete', BuildFailed),
        ("write /var/lib/docker/x: no space left on device", DiskFull),
        ("dd: error writing '/x': No space left on device", DiskFull),
    ],
)
def test_a_failed_build_shows_its_last_lines(output: str, error: type[Exception]) -> None:
    buildkit = BuildKit("docker", False, "docker 20.10")
    with pytest.raises(error, match="/x|false"):
        build_with_buildkit(buildkit, BUILD, FailingRunner(output), print)
