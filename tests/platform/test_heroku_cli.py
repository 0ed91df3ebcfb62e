"""The real Heroku CLI, unmodified, through every command that a deploy needs.

Each test asserts what the CLI prints, and the state that the platform is in afterwards.
"""

import os
import pty
import re
import secrets
import ssl
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker.errors import ImageNotFound

from tests.platform.conftest import Service
from tests.platform.heroku_cli import Shell
from tests.waiting import wait_until
from underway import image as images
from underway.command import Runner
from underway.engine import Engine
from underway.project import Project

ROOT = Path(__file__).parent.parent.parent
WAIT_SECONDS = 60
MIGRATE = "python manage.py migrate --no-input"
HEROKU_YML = """\
setup:
  addons:
    - plan: heroku-postgresql:essential-0
build:
  docker:
    web: Dockerfile
release:
  image: web
  command:
    - python manage.py migrate --no-input
run:
  web: python -m hello_django
"""


@pytest.fixture(scope="module")
def image(engine: Engine) -> Iterator[str]:
    """The production image of hello_django, under a name that no other run removes."""
    project = replace(Project.load(ROOT), name=f"hello-{secrets.token_hex(4)}")
    reference = images.build(project, engine, Runner()).reference
    yield reference
    engine.client.images.remove(reference, force=True)


