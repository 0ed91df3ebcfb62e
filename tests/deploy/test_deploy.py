"""The whole deploy, by both methods, with everything that can go wrong on its way.

After each fault either the release before serves or the new one does, and the next deploy
succeeds without anybody cleaning up.
"""

import json
import os
import re
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy.conftest import a_place
from tests.deploy.faults import Api, Wire
from tests.deploy.user import User, image_texts
from tests.waiting import wait_until
from underway.engine import Engine

TITLES = {
    "container": {"build": "Building", "push": "Pushing", "release": "Releasing"},
    "manifest": {"build": "Packing", "push": "Uploading", "release": "Building there"},
}


CRASH = """\
import os

if "postgres" in os.environ.get("DATABASE_URL", ""):
    raise SystemExit("no licence")
"""
CLOSED = "#!/bin/sh\necho the office is closed: $UNDERWAY_APP, $UNDERWAY_METHOD; exit 3\n"
SETTINGS = "[tool.underway]\n"
HOOKS = f'{SETTINGS}hooks = "hooks"\n'


Note = Callable[[str, "subprocess.CompletedProcess[str] | int", int], None]


class Deploy:
    """One user, one fresh checkout, one platform with nothing on it; the tests in their order."""

    method = ""

    @pytest.fixture(scope="class")
    @classmethod
    def user(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
        with a_place(tmp_path_factory.mktemp("place")) as place:
            place.done("platform.up")
            api = Api(f"http://127.0.0.1:{place.settings.ports.api}")
            wire = Wire(place.settings.ports.registry)
            made = User(place, cls.method, api, wire)
            with made.watch.watching():
                yield made
            api.close()
            wire.close()

    @pytest.fixture
    def note(self, user: User, record_property: Callable[[str, object], None]) -> Note:
        """Takes a fault, how the deploy ended, and the release that served before it."""

        def note(fault: str, done: "subprocess.CompletedProcess[str] | int", old: int) -> None:
            code = done if isinstance(done, int) else done.returncode
            serving = user.serving()
            what = "the old one serves" if serving == old else f"the new one serves, v{serving}"
            if code == 22:
                what = f"rolled back: v{old} serves again, as v{serving}"
            record_property("outcome", (self.method, fault, str(code), what))

        return note

    def test_the_first_deploy_makes_all_that_is_missing(self, user: User) -> None:
        plan = user.invoke("deploy", "--method", user.method, "--plan")
        assert "+ app" in plan.stdout and "+ SECRET_KEY (random)" in plan.stdout
        assert "+ heroku-postgresql:essential-0 as DATABASE" in plan.stdout
        with user.place.api() as api:
            assert api.get(f"/apps/{user.app}").status_code == 404, "a plan changes nothing"

        unasked = user.invoke("deploy", "--method", user.method)
        assert unasked.returncode == 2 and "--yes" in unasked.stderr
        with user.place.api() as api:
            assert api.get(f"/apps/{user.app}").status_code == 404, "nothing is billed unasked"

        done = user.deploy()
        assert done.returncode == 0, done.stderr
        assert done.stdout == user.place.ask("")["web_url"].rstrip("/") + "\n"
        assert done.stderr.startswith(f"→ {user.app} on {user.api.url}\n")
        assert user.place.visit("/ping/").json() == {"ping": "pong!"}
        assert user.place.visit("/readyz").status_code == 200, "Postgres is migrated"
        assert len(user.place.ask("/config-vars")["SECRET_KEY"]) >= 50
        assert {row["type"] for row in user.place.ask("/formation")} >= {"web"}

    def test_a_changed_line_is_a_new_release_and_a_rollback_brings_the_old_line_back(
        self,
        user: User,
    ) -> None:
        old = user.serving()
        with user.changed(user.pong("changed")) as head:
            receipt = user.deployed()
        assert user.answers() == "changed"
        assert receipt["release"] == user.serving() > old
        assert receipt["commit"] == head and receipt["method"] == user.method
        assert receipt["address"] == user.place.ask("")["web_url"].rstrip("/")
        assert list(receipt["seconds"]) == [
            *("observe", "prepare", "build", "check", "push", "release", "verify")
        ]
        assert receipt["undo"] == f"invoke rollback --release {old} --app {user.app}"
        if user.method == "container":
            described = user.place.ask(f"/releases/{receipt['release']}")["description"]
            assert receipt["images"]["web"]["image"][7:19] in described
            assert receipt["images"]["web"]["sent"] < 1_000_000, "only what the registry lacks"
        back = user.invoke(*receipt["undo"].split()[1:])
        assert back.returncode == 0, back.stderr
        assert user.answers() == "pong!"
        kept = user.place.checkout.root / ".underway" / "receipts"
        name = f"{user.app}-v{receipt['release']}.json"
        assert json.loads((kept / name).read_text()) == receipt

    def test_a_failing_migration_leaves_the_old_release_serving(
        self, user: User, note: Note
    ) -> None:
        old, ping = user.serving(), user.answers()
        with user.migration("raise RuntimeError('no such column')"):
            done = user.deploy()
        assert done.returncode == 21
        assert "no such column" in done.stderr and f"v{old} still serves" in done.stderr
        assert "invoke logs --release" in done.stderr
        assert (user.serving(), user.answers()) == (old, ping)
        note("the migration fails", done, old)
        user.deployed()

    def test_a_crash_at_boot_is_explained_and_rolled_back(self, user: User, note: Note) -> None:
        old = user.serving()
        wsgi = ("hello_django/wsgi.py", "import os\n", CRASH)
        with user.changed(wsgi), user.migration("pass"):
            done = user.deploy()
        assert done.returncode == 22, done.stderr
        assert "crashed" in done.stderr and "no licence" in done.stderr
        assert f"puts v{old} back in service" in done.stderr
        assert "the database stays migrated: hello_django.0001_test" in done.stderr
        assert user.answers() == "pong!"
        note("the dyno crashes at boot", done, old)
        user.deployed()

    def test_a_release_that_fails_its_verification_is_rolled_back(
        self, user: User, note: Note
    ) -> None:
        old = user.serving()
        page = "hello_django/templates/hello_django/home.html"
        missing = '<link rel="stylesheet" href="/static/none.css">\n</head>'
        with user.changed((page, "</head>", missing)):
            done = user.deploy("--json")
        assert done.returncode == 22, done.stderr
        assert "/static/none.css, which / names, answers 404" in done.stderr
        assert json.loads(done.stdout)["exit_code"] == 22
        assert "none.css" not in user.place.visit("/").text
        note("a static file is missing", done, old)
        user.deployed()

    def test_of_two_deploys_at_once_one_is_refused(self, user: User, note: Note) -> None:
        old = user.serving()
        argv = user.place.checkout.argv("deploy", "--method", user.method, "--yes")
        first = subprocess.Popen(
            argv,
            cwd=user.place.checkout.root,
            env=os.environ | user.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lock = user.place.checkout.root / ".underway" / f"deploy-{user.app}.lock"
        wait_until(lambda: lock.exists() and lock.read_text() == str(first.pid))
        second = user.deploy()
        out, err = first.communicate(timeout=300)
        user.watch.outputs += [out, err]
        assert first.returncode == 0, err
        assert second.returncode == 25
        assert f"process {first.pid}" in second.stderr
        note("two deploys at once", second, old)

    def test_a_deploy_refuses_when_somebody_else_released_meanwhile(
        self, user: User, note: Note
    ) -> None:
        old = user.serving()

        def release() -> None:
            with user.place.api() as api:
                api.patch(f"/apps/{user.app}/config-vars", json={"OTHER": "1"}).raise_for_status()

        if user.method == "manifest":
            user.api.before["POST /sources"] = release
            stopped = user.meanwhile("Uploading", lambda: None)
        else:
            stopped = user.meanwhile("Checking", release)
        assert stopped.code == 25, stopped.said
        assert "Set OTHER" in stopped.said and "Nothing was released" in stopped.said
        assert user.newest() == old + 1
        wait_until(lambda: user.serving() == old + 1)
        note("somebody else releases meanwhile", stopped.code, old)
        user.deployed()

    def test_a_wrong_token_changes_nothing(self, user: User, note: Note) -> None:
        old = user.newest()
        done = user.deploy(HEROKU_API_KEY="wrong-token-wrong-token")
        assert done.returncode == 23
        assert "the token is not accepted" in done.stderr and "HEROKU_API_KEY" in done.stderr
        assert "wrong-token" not in done.stderr
        assert user.newest() == old
        note("a wrong token", done, user.serving())

    def test_no_token_says_how_to_get_one(self, user: User, tmp_path: Path) -> None:
        done = user.deploy(HEROKU_API_KEY="", HOME=str(tmp_path))
        assert done.returncode == 23
        assert "heroku authorizations:create" in done.stderr and "--local" in done.stderr

    def test_too_many_requests_are_waited_for(self, user: User, note: Note) -> None:
        old = user.serving()
        user.fail("GET", "/releases", 429, times=2, headers={"Retry-After": "1"})
        user.fail("PATCH" if user.method == "container" else "POST", "/formation|/builds", 429)
        receipt = user.deployed()
        assert user.serving() == receipt["release"]
        note("429 from the API", 0, old)

    def test_a_request_that_failed_at_heroku_releases_nothing(self, user: User, note: Note) -> None:
        old = user.serving()
        user.fail("PATCH" if user.method == "container" else "POST", "/formation|/builds", 503)
        done = user.deploy()
        assert done.returncode == 24, done.stderr
        assert "503" in done.stderr and "status.heroku.com" in done.stderr
        assert user.serving() == user.newest() == old
        note("503 from the API", done, old)
        user.deployed()

    def test_a_release_whose_answer_was_lost_is_followed(self, user: User, note: Note) -> None:
        old = user.serving()
        release = "PATCH" if user.method == "container" else "POST"
        user.fail(release, "/formation|/builds", 503, after=True)
        receipt = user.deployed()
        assert user.serving() == receipt["release"] > old
        note("503, but it was done", 0, old)

    @pytest.mark.parametrize(
        "step", ["Preparing", "build", "Checking", "push", "release", "Verifying"]
    )
    def test_a_deploy_killed_at_any_step_leaves_a_release_serving(
        self, user: User, note: Note, step: str
    ) -> None:
        title = TITLES[user.method].get(step, step)
        old = user.serving()
        user.commit("so that there is something new")
        stopped = user.killed_at(title)
        assert stopped.code == -signal.SIGKILL
        wait_until(lambda: user.place.visit("/readyz").status_code == 200)
        note(f"kill -9: {title}", stopped.code, old)
        if step in ("release", "Verifying"):
            user.deployed()
            assert user.serving() == user.newest()
        else:
            assert user.serving() == old

    @pytest.mark.parametrize("step", ["Checking", "release", "Verifying"])
    def test_ctrl_c_ends_in_a_known_state_and_says_which(
        self, user: User, note: Note, step: str
    ) -> None:
        old = user.serving()
        user.commit("so that there is something new")
        stopped = user.interrupted_at(TITLES[user.method].get(step, step))
        assert stopped.code == 130, stopped.said
        if step == "Checking":
            assert f"stopped: nothing was released; v{old} serves." in stopped.said
            assert user.serving() == old
        elif step == "release":
            assert "stopped:" in stopped.said
        else:
            assert "is in service, and was not verified" in stopped.said
            assert f"invoke rollback --release {old} --app {user.app}" in stopped.said
        note(f"Ctrl-C: {step}", stopped.code, old)
        user.deployed()

    def test_a_hook_that_fails_stops_the_deploy_before_anything_is_released(
        self, user: User, note: Note
    ) -> None:
        root = user.place.checkout.root
        old = user.serving()
        user.place.checkout.replace("pyproject.toml", SETTINGS, HOOKS)
        (root / "hooks").mkdir()
        hook = root / "hooks" / "pre-release"
        hook.write_text(CLOSED)
        hook.chmod(0o755)
        user.commit("a hook")
        done = user.deploy()
        assert done.returncode == 27
        assert f"the office is closed: {user.app}, {user.method}" in done.stderr
        assert user.serving() == user.newest() == old
        note("a hook fails", done, old)
        hook.unlink()
        (root / "hooks" / "post-deploy").write_text("#!/bin/sh\necho $UNDERWAY_RELEASE > told\n")
        (root / "hooks" / "post-deploy").chmod(0o755)
        user.commit("another hook")
        receipt = user.deployed()
        assert (root / "told").read_text() == f"v{receipt['release']}\n"
        (root / "told").unlink()
        user.place.checkout.replace("pyproject.toml", HOOKS, SETTINGS)
        user.commit("no hooks")

    def test_files_that_no_commit_has_are_not_released_to_heroku(self, user: User) -> None:
        new = user.place.checkout.root / "hello_django" / "new.py"
        new.write_text("")
        done = user.deploy()
        new.unlink()
        assert done.returncode == 2
        assert "hello_django/new.py" in done.stderr and "git commit" in done.stderr

    def test_every_request_is_one_that_the_platform_knows(self, user: User) -> None:
        with user.place.api() as api:
            unknown = api.get("/platform/unknown-routes").json()
        assert unknown == {}
        assert len(user.api.asked) > 100

    def test_no_secret_is_seen_anywhere(self, user: User) -> None:
        config = user.place.ask("/config-vars")
        password = re.search(r"://[^:]+:([^@]+)@", config["DATABASE_URL"])
        assert password
        hidden = [user.place.token, config["SECRET_KEY"], password[1]]
        engine = Engine.connect()
        root = user.place.checkout.root
        receipts = [p.read_text() for p in (root / ".underway" / "receipts").glob("*.json")]
        seen = {
            "outputs": "\n".join(user.watch.outputs),
            "processes": "\n".join(user.watch.processes),
            "receipts": "\n".join(receipts),
            "images": image_texts(
                engine, user.place.checkout.project.labels, user.place.settings.labels
            ),
            "the platform's log": (user.place.folder / "service.log").read_text(),
            "git": subprocess.run(
                ["git", "log", "-p"], cwd=root, capture_output=True, text=True
            ).stdout,
        }
        engine.client.close()
        assert all(seen.values()) and len(user.watch.processes) > 20 and len(receipts) > 5
        found = [where for where, text in seen.items() for secret in hidden if secret in text]
        assert found == []


class TestContainerRegistry(Deploy):
    """Method 1."""

    method = "container"

    def test_a_registry_cut_off_in_the_middle_of_a_push_releases_nothing(
        self, user: User, note: Note
    ) -> None:
        old = user.serving()
        blob = user.place.checkout.root / "hello_django" / "blob.bin"
        blob.write_bytes(secrets.token_bytes(2_000_000))
        user.commit("a large file")
        user.wire.cut_after(1_000_000)
        done = user.deploy()
        user.wire.heal()
        assert done.returncode in (24, 26), done.stderr
        assert user.serving() == user.newest() == old
        note("the registry is cut off", done, old)
        user.deployed()
        blob.unlink()
        user.commit("no large file")


class TestBuildManifest(Deploy):
    """Method 2."""

    method = "manifest"
