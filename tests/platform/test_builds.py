"""Builds with the real git, engine and registry: pushes, uploaded tarballs, and what fails."""

import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from .conftest import Service

DOCKERFILE = """\
FROM python:3.13-slim-trixie AS small
ARG GREETING=nothing
ENV GREETING=${GREETING}
COPY . /app
WORKDIR /app
CMD ["python", "web.py"]
FROM small AS unused
RUN false
"""
WEB = """\
import http.server, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.environ['GREETING']} {open('version').read()}".encode())
http.server.HTTPServer(("", int(os.environ["PORT"])), Answer).serve_forever()
"""
MANIFEST = """\
build:
  docker:
    web: {dockerfile: Dockerfile, target: small}
  config:
    GREETING: hello
"""
RELEASE = """\
release:
  image: web
  command: [echo migrating $GREETING; exit %d]
"""
FILES = {"Dockerfile": DOCKERFILE, "web.py": WEB, "version": "1", "heroku.yml": MANIFEST}


class Checkout:
    """A git repository with an app's code, and the platform as its remote."""

    def __init__(self, folder: Path, service: Service, app: str) -> None:
        self.folder = folder
        api = urlsplit(str(service.api.base_url))
        self.remote = f"http://user:{service.token}@{api.hostname}:{api.port}/{app}.git"
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit(FILES)

    def commit(self, files: dict[str, str]) -> str:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=change")
        return self.git("rev-parse", "HEAD").stdout.strip()

    def push(self, refspec: str = "main") -> subprocess.CompletedProcess[str]:
        return self.git("push", self.remote, refspec, check=False)

    def git(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        someone = {"NAME": "Someone", "EMAIL": "someone@example.com"}
        env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
        for role in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{role}_{key}": value for key, value in someone.items()}
        return subprocess.run(
            ["git", *words], cwd=self.folder, env=env, capture_output=True, text=True, check=check
        )


@pytest.fixture
def app(service: Service) -> str:
    return str(service.create()["name"])


@pytest.fixture
def checkout(tmp_path: Path, service: Service, app: str) -> Checkout:
    return Checkout(tmp_path / "checkout", service, app)


def releases(service: Service, app: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.api.get(f"/apps/{app}/releases").json()
    return found


def assert_serves(service: Service, app: str, body: str) -> None:
    """The router's answer, once the newest dynos are up."""
    host = urlsplit(service.api.get(f"/apps/{app}").json()["web_url"]).hostname
    url = f"http://127.0.0.1:{service.settings.ports.http}/"
    deadline = time.monotonic() + 30
    answer = ""
    while answer != body and time.monotonic() < deadline:
        answer = httpx.get(url, headers={"Host": host or ""}, timeout=40).text
    assert answer == body


def tarball(files: dict[str, str], top: str = "") -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return archive.getvalue()


def build(service: Service, app: str, content: bytes, version: str = "") -> tuple[str, str]:
    """Upload a tarball and build it, as a CI service does; the build's status and its output."""
    source = service.api.post("/sources").json()["source_blob"]
    assert httpx.put(source["put_url"], content=content).status_code == 200
    blob = {"url": source["get_url"]} | ({"version": version} if version else {})
    answer = service.api.post(f"/apps/{app}/builds", json={"source_blob": blob})
    assert answer.status_code == 201, answer.text
    output = httpx.get(answer.json()["output_stream_url"], timeout=120).text
    ended = service.api.get(f"/apps/{app}/builds/{answer.json()['id']}").json()
    return ended["status"], output


def test_a_push_builds_and_releases(service: Service, app: str, checkout: Checkout) -> None:
    commit = checkout.git("rev-parse", "HEAD").stdout.strip()
    pushed = checkout.push()
    assert pushed.returncode == 0, pushed.stderr
    shown = [line.rstrip() for line in pushed.stderr.splitlines()]
    for line in (
        "remote: Compressing source files... done.",
        "remote: Building source:",
        "remote: === Fetching app code",
        "remote: === Building web (Dockerfile)",
        "remote: === Pushing web (Dockerfile)",
        "remote: Verifying deploy... done.",
    ):
        assert line in shown
    newest = releases(service, app)[-1]
    assert newest["description"] == f"Deploy {commit[:8]}"
    assert newest["status"] == "succeeded"
    assert_serves(service, app, "hello 1")


def test_a_failed_build_refuses_the_push_and_changes_nothing(
    service: Service, app: str, checkout: Checkout
) -> None:
    assert checkout.push().returncode == 0
    before = releases(service, app)
    checkout.commit(
        {"Dockerfile": DOCKERFILE.replace("WORKDIR", "RUN echo broken; exit 7\nWORKDIR")}
    )
    pushed = checkout.push()
    assert pushed.returncode == 1
    assert "broken" in pushed.stderr
    assert f"Push rejected to {app}." in pushed.stderr
    assert "pre-receive hook declined" in pushed.stderr
    assert releases(service, app) == before
    assert_serves(service, app, "hello 1")
    builds = service.api.get(f"/apps/{app}/builds").json()
    assert [row["status"] for row in builds] == ["succeeded", "failed"]
    # The repository did not move: the mended commit is pushed as usual.
    checkout.commit({"Dockerfile": DOCKERFILE, "version": "2"})
    assert checkout.push().returncode == 0
    assert_serves(service, app, "hello 2")


def test_the_release_phase_is_shown_and_its_failure_keeps_the_old_release(
    service: Service, app: str, checkout: Checkout
) -> None:
    checkout.commit({"heroku.yml": MANIFEST + RELEASE % 0})
    pushed = checkout.push()
    assert "remote: Running release command..." in pushed.stderr
    assert "remote: migrating hello" in pushed.stderr
    assert "remote: Waiting for release.... done." in pushed.stderr
    checkout.commit({"heroku.yml": MANIFEST + RELEASE % 1, "version": "2"})
    pushed = checkout.push()
    # As on Heroku: the code was taken, and is not in service.
    assert pushed.returncode == 0
    assert "remote: Waiting for release.... failed." in pushed.stderr
    assert [row["status"] for row in releases(service, app)][-2:] == ["succeeded", "failed"]
    assert_serves(service, app, "hello 1")


def test_another_branch_is_kept_but_not_built(
    service: Service, app: str, checkout: Checkout
) -> None:
    before = releases(service, app)
    pushed = checkout.push("main:topic")
    assert pushed.returncode == 0
    assert "Pushed to non-main branch, skipping build." in pushed.stderr
    assert releases(service, app) == before


def test_master_is_built_too_and_can_be_cloned(
    service: Service, app: str, checkout: Checkout, tmp_path: Path
) -> None:
    assert checkout.push("main:master").returncode == 0
    checkout.git("clone", "--quiet", checkout.remote, str(tmp_path / "clone"))
    assert (tmp_path / "clone/version").read_text() == "1"


def test_strangers_are_kept_out(service: Service, app: str, checkout: Checkout) -> None:
    right = checkout.remote
    checkout.remote = right.replace(service.token, "wrong")
    assert "Authentication failed" in checkout.push().stderr
    checkout.remote = right.replace(f"{app}.git", "nobody-has-this.git")
    assert "not found" in checkout.push().stderr


def test_an_app_without_heroku_yml_is_refused_in_herokus_words(
    service: Service, checkout: Checkout
) -> None:
    checkout.git("rm", "--quiet", "heroku.yml")
    checkout.commit({})
    pushed = checkout.push()
    assert pushed.returncode == 1
    assert "=!= Your app does not include a heroku.yml build manifest." in pushed.stderr


def test_a_tarball_is_built(service: Service, app: str) -> None:
    status, output = build(service, app, tarball(FILES), "v1.2.3")
    assert status == "succeeded", output
    assert "=== Building web (Dockerfile)" in output
    assert releases(service, app)[-1]["description"] == "Deploy v1.2.3"
    assert_serves(service, app, "hello 1")


def test_process_types_have_their_own_images_and_commands(service: Service, app: str) -> None:
    manifest = """\
build:
  docker:
    web: {dockerfile: Dockerfile, target: small}
    worker: jobs/Dockerfile.worker
  config: {GREETING: hi}
run:
  worker: {command: [echo from $WHO; sleep 600], image: worker}
  clock: {command: sleep 600, image: worker}
"""
    worker = (
        "FROM python:3.13-slim-trixie\nARG GREETING\nCOPY here /here\nENV WHO=${GREETING}-jobs\n"
    )
    files = {
        "jobs/Dockerfile.worker": worker,
        "jobs/Dockerfile": "FROM scratch\n",
        "jobs/here": "the context is the Dockerfile's own folder",
    }
    # In one folder, as code hosts pack it.
    content = tarball(FILES | files | {"heroku.yml": manifest}, top="code-1a2b3c/")
    status, output = build(service, app, content)
    assert status == "succeeded", output
    formation = service.api.get(f"/apps/{app}/formation").json()
    assert {row["type"]: row["quantity"] for row in formation} == {
        "web": 1,
        "worker": 0,
        "clock": 0,
    }
    assert service.api.patch(f"/apps/{app}/formation/worker", json={"quantity": 1}).is_success
    deadline = time.monotonic() + 20
    lines = ""
    while "from hi-jobs" not in lines and time.monotonic() < deadline:
        session = service.api.post(f"/apps/{app}/log-sessions", json={"lines": 100}).json()
        lines = httpx.get(session["logplex_url"]).text
    assert "app[worker.1]: from hi-jobs" in lines


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a tarball", "the source is not a tarball"),
        (tarball({"../outside": "x", "heroku.yml": MANIFEST}), "the source is not a tarball"),
        (tarball({"heroku.yml": MANIFEST}), "build.docker.web: there is no file Dockerfile."),
        (tarball(FILES | {"heroku.yml": "biuld: {}"}), "biuld: is not a key.\ndid you mean build?"),
    ],
)
def test_what_cannot_be_built_is_said(
    service: Service, app: str, content: bytes, message: str
) -> None:
    before = releases(service, app)
    status, output = build(service, app, content)
    assert status == "failed"
    assert message in output
    assert f"!\tPush rejected to {app}." in output
    assert releases(service, app) == before