@pytest.fixture(scope="module")
def shell(
    service: Service, engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    """The platform's shell, in a folder with an app to deploy."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Dockerfile").write_text(f"FROM {image}\n")
    (folder / "heroku.yml").write_text(HEROKU_YML)
    yield Shell(service.settings, folder)
    # What container:push has built and tagged on the engine, and the platform pulled by digest.
    place = f"127.0.0.1:{service.settings.ports.registry}/"
    for kept in engine.client.images.list():
        for reference in [*kept.tags, *(kept.attrs["RepoDigests"] or [])]:
            if reference.startswith(place):
                with suppress(ImageNotFound):
                    engine.client.images.remove(reference, force=True)


@pytest.fixture(scope="module")
def app(service: Service, shell: Shell) -> str:
    """An app that serves, with a database; the steps that it took are tests of their own too."""
    name = create(shell, "serving")
    configure(shell, name)
    shell.heroku("addons:create", "heroku-postgresql:essential-0", "-a", name)
    shell.heroku("container:login")
    shell.heroku("container:push", "web", "-a", name)
    shell.heroku("container:release", "web", "-a", name)
    wait_until(lambda: get(service, name, "/ping/").status_code == 200)
    return name


def test_create_makes_an_app_that_info_shows(service: Service, shell: Shell) -> None:
    name = unique("made")
    said = shell.heroku("create", name, "-s", "container").text
    made = service.api.get(f"/apps/{name}").json()
    assert made["web_url"] in said
    assert f"https://git.heroku.localhost/{name}.git" in said
    assert made["stack"]["name"] == "container"
    info = shell.heroku("apps:info", "-a", name).stdout
    assert f"=== {name}" in info
    assert re.search(r"Stack:\s+container", info)
    assert re.search(rf"Web URL:\s+{re.escape(made['web_url'])}", info)


def test_config_is_set_read_and_unset_each_time_by_a_release(
    service: Service, shell: Shell
) -> None:
    name = create(shell, "config")
    said = shell.heroku("config:set", "COLOUR=blue", "SHAPE=a b=c", "-a", name).text
    assert "Setting COLOUR, SHAPE and restarting" in said
    assert "COLOUR: blue" in said
    variables = f"/apps/{name}/config-vars"
    assert service.api.get(variables).json() == {"COLOUR": "blue", "SHAPE": "a b=c"}
    assert shell.heroku("config:get", "SHAPE", "-a", name).stdout == "a b=c\n"
    before = newest(service, name)
    shell.heroku("config:unset", "COLOUR", "-a", name)
    assert service.api.get(variables).json() == {"SHAPE": "a b=c"}
    after = newest(service, name)
    assert after["version"] == before["version"] + 1
    assert after["description"] == "Remove COLOUR config vars"


def test_the_stack_is_set(service: Service, shell: Shell) -> None:
    name = unique("stack")
    shell.heroku("create", name)
    said = shell.heroku("stack:set", "container", "-a", name).text
    assert "container" in said
    assert service.api.get(f"/apps/{name}").json()["build_stack"]["name"] == "container"


def test_a_pushed_and_released_image_serves(service: Service, shell: Shell, app: str) -> None:
    assert get(service, app, "/ping/").json() == {"ping": "pong!"}
    config = registry(service, f"/v2/{app}/web/manifests/latest").json()["config"]["digest"]
    digest = config.removeprefix("sha256:")[:12]
    described = [row["description"] for row in releases(service, app)]
    assert f"Deployed web ({digest})" in described


def test_login_and_push_say_what_docker_says(service: Service, shell: Shell) -> None:
    name = create(shell, "push")
    assert "Login Succeeded" in shell.heroku("container:login").text
    said = shell.heroku("container:push", "web", "-a", name).text
    assert "Your image has been successfully pushed." in said
    answer = registry(service, f"/v2/{name}/web/manifests/latest")
    assert answer.json()["mediaType"].endswith("docker.distribution.manifest.v2+json")


def test_web_and_release_are_released_together(
    service: Service, shell: Shell, image: str, tmp_path: Path
) -> None:
    name = create(shell, "phase")
    configure(shell, name)
    shell.heroku("addons:create", "heroku-postgresql:essential-0", "-a", name)
    shell.heroku("container:login")
    folder = Shell(service.settings, tmp_path)
    (tmp_path / "Dockerfile.web").write_text(f"FROM {image}\n")
    migrate = f"FROM {image}\nCMD {MIGRATE}\n"
    (tmp_path / "Dockerfile.release").write_text(migrate)
    folder.heroku("container:push", "--recursive", "-a", name)
    said = shell.heroku("container:release", "web", "release", "-a", name).text
    assert "Releasing images web,release" in said
    assert "Applying auth.0001_initial... OK" in said
    assert newest(service, name)["status"] == "succeeded"
    served = newest(service, name)["version"]

    # One that fails leaves the old release serving, and the CLI says so by its exit code.
    (tmp_path / "Dockerfile.release").write_text(f"FROM {image}\nCMD echo no; exit 3\n")
    folder.heroku("container:push", "--recursive", "-a", name)
    failed = shell.heroku("container:release", "web", "release", "-a", name, code=1).text
    assert "no\n" in failed
    assert newest(service, name)["status"] == "failed"
    current = next(row for row in releases(service, name) if row["current"])
    assert current["version"] == served
    wait_until(lambda: get(service, name, "/ping/").status_code == 200)


def test_releases_are_listed_shown_and_rolled_back(
    service: Service, shell: Shell, app: str
) -> None:
    shell.heroku("config:set", "RELEASE_TEST=1", "-a", app)
    version = newest(service, app)["version"]
    listed = shell.heroku("releases", "-a", app).stdout
    assert f"v{version}" in listed
    assert "Set RELEASE_TEST config vars" in listed
    assert f"=== Release v{version}" in shell.heroku("releases:info", "-a", app).stdout
    said = shell.heroku("releases:rollback", f"v{version - 1}", "-a", app).text
    assert f"v{version - 1}" in said
    rolled = newest(service, app)
    assert rolled["description"] == f"Rollback to v{version - 1}"
    assert "RELEASE_TEST" not in service.api.get(f"/apps/{app}/config-vars").json()
    wait_until(lambda: get(service, app, "/ping/").status_code == 200)


def test_dynos_are_listed_scaled_and_restarted(service: Service, shell: Shell, app: str) -> None:
    said = shell.heroku("ps:scale", "web=2:basic", "-a", app).text
    assert "web at 2:Basic" in said
    wait_until(lambda: [row["state"] for row in dynos(service, app)] == ["up", "up"])
    listed = shell.heroku("ps", "-a", app).stdout
    assert re.search(r"web\.1: up", listed)
    assert re.search(r"web\.2: up", listed)
    ids = {row["id"] for row in dynos(service, app)}
    shell.heroku("ps:restart", "-a", app)
    wait_until(
        lambda: [row["state"] for row in dynos(service, app)] == ["up", "up"]
        and not ids & {row["id"] for row in dynos(service, app)}
    )
    shell.heroku("ps:scale", "web=1", "-a", app)
    wait_until(lambda: len(dynos(service, app)) == 1)


def test_a_one_off_dyno_passes_output_input_and_exit_code_on(shell: Shell, app: str) -> None:
    good = shell.heroku("run", "-x", "-a", app, "--", "python -c 'print(6*7)'")
    assert "42" in good.stdout
    bad = shell.heroku("run", "-x", "-a", app, "--", "python -c 'raise SystemExit(3)'", code=3)
    assert "Process exited with code 3" in bad.text
    # Without -x the CLI does not know.
    shell.heroku("run", "-a", app, "--", "false")
    echoed = shell.heroku("run", "--no-tty", "-a", app, "--", "cat", stdin="line one\nline two\n")
    assert "line one\nline two\n" in echoed.stdout


def test_a_one_off_dyno_has_a_terminal(shell: Shell, app: str) -> None:
    here, there = pty.openpty()
    termios.tcsetwinsize(there, (30, 100))
    with subprocess.Popen(
        ["heroku", "run", "-x", "-a", app, "--", "sh"],
        stdin=there,
        stdout=there,
        stderr=there,
        env=shell.env,
        cwd=shell.folder,
        start_new_session=True,
    ) as process:
        os.close(there)
        try:
            read_until(here, rb"[$#] $")
            os.write(here, b"test -t 0 && echo terminal $((6 * 7))\r")
            read_until(here, rb"terminal 42\r")
            os.write(here, b"echo $COLUMNS by $LINES\r")
            read_until(here, rb"100 by 30\r")
            os.write(here, b"exit 5\r")
            assert process.wait(WAIT_SECONDS) == 5
        finally:
            process.kill()
            os.close(here)


def test_a_detached_dyno_writes_to_the_log(service: Service, shell: Shell, app: str) -> None:
    said = shell.heroku("run:detached", "-a", app, "--", "echo from a detached dyno").text
    name = re.search(r"run\.\d{4}", said)
    assert name, said
    wait_until(lambda: f"app[{name[0]}]: from a detached dyno" in logs(shell, app))
    wait_until(lambda: name[0] not in [row["name"] for row in dynos(service, app, "run")])


def test_logs_are_filtered_and_tailed(service: Service, shell: Shell, app: str) -> None:
    get(service, app, "/ping/?seen")
    wait_until(lambda: 'path="/ping/?seen"' in logs(shell, app))
    filtered = logs(shell, app, "--source", "heroku", "--dyno-name", "router")
    assert filtered
    assert all("heroku[router]:" in line for line in filtered.splitlines())
    tail = shell.start("heroku", "logs", "--tail", "-a", app)
    try:
        assert tail.stdout is not None
        time.sleep(3)
        get(service, app, "/ping/?tailed")
        found = next(line for line in tail.stdout if "/ping/?tailed" in line)
        assert "status=200" in found
    finally:
        tail.terminate()
        tail.communicate()


def test_a_database_is_made_migrated_looked_at_and_destroyed(
    service: Service, shell: Shell
) -> None:
    name = create(shell, "database")
    configure(shell, name)
    made = shell.heroku("addons:create", "heroku-postgresql:essential-0", "--wait", "-a", name)
    addon = service.api.get(f"/apps/{name}/addons").json()[0]
    assert addon["name"] in made.text
    assert addon["state"] == "provisioned"
    assert newest(service, name)["description"] == f"Attach DATABASE (@ref:{addon['name']})"
    url = service.api.get(f"/apps/{name}/config-vars").json()["DATABASE_URL"]
    assert url.startswith("postgres://")

    shell.heroku("container:login")
    shell.heroku("container:push", "web", "-a", name)
    shell.heroku("container:release", "web", "-a", name)
    migrated = shell.heroku("run", "-x", "-a", name, "--", MIGRATE)
    assert "Applying auth.0001_initial... OK" in migrated.stdout
    tables = shell.heroku("pg:psql", "-c", r"\dt", "-a", name).stdout
    assert re.search(r"public \| auth_user +\| table", tables)
    listed = shell.heroku("addons", "-a", name).stdout
    assert addon["name"] in listed
    assert "DATABASE" in listed

    said = shell.heroku("addons:destroy", addon["name"], "--confirm", name, "-a", name).text
    assert addon["name"] in said
    assert service.api.get(f"/apps/{name}/addons").json() == []
    assert "DATABASE_URL" not in service.api.get(f"/apps/{name}/config-vars").json()
    gone = shell("psql", f"{url}?sslmode=require", "-c", "SELECT 1", code=2)
    assert "FATAL" in gone.text


def test_an_unknown_plan_is_refused_in_heroku_s_words(shell: Shell, app: str) -> None:
    said = shell.heroku("addons:create", "heroku-postgresql:hobby-dev", "-a", app, code=2).text
    message = "Couldn't find either the add-on service or the add-on plan of"
    assert f'{message} "heroku-postgresql:hobby-dev".' in " ".join(re.sub("[›▸]", "", said).split())


def test_a_git_push_builds_releases_and_serves(service: Service, shell: Shell) -> None:
    name = create(shell, "pushed")
    configure(shell, name)
    shell.heroku("addons:create", "heroku-postgresql:essential-0", "-a", name)
    for argv in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("add", "Dockerfile", "heroku.yml"),
        ("-c", "user.name=You", "-c", "user.email=you@localhost", "commit", "-qm", "First"),
    ):
        shell("git", *argv)
    said = shell.heroku("git:remote", "-a", name).text
    assert service.api.get(f"/apps/{name}").json()["git_url"] in said
    pushed = shell("git", "push", "heroku", "main").text
    assert "remote: " in pushed
    assert "Applying auth.0001_initial... OK" in pushed
    assert newest(service, name)["status"] == "succeeded"
    assert newest(service, name)["description"].startswith("Deploy ")
    wait_until(lambda: get(service, name, "/ping/").status_code == 200)


def test_domains_are_added_served_and_removed(service: Service, shell: Shell, app: str) -> None:
    hostname = f"www.{app}.example"
    shell.heroku("domains:add", hostname, "-a", app)
    assert hostname in shell.heroku("domains", "-a", app).stdout
    shell.heroku("config:set", "ALLOWED_HOSTS=*", "-a", app)
    wait_until(lambda: get(service, app, "/ping/", hostname).status_code == 200)
    shell.heroku("domains:remove", hostname, "-a", app)
    assert get(service, app, "/ping/", hostname).status_code == 404


def test_maintenance_is_switched_on_and_off(service: Service, shell: Shell, app: str) -> None:
    shell.heroku("maintenance:on", "-a", app)
    assert get(service, app, "/ping/").status_code == 503
    shell.heroku("maintenance:off", "-a", app)
    wait_until(lambda: get(service, app, "/ping/").status_code == 200)


def test_a_destroyed_app_leaves_nothing(service: Service, shell: Shell, engine: Engine) -> None:
    name = create(shell, "gone")
    shell.heroku("addons:create", "heroku-postgresql:essential-0", "-a", name)
    said = shell.heroku("apps:destroy", "-a", name, "--confirm", name).text
    assert name in said
    assert service.api.get(f"/apps/{name}").status_code == 404
    assert all(row["app"]["name"] != name for row in service.api.get("/addons").json())


def test_the_real_heroku_is_out_of_reach(service: Service, shell: Shell, image: str) -> None:
    fetch = "fetch('https://api.heroku.com/').catch((e) => { console.log(String(e.cause)) })"
    assert "out of reach" in shell("node", "-e", fetch).stdout
    name = create(shell, "shim")
    reference = f"registry.heroku.com/{name}/web"
    shell.heroku("container:login")
    shell("docker", "tag", image, reference)
    shell("docker", "push", reference)
    assert registry(service, f"/v2/{name}/web/manifests/latest").status_code == 200
    remote = shell("git", "ls-remote", f"https://git.heroku.com/{name}.git")
    assert remote.stdout == ""


def unique(stem: str) -> str:
    return f"{stem}-{secrets.token_hex(4)}"


def create(shell: Shell, stem: str) -> str:
    name = unique(stem)
    shell.heroku("create", name, "-s", "container", "--no-remote")
    return name


def configure(shell: Shell, name: str) -> None:
    secret = secrets.token_urlsafe(50)
    shell.heroku("config:set", f"SECRET_KEY={secret}", "ALLOWED_HOSTS=.localhost", "-a", name)


def logs(shell: Shell, name: str, *more: str) -> str:
    return shell.heroku("logs", "-n", "200", "-a", name, *more).stdout


def releases(service: Service, name: str) -> list[dict[str, Any]]:
    """The newest first."""
    newest_first = {"Range": "version ..; order=desc"}
    found = service.api.get(f"/apps/{name}/releases", headers=newest_first)
    return list(found.json())


def newest(service: Service, name: str) -> dict[str, Any]:
    return releases(service, name)[0]


def dynos(service: Service, name: str, kind: str = "web") -> list[dict[str, Any]]:
    found = service.api.get(f"/apps/{name}/dynos").json()
    return [row for row in found if row["type"] == kind]


def get(service: Service, name: str, path: str, hostname: str = "") -> httpx.Response:
    """What the app's visitor gets."""
    if not hostname:
        web_url = service.api.get(f"/apps/{name}").json()["web_url"]
        hostname = httpx.URL(web_url).host
    trusted = ssl.create_default_context(cafile=service.folder / "authority" / "ca.pem")
    with httpx.Client(verify=trusted, timeout=WAIT_SECONDS) as visitor:
        return visitor.get(
            f"https://127.0.0.1:{service.settings.ports.https}{path}",
            headers={"Host": hostname},
            extensions={"sni_hostname": hostname},
        )


def registry(service: Service, path: str) -> httpx.Response:
    return httpx.get(
        f"http://127.0.0.1:{service.settings.ports.registry}{path}",
        auth=("_", service.token),
        headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
    )


def read_until(terminal: int, pattern: bytes) -> bytes:
    seen = b""
    deadline = time.monotonic() + WAIT_SECONDS
    while not re.search(pattern, seen):
        assert time.monotonic() < deadline, seen
        seen += os.read(terminal, 4096)
    return seen
