"""The everyday tasks, against an app that is deployed on the local platform.

Each test asserts what a user sees, and the state that the platform is in afterwards. They share
one app, and leave it as they found it: one web dyno, up.
"""

import json
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.deploy.conftest import Place
from tests.deploy.terminal import Terminal, running
from tests.waiting import wait_until
from underway.engine import Engine

PLAN = "heroku-postgresql:essential-0"


@pytest.fixture(scope="module")
def app(place: Place, engine: Engine) -> str:
    """An app that serves; each step that it took is a task."""
    name = place.checkout.project.name
    address = place.done("create").strip()
    place.done("config.set", "--name", "SECRET_KEY", "--generate")
    feed(place, ".localhost", "config.set", "--name", "ALLOWED_HOSTS")
    place.done("addons.create", "--plan", PLAN, "--name", "DATABASE")
    ship(place, engine, place.done("build").strip())
    assert address == place.ask("")["web_url"]
    return name


def feed(place: Place, stdin: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a task with this as its standard input; it must succeed."""
    done = subprocess.run(
        place.checkout.argv(*words),
        cwd=place.checkout.root,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


def ship(place: Place, engine: Engine, reference: str) -> None:
    """Push and release an image by hand, and wait until it serves."""
    name = place.checkout.project.name
    repository = f"127.0.0.1:{place.settings.ports.registry}/{name}/web"
    image = engine.image(reference, next="")
    image.tag(repository, "latest")
    login = {"username": "_", "password": place.token}
    images = engine.client.images
    events = images.push(repository, "latest", auth_config=login, stream=True, decode=True)
    assert not [event for event in events if "error" in event]
    images.remove(f"{repository}:latest")
    with place.api() as api:
        updates = [{"type": "web", "docker_image": image.id}]
        answer = api.patch(f"/apps/{name}/formation", json={"updates": updates})
    assert answer.is_success, answer.text
    settled(place)


def settled(place: Place, dynos: int = 1) -> None:
    """Return once so many web dynos are up, and no others."""
    wait_until(lambda: states(place) == ["up"] * dynos)


def states(place: Place) -> list[str]:
    return [dyno["state"] for dyno in place.ask("/dynos") if dyno["type"] == "web"]


def newest(place: Place) -> int:
    return max(int(release["version"]) for release in place.ask("/releases"))


def on_heroku(place: Place, tmp_path: Path) -> dict[str, str]:
    """What makes the tasks believe that the platform is the real Heroku."""
    ports = place.settings.ports
    return {
        "HEROKU_API_URL": f"http://127.0.0.1:{ports.api}",
        "HEROKU_REGISTRY_URL": f"http://127.0.0.1:{ports.registry}",
        "HEROKU_API_KEY": place.token,
        "SSL_CERT_FILE": str(place.folder / "authority" / "ca.pem"),
        "HOME": str(tmp_path),
    }


# The app


def test_an_app_that_exists_is_not_made_again(place: Place, app: str) -> None:
    again = place.invoke("create")
    assert again.returncode == 0
    assert again.stdout.strip() == place.ask("")["web_url"]
    assert f"→ {app} on the local platform" in again.stderr
    assert "exists already" in again.stderr
    assert "Starting the local platform" not in again.stderr


def test_the_stack_is_shown_and_set(place: Place, app: str) -> None:
    assert place.done("stack") == "container\n"
    assert "container already" in place.invoke("stack", "--set", "container").stderr
    refused = place.invoke("stack", "--set", "heroku-1")
    assert refused.returncode == 20
    assert "Stack heroku-1 is not available" in refused.stderr
    assert place.ask("")["build_stack"]["name"] == "container"


def test_ping_prints_the_answer_and_fails_on_any_but_200(place: Place, app: str) -> None:
    assert json.loads(place.done("ping")) == {"ping": "pong!"}
    missing = place.invoke("ping", "--path", "/no-such-page")
    assert (missing.returncode, missing.stdout) == (22, "")
    assert "/no-such-page answers 404 Not Found" in missing.stderr


def test_open_prints_the_address_and_opens_it(place: Place, app: str, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    address = place.ask("")["web_url"] + "admin/"
    assert place.done("open", "--path", "admin/", BROWSER=f"{browser} %s") == f"{address}\n"
    assert (tmp_path / "opened").read_text() == f"{address}\n"


def test_status_says_all_at_a_glance(place: Place, app: str) -> None:
    shown = place.done("status")
    found = json.loads(place.done("status", "--json"))
    addon = place.ask("/addons")[0]["name"]
    assert found["address"] == place.ask("")["web_url"]
    assert found["release"]["version"] == newest(place)
    assert found["formation"] == [{"type": "web", "quantity": 1, "size": "Basic"}]
    assert [(dyno["name"], dyno["state"]) for dyno in found["dynos"]] == [("web.1", "up")]
    assert [row["name"] for row in found["addons"]] == [addon]
    assert found["answers"]["/healthz"] == "200 OK"
    for text in (found["address"], "web.1 up", f"{addon} {PLAN}", "/healthz:", "maintenance:"):
        assert text in shown


def test_releases_are_listed_newest_first(place: Place, app: str) -> None:
    header, first, second = place.done("releases", "--lines", "2").splitlines()
    assert header.split() == ["release", "status", "created", "by", "what"]
    assert first.startswith(f"v{newest(place)} *")
    assert second.startswith(f"v{newest(place) - 1} ")
    rows = json.loads(place.done("releases", "--json"))
    assert [row["version"] for row in rows][-1] == 1
    assert [row["current"] for row in rows].count(True) == 1
    assert place.invoke("releases", "--lines", "many").returncode == 2


def test_maintenance_is_switched_on_and_off(place: Place, app: str) -> None:
    assert place.done("maintenance") == "off\n"
    assert place.done("maintenance.on") == "on\n"
    assert place.visit("/ping/").status_code == 503
    assert "on already" in place.invoke("maintenance.on").stderr
    assert place.done("maintenance.off") == "off\n"
    assert place.ask("")["maintenance"] is False


def test_domains_are_added_listed_and_removed(place: Place, app: str) -> None:
    target = place.done("domains.add", "--hostname", "www.example.com")
    own = place.ask("")["web_url"]
    assert target.strip() in own
    assert "already" in place.invoke("domains.add", "--hostname", "www.example.com").stderr
    assert re.search(r"www\.example\.com +custom +", place.done("domains"))
    rows = json.loads(place.done("domains", "--json"))
    assert {row["kind"] for row in rows} == {"heroku", "custom"}
    place.done("domains.remove", "--hostname", "www.example.com")
    assert len(place.ask("/domains")) == 1
    assert "nothing to remove" in place.invoke("domains.remove", "--hostname", "x.com").stderr
    assert "--hostname is missing" in place.invoke("domains.add").stderr


# Config vars


def test_config_vars_go_round_without_being_shown(place: Place, app: str, tmp_path: Path) -> None:
    before = newest(place)
    said = feed(place, "blue and green\n", "config.set", "--name", "COLOUR")
    assert place.ask("/config-vars")["COLOUR"] == "blue and green"
    assert newest(place) == before + 1
    assert f"that made v{before + 1}" in said.stderr
    again = feed(place, "blue and green", "config.set", "--name", "COLOUR")
    assert "no release was made" in again.stderr
    file = tmp_path / "variables"
    file.write_text("COLOUR='blue and green'\nSHAPE=round # not square\n")
    both = place.invoke("config.set", "--file", str(file))
    assert both.returncode == 0, both.stderr
    assert "already so: COLOUR" in both.stderr
    listed = place.invoke("config")
    assert re.search(r"^SHAPE +\[hidden\]$", listed.stdout, re.MULTILINE)
    assert {"COLOUR", "SECRET_KEY", "SHAPE"} <= set(json.loads(place.done("config", "--json")))
    assert place.done("config.get", "--name", "COLOUR") == "blue and green\n"
    place.done("config.unset", "--name", "COLOUR")
    place.done("config.unset", "--name", "SHAPE")
    assert newest(place) == before + 4
    everything = [said, again, both, listed]
    assert not [run for run in everything if "green" in run.stdout + run.stderr]
    missing = place.invoke("config.get", "--name", "COLOUR")
    assert (missing.returncode, missing.stdout) == (20, "")
    settled(place)


def test_a_generated_secret_key_is_long_and_stays(place: Place, app: str) -> None:
    key = place.ask("/config-vars")["SECRET_KEY"]
    assert len(key) >= 50
    again = place.invoke("config.set", "--name", "SECRET_KEY", "--generate")
    assert again.returncode == 0
    assert "stays as it is" in again.stderr
    assert place.ask("/config-vars")["SECRET_KEY"] == key


def test_a_value_typed_at_a_terminal_is_not_shown(place: Place, app: str) -> None:
    with Terminal(place.checkout, "config.set", "--name", "TYPED") as terminal:
        seen = terminal.read_until(rb"TYPED \(not shown\): ")
        terminal.type("hunter2\r")
        seen += terminal.read_until(rb"restart with it")
        assert terminal.code() == 0
    assert b"hunter2" not in seen
    assert place.ask("/config-vars")["TYPED"] == "hunter2"
    place.done("config.unset", "--name", "TYPED")
    settled(place)


# Add-ons


def test_an_add_on_is_made_once_and_removed_by_name(place: Place, app: str) -> None:
    first = place.ask("/addons")[0]["name"]
    again = place.invoke("addons.create", "--plan", PLAN)
    assert again.stdout.strip() == first
    assert "already" in again.stderr
    second = place.done("addons.create", "--plan", PLAN, "--name", "OTHER").strip()
    assert place.ask("/config-vars")["OTHER_URL"].startswith("postgres://")
    assert re.search(rf"{second} +{PLAN} +provisioned +OTHER_URL", place.done("addons"))
    assert len(json.loads(place.done("addons", "--json"))) == 2
    refused = place.invoke("addons.remove", "--name", "OTHER")
    assert refused.returncode == 2
    assert f"add --confirm {app}" in refused.stderr
    assert len(place.ask("/addons")) == 2
    place.done("addons.remove", "--name", "OTHER", "--confirm", app)
    assert [row["name"] for row in place.ask("/addons")] == [first]
    unknown = place.invoke("addons.create", "--plan", "no-such:plan")
    assert unknown.returncode == 20
    settled(place)


# Dynos


def test_dynos_are_listed_scaled_and_restarted(place: Place, app: str) -> None:
    place.done("scale", "--", "web=2")
    settled(place, 2)
    assert re.findall(r"^(web\.\d) +up ", place.done("ps"), re.MULTILINE) == ["web.1", "web.2"]
    before = {row["name"]: row["id"] for row in place.ask("/dynos")}
    place.done("restart", "--dyno", "web.2")
    wait_until(lambda: renewed(place, before) == {"web.2"})
    settled(place, 2)
    shown = json.loads(place.done("scale", "--json", "--", "web=1"))
    assert shown == [{"type": "web", "quantity": 1, "size": "Basic"}]
    settled(place)
    assert re.search(r"web +1 +Basic", place.done("scale"))
    place.done("restart", "--dyno", "web")
    wait_until(lambda: renewed(place, before) == {"web.1"})
    settled(place)
    assert [row["name"] for row in json.loads(place.done("ps", "--json"))] == ["web.1"]


def renewed(place: Place, before: dict[str, str]) -> set[str]:
    """The dynos that are others than they were before."""
    return {row["name"] for row in place.ask("/dynos") if row["id"] != before[row["name"]]}


def test_what_cannot_be_scaled_or_restarted_is_explained(place: Place, app: str) -> None:
    for words, text in (
        (("scale", "--", "worker=1"), "process types: web"),
        (("scale", "--", "web=two"), "TYPE=QUANTITY"),
        (("scale", "--", "web=1:gigantic"), "No such size as gigantic"),
        (("restart", "--dyno", "web.7"), "has no dyno web.7"),
    ):
        refused = place.invoke(*words)
        assert refused.returncode in (2, 20)
        assert text in refused.stderr
    assert states(place) == ["up"]


def test_a_command_in_a_dyno_passes_input_output_and_exit_code_on(place: Place, app: str) -> None:
    good = place.invoke("exec", "--", "python", "-c", "print('6 * 7 =', 6 * 7)")
    assert (good.returncode, good.stdout) == (0, "6 * 7 = 42\n")
    bad = place.invoke("exec", "--", "python", "-c", "raise SystemExit(3)")
    assert (bad.returncode, bad.stdout) == (3, "")
    assert feed(place, "one\ntwo\n", "exec", "--", "cat").stdout == "one\ntwo\n"
    nothing = place.invoke("exec")
    assert nothing.returncode == 2
    assert "there is no command" in nothing.stderr


def test_a_command_in_a_dyno_has_the_users_terminal(place: Place, app: str) -> None:
    with Terminal(place.checkout, "exec", "--", "sh") as terminal:
        terminal.read_until(rb"[$#] $")
        terminal.type("test -t 0 && echo terminal $((6 * 7))\r")
        terminal.read_until(rb"terminal 42\r")
        terminal.type("echo $COLUMNS by $LINES\r")
        terminal.read_until(rb"100 by 30\r")
        terminal.type(
            "python -c \"print('a' + 'sleep', flush=True); import time; time.sleep(99)\"\r"
        )
        terminal.read_until(rb"asleep\r")
        terminal.type("\x03")
        terminal.read_until(rb"KeyboardInterrupt(?s:.*)[$#] $")
        terminal.type("echo interrupted $((2 * 3))\r")
        terminal.read_until(rb"interrupted 6\r")
        terminal.type("exit 5\r")
        assert terminal.code() == 5


# Logs


def test_logs_are_filtered(place: Place, app: str) -> None:
    place.visit("/ping/?seen")
    wait_until(lambda: "/ping/?seen" in place.done("logs"))
    router = place.done("logs", "--source", "heroku", "--dyno", "router").splitlines()
    assert router
    assert all(" heroku[router]: " in line for line in router)
    web = place.done("logs", "--dyno", "web").splitlines()
    assert web
    assert all(re.search(r" (app|heroku)\[web\.\d\]: ", line) for line in web)
    assert len(place.done("logs", "--lines", "1").splitlines()) == 1


def test_a_tail_sees_what_is_new_and_ends_with_ctrl_c(place: Place, app: str) -> None:
    with running(place.checkout, "logs", "--tail", "--lines", "1", "--dyno", "router") as tail:
        tail.line_with("heroku[router]")
        place.visit("/ping/?tailed")
        assert "status=200" in tail.line_with("/ping/?tailed")
        code, errors = tail.interrupt()
    assert code == 130
    assert errors.splitlines()[-1] == "stopped."
    assert "Traceback" not in errors


# The database


def test_migrate_makes_the_tables_that_psql_lists(place: Place, app: str) -> None:
    migrated = place.done("migrate")
    assert "Applying auth.0001_initial... OK" in migrated or "No migrations to apply" in migrated
    assert re.search(r"public \| auth_user +\| table", place.done("psql", "--tables"))
    assert "No migrations to apply" in place.done("migrate", "--", "auth")
    failed = place.invoke("migrate", "--", "no_such_app")
    assert failed.returncode == 1
    assert "No installed app with label 'no_such_app'" in failed.stdout
    assert place.visit("/readyz").status_code == 200


def test_psql_takes_words_and_standard_input_and_gives_its_exit_code(
    place: Place, app: str
) -> None:
    answer = place.done("psql", "--", "--tuples-only", "--no-align", "-c", "select 6 * 7")
    assert answer == "42\n"
    assert "sum" in feed(place, "select 1 + 1 as sum;", "psql").stdout
    bad = place.invoke("psql", "--", "-c", "select nothing")
    assert bad.returncode == 1
    assert 'column "nothing" does not exist' in bad.stderr


def test_no_list_of_processes_shows_the_password(place: Place, app: str, engine: Engine) -> None:
    password = place.ask("/config-vars")["DATABASE_URL"].split(":")[2].partition("@")[0]
    words = ("psql", "--", "-c", "select 'awake'", "-c", "select pg_sleep(60)")
    with running(place.checkout, *words) as psql:
        psql.line_with("awake")
        shown = subprocess.run(["ps", "-ww", "-e", "-o", "args"], capture_output=True, text=True)
        assert "--env PGPASSWORD " in shown.stdout
        assert password not in shown.stdout
        assert psql.interrupt()[0] == 130
    clients = {"underway.role": "postgres-client", **place.checkout.project.labels}
    wait_until(lambda: engine.containers(clients) == [])


def test_a_backup_brings_the_rows_back(place: Place, app: str, tmp_path: Path) -> None:
    sql(place, "create table note (word text); insert into note values ('before')")
    file = tmp_path / "app.dump"
    assert place.done("backup", "--file", str(file)) == f"{file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().startswith(b"PGDMP")
    again = place.invoke("backup", "--file", str(file))
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert list(tmp_path.iterdir()) == [file]
    sql(place, "update note set word = 'after'")

    refused = place.invoke("restore", "--file", str(file), "--confirm", "another")
    assert refused.returncode == 2
    assert words(place) == [("after",)]
    broken = tmp_path / "broken.dump"
    broken.write_bytes(file.read_bytes()[:-500])
    failed = place.invoke("restore", "--file", str(broken), "--confirm", app)
    assert failed.returncode == 3
    assert "pg_restore failed" in failed.stderr
    assert words(place) == [("after",)]
    place.done("restore", "--file", str(file), "--confirm", app)
    assert words(place) == [("before",)]
    sql(place, "drop table note")


def sql(place: Place, statement: str) -> psycopg.Cursor[Any]:
    """The app's database, asked behind the tasks' backs."""
    url = place.ask("/config-vars")["DATABASE_URL"]
    with psycopg.connect(url, sslmode="require", connect_timeout=10) as connection:
        return connection.execute(statement)


def words(place: Place) -> list[Any]:
    return sql(place, "select word from note").fetchall()


# git, docker, and where the tasks act


def test_git_pushes_by_the_remote_without_a_prompt_and_without_the_token(
    place: Place, app: str
) -> None:
    root, before = place.checkout.root, newest(place)
    url = place.ask("")["git_url"]
    assert place.done("remote") == f"{url}\n"
    settings = (root / ".git" / "config").read_text()
    assert place.done("remote") == f"{url}\n"
    assert (root / ".git" / "config").read_text() == settings
    assert place.token not in settings
    env = os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull}
    push = ["git", "push", "heroku", "HEAD:main"]
    pushed = subprocess.run(push, cwd=root, env=env, capture_output=True, text=True, timeout=300)
    assert pushed.returncode == 0, pushed.stderr
    assert newest(place) == before + 1
    assert "No migrations to apply" in place.done("logs", "--release", str(before + 1))
    assert "has no release phase" in place.invoke("logs", "--release", "v1").stderr
    settled(place)
    assert json.loads(place.done("ping")) == {"ping": "pong!"}


def test_a_remote_that_led_elsewhere_leads_to_the_app(place: Place, app: str) -> None:
    place.checkout.git("remote", "add", "elsewhere", "https://example.com/x.git")
    url = place.done("remote", "--name", "elsewhere").strip()
    config = (place.checkout.root / ".git" / "config").read_text()
    assert config.count(f"url = {url}") >= 1
    assert "example.com" not in config


def test_docker_may_push_after_login(place: Place, app: str, tmp_path: Path) -> None:
    repository = f"127.0.0.1:{place.settings.ports.registry}/{app}/web"
    login = place.invoke("login", DOCKER_CONFIG=str(tmp_path))
    assert (login.returncode, login.stdout) == (0, f"{repository}\n")
    assert place.token not in login.stdout + login.stderr
    kept: dict[str, Any] = json.loads((tmp_path / "config.json").read_text())
    assert list(kept["auths"]) == [repository.partition("/")[0]]


def test_on_heroku_an_app_is_made_only_when_the_user_agrees(
    place: Place, app: str, tmp_path: Path
) -> None:
    heroku, name = on_heroku(place, tmp_path), f"{app}-more"
    asked = place.invoke("create", "--app", name, **heroku)
    assert asked.returncode == 2
    assert f"→ {name} on http://127.0.0.1:" in asked.stderr
    assert "add --yes" in asked.stderr
    made = place.done("create", "--app", name, "--yes", **heroku)
    assert made.strip() == place.ask("", app=name)["web_url"]
    nothing = place.invoke("exec", "--app", name, "--", "true", **heroku)
    assert nothing.returncode == 20
    assert "nothing deployed yet" in nothing.stderr
    without = place.invoke("psql", "--app", name, **heroku)
    assert without.returncode == 20
    assert "invoke addons.create" in without.stderr
    serving = json.loads(place.done("ping", "--app", app, **heroku))
    assert serving == {"ping": "pong!"}

    wrong = place.invoke("destroy", "--app", name, "--confirm", app, **heroku)
    assert wrong.returncode == 2
    assert place.ask("", app=name)["name"] == name
    unasked = place.invoke("destroy", "--app", name, **heroku)
    assert unasked.returncode == 2
    assert f"add --confirm {name}" in unasked.stderr
    with Terminal(place.checkout, "destroy", "--app", name, "--local") as terminal:
        terminal.read_until(rf"Type {name} to go on: ".encode())
        terminal.type(f"{name}\r")
        terminal.read_until(b"is gone")
        assert terminal.code() == 0
    gone = place.invoke("destroy", "--app", name, "--confirm", name, **heroku)
    assert gone.returncode == 20
    assert f"there is no app {name}" in gone.stderr


def test_without_a_good_token_nothing_is_asked_of_heroku(
    place: Place, app: str, tmp_path: Path
) -> None:
    heroku = on_heroku(place, tmp_path)
    none = place.invoke("ps", "--app", app, **{**heroku, "HEROKU_API_KEY": ""})
    assert none.returncode == 23
    assert "there is no token" in none.stderr
    wrong = place.invoke("ps", "--app", app, **{**heroku, "HEROKU_API_KEY": "hunter2"})
    assert wrong.returncode == 23
    assert "hunter2" not in wrong.stdout + wrong.stderr
