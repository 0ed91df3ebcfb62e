"""`invoke run` and its companions: the image's life on one's own machine."""

import json
import os
import pty
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.checkout import Checkout
from tests.image.conftest import containers_of_step
from underway.engine import Engine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def running(checkout: Checkout, image: str) -> Iterator[str]:
    """The address of a running container."""
    started = checkout.invoke("run")
    assert started.returncode == 0, started.stderr
    yield started.stdout.strip()
    checkout.invoke("stop")


def containers(checkout: Checkout, engine: Engine) -> int:
    return len(engine.containers(checkout.project.labels))


def test_run_prints_an_address_that_answers(running: str) -> None:
    assert httpx.get(f"{running}/ping/").json() == {"ping": "pong!"}
    assert httpx.get(f"{running}/healthz").status_code == 200
    assert httpx.get(f"{running}/readyz").status_code == 200


def test_the_page_says_that_static_files_and_database_work(running: str) -> None:
    page = httpx.get(running).text
    assert page.count("Working") == 2


def test_run_publishes_on_the_chosen_port_only_on_this_machine(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    port = free_port()
    started = checkout.invoke("run", "--port", str(port))
    assert started.stdout == f"http://localhost:{port}\n"
    (container,) = engine.containers(checkout.project.labels)
    assert container.ports == {"8765/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    checkout.invoke("stop")
    assert containers(checkout, engine) == 0


def test_debug_shows_djangos_own_error_page_and_production_does_not(
    checkout: Checkout, running: str
) -> None:
    assert "DEBUG = True" not in httpx.get(f"{running}/nothing-here").text
    debugging = checkout.invoke("run", "--debug").stdout.strip()
    assert "DEBUG = True" in httpx.get(f"{debugging}/nothing-here").text


def test_run_again_replaces_the_container(checkout: Checkout, engine: Engine, running: str) -> None:
    (before,) = engine.containers(checkout.project.labels)
    again = checkout.invoke("run")
    (after,) = engine.containers(checkout.project.labels)
    assert before.id != after.id
    assert httpx.get(f"{again.stdout.strip()}/ping/").status_code == 200


def test_stop_says_when_there_is_nothing_to_stop(checkout: Checkout) -> None:
    checkout.invoke("stop")
    stopped = checkout.invoke("stop")
    assert stopped.returncode == 0
    assert "nothing to stop" in stopped.stderr


def test_a_port_that_is_taken_is_named_and_leaves_nothing_behind(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        started = checkout.invoke("run", "--port", str(port))
    assert started.returncode == 13
    assert str(port) in started.stderr and "--port" in started.stderr
    assert containers(checkout, engine) == 0


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(checkout: Checkout, port: str) -> None:
    started = checkout.invoke("run", f"--port={port}")
    assert started.returncode == 2
    assert f"--port cannot be '{port}'" in started.stderr


def test_an_image_that_was_never_built_is_named(checkout: Checkout) -> None:
    with checkout.edited("pyproject.toml", 'name = "hello-', 'name = "never-'):
        started = checkout.invoke("run")
    assert started.returncode == 11
    assert "invoke build" in started.stderr


@pytest.mark.parametrize("task", ["build", "run", "stop", "shell", "check-static", "smoke"])
def test_an_engine_that_is_down_is_named(checkout: Checkout, task: str) -> None:
    ended = checkout.invoke(task, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert ended.returncode == 10
    assert "no Docker engine answers" in ended.stderr and "invoke setup" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_is_away_does_not_keep_the_container_from_serving(
    checkout: Checkout, image: str
) -> None:
    away = "postgres://someone:hidden-word@192.0.2.1:5432/nowhere?connect_timeout=1"
    started = checkout.invoke("run", DATABASE_URL=away)
    answer = httpx.get(f"{started.stdout.strip()}/readyz", timeout=30)
    assert answer.status_code == 503
    assert "hidden-word" not in answer.text + started.stderr
    checkout.invoke("stop")


@pytest.mark.parametrize("moment", ["Starting", "http://localhost"])
def test_ctrl_c_during_run_leaves_no_container(
    checkout: Checkout, engine: Engine, image: str, moment: str
) -> None:
    with Interrupted(checkout, ["run", "--follow"], moment) as code:
        assert code in (0, 130)
    assert containers(checkout, engine) == 0


@pytest.mark.parametrize("flags", [[], ["--classic"]], ids=["BuildKit", "classic"])
def test_ctrl_c_during_build_leaves_no_container(
    checkout: Checkout, engine: Engine, flags: list[str]
) -> None:
    step = f": {checkout.project.name}; pip --python"
    with (
        checkout.edited("Dockerfile", "RUN pip --python", f"RUN {step}"),
        Interrupted(checkout, ["build", "--no-cache", *flags], "Collecting django") as code,
    ):
        assert code == 130
    deadline = time.monotonic() + 30
    while containers_of_step(engine, checkout.project.name):
        assert time.monotonic() < deadline
        time.sleep(0.5)


class Interrupted:
    """A task in a process group of its own, that gets Ctrl-C once it has printed the words."""

    def __init__(self, checkout: Checkout, words: list[str], moment: str) -> None:
        self.process = subprocess.Popen(
            checkout.argv(*words),
            cwd=checkout.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.moment = moment

    def __enter__(self) -> int:
        assert self.process.stdout is not None
        seen = ""
        for line in self.process.stdout:
            seen += line
            if self.moment in line:
                break
        else:
            raise AssertionError(f"{self.moment!r} never came:\n{seen}")
        os.killpg(self.process.pid, signal.SIGINT)
        rest, _ = self.process.communicate(timeout=60)
        assert "Traceback" not in rest
        return self.process.returncode

    def __exit__(self, *ending: object) -> None:
        self.process.kill()
        self.process.wait()


def test_check_static_counts_the_manifest_and_looks_at_one_file_of_each_kind(
    checkout: Checkout, running: str
) -> None:
    checked = checkout.invoke("check-static")
    assert checked.returncode == 0, checked.stderr
    assert "static files are in" in checked.stdout
    assert ".css" in checked.stderr and ".js" in checked.stderr and ".svg" in checked.stderr


def test_check_static_notices_a_file_that_is_missing(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    move = "&& mv staticfiles /tmp/staticfiles"
    with checkout.edited("Dockerfile", move, f"{move} && rm /tmp/staticfiles/admin/css/base.*"):
        checkout.invoke("build")
        checked = checkout.invoke("check-static")
    checkout.invoke("build")
    assert checked.returncode == 16
    assert "admin/css/base." in checked.stderr


def test_smoke_passes_and_leaves_nothing(checkout: Checkout, engine: Engine, image: str) -> None:
    smoked = checkout.invoke("smoke")
    assert smoked.returncode == 0, smoked.stderr
    assert "fit to ship" in smoked.stdout and "SIGTERM" in smoked.stderr
    assert containers(checkout, engine) == 0


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ('["python", "-m", "hello_django", "--graceful-timeout=0"]', "dropped"),
        ('["python", "-c", "raise SystemExit(7)"]', "exited 7"),
        ('["python", "-c", "bytearray(800_000_000)"]', "killed"),
    ],
    ids=["requests cut off at SIGTERM", "a crash at boot", "too much memory"],
)
def test_smoke_refuses_an_image_that_heroku_could_not_run(
    checkout: Checkout, engine: Engine, image: str, command: str, why: str
) -> None:
    with checkout.edited("Dockerfile", '["python", "-m", "hello_django"]', command):
        checkout.invoke("build")
        smoked = checkout.invoke("smoke")
    checkout.invoke("build")
    assert smoked.returncode in (15, 16)
    assert why in smoked.stderr and smoked.stdout == ""
    assert containers(checkout, engine) == 0


def test_shell_opens_in_the_running_container(checkout: Checkout, running: str) -> None:
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        checkout.argv("shell"), cwd=checkout.root, stdin=end, stdout=end, stderr=end
    )
    os.close(end)
    os.write(terminal, b"echo in-$PORT; exit 3\n")
    seen = b""
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk
    except OSError:
        pass  # the other end has closed
    os.close(terminal)
    assert b"in-8765" in seen
    assert process.wait(timeout=10) == 3


def test_clean_removes_what_this_checkout_made_and_nothing_else(
    checkout: Checkout, engine: Engine, image: str
) -> None:
    other = engine.start(checkout.project.python_image, command=["sleep", "60"], labels={"x": "y"})
    try:
        checkout.invoke("run")
        cleaned = checkout.invoke("clean")
        assert cleaned.returncode == 0
        assert engine.containers(checkout.project.labels) == []
        assert engine.images(checkout.project.labels) == []
        other.reload()
        assert other.status == "running"
        assert engine.find_image(checkout.project.python_image) is not None
    finally:
        other.remove(force=True)
        checkout.invoke("build")


def test_doctor_is_content_with_this_machine(checkout: Checkout) -> None:
    examined = checkout.invoke("doctor", "--json")
    assert examined.returncode == 0, examined.stdout
    findings = json.loads(examined.stdout)
    assert {finding["subject"] for finding in findings} >= {"engine", "builder", "base image"}
    assert [finding for finding in findings if finding["level"] == "error"] == []
