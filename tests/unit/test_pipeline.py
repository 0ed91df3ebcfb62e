"""What the pipeline's jobs do, with nothing of GitLab's around."""

import socket
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from underway.engine import Engine
from underway.errors import CheckFailed, UsageError
from underway.pipeline import inside, job, local
from underway.pipeline.job import Images
from underway.pipeline.local import gateway, tool
from underway.project import Project

JOB = {
    "CI_REGISTRY_IMAGE": "registry.example.com/group/hello",
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_REGISTRY_PASSWORD": "hunter2",
    "CI_COMMIT_SHA": "c0ffee",
}


def test_a_job_is_told_where_its_images_are_and_its_password_does_not_print() -> None:
    images = Images.of_job(JOB)
    assert images.named("production") == "registry.example.com/group/hello"
    assert images.named("test") == "registry.example.com/group/hello/test"
    assert images.login.as_dict() == {"username": "gitlab-ci-token", "password": "hunter2"}
    assert "hunter2" not in repr(images)


@pytest.mark.parametrize("name", JOB)
def test_outside_of_a_job_the_missing_variable_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=name) as failure:
        Images.of_job(JOB | {name: ""})
    assert failure.value.next.startswith("invoke pipeline")


@pytest.mark.parametrize(
    ("name", "number", "app"),
    [
        ("hello", "7", "hello-mr-7"),
        ("a-project-whose-name-is-long", "1234", "a-project-whose-name-i-mr-1234"),
    ],
)
def test_a_review_app_has_the_number_of_its_merge_request(name: str, number: str, app: str) -> None:
    project = Project(root=Path("/nowhere"), name=name)
    assert job.review_app(project, {"CI_MERGE_REQUEST_IID": number}) == app
    assert len(app) <= 30


def test_what_a_job_hands_on_is_a_dotenv_file(tmp_path: Path) -> None:
    job.report(tmp_path / "build.env", {"IMAGE": "a@sha256:1", "TEST_IMAGE": "b@sha256:2"})
    assert (tmp_path / "build.env").read_text() == "IMAGE=a@sha256:1\nTEST_IMAGE=b@sha256:2\n"


def test_inside_the_image_its_own_python_runs_the_checks_of_its_own_packages(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "staticfiles").mkdir()
    project = Project(root=Path("/builds/shop"), name="shop")
    commands = [*inside.tests(project, tmp_path), *inside.checks(tmp_path)]
    commands += inside.linters(tmp_path)
    assert [" ".join(command.argv) for command in commands] == [
        "python -m pytest -p no:cacheprovider --junitxml=/builds/shop/junit-image.xml shop",
        "python manage.py check --deploy --fail-level WARNING",
        "python manage.py makemigrations --check --dry-run",
        "python -m flake8 shop",
        "python -m black --check --diff --quiet shop",
        "python -m isort --check --diff shop",
    ]
    assert {command.cwd for command in commands} == {tmp_path}


def test_a_database_that_listens_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        inside.wait_for_database({"DATABASE_URL": f"postgres://app:p@127.0.0.1:{port}/app"})
    inside.wait_for_database({})


def test_a_database_that_never_listens_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "READY_SECONDS", 0)
    with pytest.raises(CheckFailed, match="127.0.0.1 did not listen"):
        inside.wait_for_database({"DATABASE_URL": "postgres://app:p@127.0.0.1:1/app"})


@pytest.mark.parametrize(
    ("address", "host", "interface"),
    [
        ("", "127.0.0.1", "127.0.0.1"),
        ("unix:///var/run/docker.sock", "127.0.0.1", "127.0.0.1"),
        ("tcp://localhost:2375", "localhost", "127.0.0.1"),
        ("tcp://docker:2376", "docker", "0.0.0.0"),
    ],
)
def test_ports_are_looked_for_where_the_engine_is(
    address: str, host: str, interface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    engine = Engine(None)  # type: ignore[arg-type]
    assert (engine.host, engine.interface) == (host, interface)


def test_the_images_that_the_file_names_are_had_before_it_runs() -> None:
    file = Path(__file__).parent.parent.parent / ".gitlab-ci.yml"
    assert local.named_images(file) == {"python:3.13-trixie", "docker:28.5.2-dind", "postgres:17"}


@pytest.mark.parametrize(
    "words, become",
    [
        ("create --interactive a", "create -l=1 -l=2 --interactive a"),
        ("run --rm a", "run -l=1 -l=2 --rm a"),
        ("volume create a", "volume create -l=1 -l=2 a"),
        ("network create a", "network create -l=1 -l=2 a"),
        ("network connect a b", "network connect a b"),
        ("rm -vf a", "rm -vf a"),
    ],
)
def test_what_the_pipeline_makes_bears_its_labels(words: str, become: str, tmp_path: Path) -> None:
    assert shim(words.split(), tmp_path, privileged="1") == become.split()


@pytest.mark.parametrize("privileged", ["0", "1"])
def test_an_engine_is_privileged_where_that_is_possible(privileged: str, tmp_path: Path) -> None:
    given = shim(["create", "--privileged", "two words"], tmp_path, privileged=privileged)
    assert ("--privileged" in given, "--cap-add=SYS_ADMIN" in given) == (
        privileged == "1",
        privileged == "0",
    )
    assert given[-1] == "two words"


def shim(words: list[str], folder: Path, *, privileged: str) -> list[str]:
    """What the docker of gitlab-ci-local hands on to the real one."""
    docker = folder / "docker"
    docker.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    docker.chmod(0o755)
    env = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "UNDERWAY_LABELS": "-l=1 -l=2",
        "UNDERWAY_PRIVILEGED": privileged,
    }
    said = subprocess.run(
        [tool.DOCKER, *words], env=env, check=True, capture_output=True, text=True
    )
    return said.stdout.splitlines()


def test_what_comes_to_the_gateway_is_passed_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(4096)
                client.sendall(b"HTTP/1.0 200 OK\r\n\r\npong")

        thread = threading.Thread(target=answer)
        thread.start()
        with gateway.passing("127.0.0.2", [port]):
            answered = httpx.get(f"http://127.0.0.2:{port}/", trust_env=False)
        thread.join()
    assert answered.text == "pong"