def test_a_source_is_known_only_by_its_id(service: Service) -> None:
    url = service.api.post("/sources").json()["source_blob"]["put_url"]
    other = url.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"
    assert httpx.put(other, content=b"x").status_code == 404
    assert httpx.get(url).status_code == 404
    assert httpx.put(url, content=b"x").status_code == 200
    assert httpx.get(url).content == b"x"


def test_a_kill_in_the_middle_of_a_build_leaves_all_as_it_was(service: Service, app: str) -> None:
    assert build(service, app, tarball(FILES))[0] == "succeeded"
    before = releases(service, app)
    source = service.api.post("/sources").json()["source_blob"]
    slow = FILES | {"Dockerfile": f"FROM python:3.13-slim-trixie AS small\nRUN sleep 4; : {app}"}
    httpx.put(source["put_url"], content=tarball(slow))
    blob = {"url": source["get_url"]}
    begun = service.api.post(f"/apps/{app}/builds", json={"source_blob": blob}).json()
    with httpx.stream("GET", begun["output_stream_url"], timeout=30) as output:
        assert any("=== Building web" in line for line in output.iter_lines())
        service.kill()
    service.up()
    ended = service.api.get(f"/apps/{app}/builds/{begun['id']}").json()
    assert ended["status"] == "failed"
    assert releases(service, app) == before
    assert_serves(service, app, "hello 1")
    assert build(service, app, tarball(FILES | {"version": "2"}))[0] == "succeeded"
    assert_serves(service, app, "hello 2")


def test_a_source_from_elsewhere_is_downloaded(service: Service, app: str, tmp_path: Path) -> None:
    (tmp_path / "code.tar.gz").write_bytes(tarball(FILES))
    server = ["-m", "http.server", "--bind=127.0.0.1", f"--directory={tmp_path}", "0"]
    with subprocess.Popen(
        [sys.executable, "-u", *server],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as elsewhere:
        try:
            assert elsewhere.stdout is not None
            port = elsewhere.stdout.readline().split()[5]
            for name, status in (("code.tar.gz", "succeeded"), ("nothing.tar.gz", "failed")):
                blob = {"url": f"http://127.0.0.1:{port}/{name}"}
                begun = service.api.post(f"/apps/{app}/builds", json={"source_blob": blob}).json()
                output = httpx.get(begun["output_stream_url"], timeout=60).text
                ended = service.api.get(f"/apps/{app}/builds/{begun['id']}").json()
                assert ended["status"] == status, output
        finally:
            elsewhere.terminate()
    assert "the source could not be downloaded." in output
