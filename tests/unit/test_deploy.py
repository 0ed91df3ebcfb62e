"""What a deploy decides, and how it ends, with Heroku in memory."""

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.unit.fake_heroku import APP, TARGET, FakeHeroku, release, run_of
from tests.unit.fakes import FakeRunner
from underway.command import Runner
from underway.deploy import hooks, lock, planning, promote
from underway.deploy import receipt as receipts
from underway.deploy import recovery
from underway.deploy import release as releasing
from underway.deploy import verify
from underway.deploy.facts import Facts, observe, require_commit
from underway.deploy.prepare import needs
from underway.deploy.run import Options
from underway.errors import (
    HerokuUnavailable,
    HookFailed,
    ReleasePhaseFailed,
    RollbackFailed,
    Superseded,
    UsageError,
    VerificationFailed,
)
from underway.project import Project

PROJECT = Project(Path("."), "shop")
SERVING = release(41, current=True)


def quiet(line: str) -> None:
    pass


def planned(facts: Facts, method: str = "container") -> list[str]:
    return list(planning.make(PROJECT, TARGET, Options(method), facts).changes)


def test_the_plan_of_a_first_deploy_names_all_that_will_be_made() -> None:
    facts = Facts("8ac7f0e1234", (), "me@example.com", None)
    assert planned(facts) == [
        "+ app shop, on the container stack",
        "+ SECRET_KEY (random), ALLOWED_HOSTS (the app's own host)",
        "+ heroku-postgresql:essential-0 as DATABASE",
        "~ web, release: 8ac7f0e, built here, through the container registry",
        "+ the first release with code",
    ]


def test_the_plan_of_an_app_that_has_all_names_only_the_release() -> None:
    heroku = FakeHeroku(SERVING)
    heroku.vars = {"SECRET_KEY": "x", "ALLOWED_HOSTS": APP.host, "DATABASE_URL": "x"}
    runner = FakeRunner()
    runner.expect(
        *("git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"), stdout="8ac7f0e"
    )
    runner.expect("git", "status", "--porcelain", "--untracked-files=all")
    facts = observe(PROJECT, heroku, runner)
    assert planned(facts, "manifest") == [
        "~ web, release: 8ac7f0e, built by the platform, from heroku.yml",
        "~ a new release in place of v41 (Deployed web (000000000029))",
        "= web: 1 × Basic",
    ]
    assert heroku.asked == []


def test_only_a_billed_thing_is_asked_about() -> None:
    missing_database = Facts("", (), "", APP, frozenset({"SECRET_KEY"}), APP.host)
    plan = planning.make(PROJECT, TARGET, Options("container"), missing_database)
    assert plan.billed == ["heroku-postgresql:essential-0 as DATABASE"]


def test_the_secret_key_is_long_and_never_in_the_plan() -> None:
    heroku = FakeHeroku()
    facts = Facts("", (), "", APP)
    for need in needs(facts):
        need.fill(heroku, APP)
    assert len(heroku.vars["SECRET_KEY"]) >= 50
    assert heroku.vars["SECRET_KEY"] not in "".join(planned(facts))
    assert heroku.vars["ALLOWED_HOSTS"] == "shop-1a2b.example"
    assert heroku.asked == [
        "config SECRET_KEY,ALLOWED_HOSTS",
        "addon heroku-postgresql:essential-0 as DATABASE",
    ]


@pytest.mark.parametrize("hosts", ["shop-1a2b.example", "a.example, shop-1a2b.example", "*"])
def test_hosts_that_admit_the_app_are_left_alone(hosts: str) -> None:
    facts = Facts("", (), "", APP, frozenset({"SECRET_KEY", "DATABASE_URL"}), hosts)
    assert needs(facts) == ()


def test_other_hosts_are_kept_beside_the_app_s_own() -> None:
    heroku = FakeHeroku()
    config = frozenset({"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"})
    heroku.vars = {"ALLOWED_HOSTS": "www.example.com"}
    for need in needs(Facts("", (), "", APP, config, "www.example.com")):
        need.fill(heroku, APP)
    assert heroku.vars["ALLOWED_HOSTS"] == "www.example.com,shop-1a2b.example"


def test_a_release_is_followed_until_it_is_in_service() -> None:
    heroku = FakeHeroku(SERVING)
    heroku.said = ["Applying shop.0002_price... OK"]
    run = run_of(heroku)
    releasing.images(run, quiet)
    assert run.release and run.release.version == 42
    assert run.log == heroku.said


def test_a_failing_release_phase_leaves_the_old_release_serving() -> None:
    heroku = FakeHeroku(SERVING)
    heroku.phase, heroku.said = "failed", ["no such column"]
    with pytest.raises(ReleasePhaseFailed) as failure:
        releasing.images(run_of(heroku), quiet)
    assert failure.value.exit_code == 21
    assert "no such column" in failure.value.why
    assert failure.value.why.endswith("v41 stays in service.")
    assert failure.value.next == "invoke logs --release 42 --app shop"
    assert heroku.asked == ["release web"], "Heroku kept the old one: nothing to roll back"


def test_after_a_failing_release_phase_the_old_release_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failure = ReleasePhaseFailed("v42 was not put in service.", "v41 stays in service.")
    run = run_of(FakeHeroku(SERVING))
    monkeypatch.setattr(verify, "serves", lambda run, release: None)
    assert "It was asked: v41 still serves." in str(recovery.ask_old(run, failure))

    def broken(run: object, release: object) -> None:
        raise VerificationFailed("/readyz answers 503")

    monkeypatch.setattr(verify, "serves", broken)
    worse = recovery.ask_old(run, failure)
    assert worse.exit_code == 28 and "/readyz answers 503" in str(worse)


def test_nothing_is_released_when_somebody_else_has() -> None:
    heroku = FakeHeroku(SERVING)
    run = run_of(heroku)
    heroku.history.append(release(42, user="you@example.com", description="Set KEY config vars"))
    with pytest.raises(Superseded) as failure:
        releasing.images(run, quiet)
    assert "you@example.com made v42" in str(failure.value)
    assert "Set KEY config vars" in str(failure.value)
    assert heroku.asked == []


def test_a_release_whose_answer_was_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    heroku = FakeHeroku(SERVING)
    run = run_of(heroku)

    def lose(digests: object) -> None:
        heroku.history.append(release(42))
        raise HerokuUnavailable("no answer")

    monkeypatch.setattr(heroku, "release_images", lose)
    releasing.images(run, quiet)
    assert run.release and run.release.version == 42


class TestVerification:
    """Asked over a transport that answers as the app would."""

    page = '<link rel="stylesheet" href="/static/site.1a2b3c.css"><a href="/other">'

    def visitor(self, **answers: httpx.Response) -> verify.Visitor:
        known = {
            "/": httpx.Response(200, text=self.page),
            "/healthz": httpx.Response(200, json={"alive": True, "release": "v42"}),
            "/readyz": httpx.Response(200, json={"ready": True}),
            "/static/site.1a2b3c.css": httpx.Response(200),
        }
        known |= {f"/{name}": answer for name, answer in answers.items()}
        transport = httpx.MockTransport(
            lambda request: known.get(request.url.path, httpx.Response(404))
        )
        client = httpx.Client(transport=transport)
        return verify.Visitor(client, "https://shop.example", PROJECT)

    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("READY_SECONDS", "PAUSE"):
            monkeypatch.setattr(verify, name, 0)

    def test_the_release_that_answers_has_to_be_the_one_that_was_made(self) -> None:
        assert "it is v42 that answers" in self.visitor().health(release(42), 0)
        with pytest.raises(VerificationFailed) as failure:
            self.visitor().health(release(43), 0)
        assert "v42 answers, not v43" in str(failure.value)

    def test_an_app_that_does_not_say_its_release_is_taken_at_its_status(self) -> None:
        visitor = self.visitor(healthz=httpx.Response(200, text="ok"))
        assert visitor.health(release(42), 0) == "/healthz answers 200"

    def test_why_it_is_not_ready_is_passed_on(self) -> None:
        unready = httpx.Response(503, json={"ready": False, "reason": "1 migration not applied"})
        with pytest.raises(VerificationFailed) as failure:
            self.visitor(readyz=unready).ready()
        assert "503" in str(failure.value) and "1 migration not applied" in str(failure.value)

    def test_the_style_sheet_of_the_page_is_fetched(self) -> None:
        said = self.visitor().static_files()
        assert said == "/ answers 200, and so do its static files: /static/site.1a2b3c.css"
        missing = {"static/site.1a2b3c.css": httpx.Response(404)}
        with pytest.raises(VerificationFailed) as failure:
            self.visitor(**missing).static_files()
        assert "/static/site.1a2b3c.css, which / names, answers 404" in str(failure.value)

    def test_a_site_without_any_static_file_is_said_to_have_none(self) -> None:
        said = self.visitor(**{"": httpx.Response(200, text="plain")}).static_files()
        assert said.startswith("! no page") and "none was fetched" in said


def test_a_crashed_dyno_fails_the_verification_at_once() -> None:
    heroku = FakeHeroku(SERVING, release(42))
    heroku.crashes = True
    with pytest.raises(VerificationFailed) as failure:
        verify.serves(run_of(heroku), release(42))
    assert failure.value.what == "web.1 of v42 crashed."


def test_what_does_not_serve_is_explained_and_rolled_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "serves", lambda run, release: None)
    heroku = FakeHeroku(SERVING)
    heroku.lines = [
        "2026-01-31T11:00:00.0+00:00 app[web.1]: long ago",
        "2026-01-31T12:00:01.0+00:00 app[web.1]: ImportError: no licence",
        "2026-01-31T12:00:02.0+00:00 heroku[router]: at=error code=H10",
    ]
    run = run_of(heroku)
    run.release, run.log = release(42), ["Applying shop.0002_price... OK"]
    heroku.history.append(run.release)
    failure = recovery.recover(run, VerificationFailed("web.1 of v42 crashed."))
    said = str(failure)
    assert said.startswith("v42 does not serve: web.1 of v42 crashed.")
    assert "ImportError: no licence" in said and "H10: " in said and "long ago" not in said
    assert "v43 puts v41 back in service; it answers." in said
    assert "the database stays migrated: shop.0002_price" in said
    assert heroku.asked == ["roll back to v41"]
    assert run.release.version == 42, "the receipt is of what was deployed"


def test_a_first_deploy_that_does_not_serve_has_nothing_to_go_back_to() -> None:
    heroku = FakeHeroku(release(3, rollback=False, current=True))
    run = run_of(heroku)
    run.release = release(4)
    with pytest.raises(RollbackFailed) as failure:
        recovery.recover(run, VerificationFailed("web.1 of v4 crashed."))
    assert "no release with code to go back to" in str(failure.value)
    assert heroku.asked == []


@pytest.mark.parametrize(("version", "expected"), [(0, 40), (39, 39)])
def test_a_rollback_goes_to_the_release_before_or_the_one_that_is_named(
    version: int, expected: int
) -> None:
    run = run_of(FakeHeroku(release(39), release(40), SERVING, release(42, "failed")))
    assert recovery.find(run, version).version == expected


@pytest.mark.parametrize("version", [38, 42])
def test_a_rollback_to_what_never_served_is_refused(version: int) -> None:
    run = run_of(FakeHeroku(SERVING, release(42, "failed")))
    with pytest.raises(UsageError) as failure:
        recovery.find(run, version)
    assert f"cannot go back to v{version}" in str(failure.value)


def test_the_receipt_has_what_a_program_needs_and_the_way_back(tmp_path: Path) -> None:
    run = run_of(FakeHeroku(SERVING))
    run.project = Project(tmp_path, "shop")
    run.release, run.seconds = release(42), {"observe": 0.123, "build": 2.0}
    made = receipts.make(run)
    assert (made["outcome"], made["release"], made["replaces"]) == ("released", 42, 41)
    assert made["images"]["web"]["image"] == "sha256:abc"
    assert made["seconds"] == {"observe": 0.12, "build": 2.0}
    assert made["undo"] == "invoke rollback --release 41 --app shop"
    path = receipts.write(run, made)
    assert json.loads(path.read_text()) == made
    assert receipts.pushed_as(run.project, "shop", "web", "abc") == run.pushed[0].manifest.digest
    assert receipts.pushed_as(run.project, "shop", "web", "def") is None


def test_a_second_deploy_of_the_same_app_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    here = Project(tmp_path, "shop")
    with lock.held(here, "shop"):
        with pytest.raises(Superseded), lock.held(here, "shop"):
            pass
        with lock.held(here, "another"):
            pass
    with lock.held(here, "shop"):
        pass


def test_the_images_in_service_are_found_behind_config_changes_and_rollbacks() -> None:
    digest = "0123456789ab"
    history = [
        release(5, description=f"Deployed web ({digest}), release (ba9876543210)"),
        release(6, description="Deployed web (ffffffffffff)"),
        release(7, description="Rollback to v5"),
        release(8, description="Set KEY config vars", current=True),
    ]
    found = promote._images("staging", {r.version: r for r in history})
    assert found == {"web": digest, "release": "ba9876543210"}


def test_what_heroku_has_built_cannot_be_promoted() -> None:
    history = {1: release(1, description="Deploy 8ac7f0e", current=True)}
    with pytest.raises(UsageError) as failure:
        promote._images("staging", history)
    assert "no image from the container registry" in str(failure.value)


def test_files_that_no_commit_has_are_refused() -> None:
    with pytest.raises(UsageError) as failure:
        require_commit(Facts("8ac7f0e-dirty", ("a.py",), "", APP))
    assert "a.py" in str(failure.value) and "--local" in failure.value.next
    require_commit(Facts("8ac7f0e", (), "", APP))


@pytest.fixture
def hooked(tmp_path: Path) -> Project:
    (tmp_path / "hooks").mkdir()
    return Project(tmp_path, "shop", hooks="hooks")


def hook(project: Project, text: str) -> Path:
    path = project.root / "hooks" / "pre-build"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


class Committed(Runner):
    """For whom every file is committed."""

    def capture(self, command, check=True):  # type: ignore[no-untyped-def]
        return super().capture(replace(command, argv=("true",)), check)


def test_a_hook_gets_the_facts_in_its_environment(
    hooked: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    hook(hooked, "echo $UNDERWAY_APP $UNDERWAY_METHOD $UNDERWAY_COMMIT $UNDERWAY_URL")
    run = run_of(FakeHeroku(SERVING))
    run.project, run.runner = hooked, Committed()
    hooks.call(run, hooks.PRE_BUILD)
    assert "shop container 8ac7f0e https://shop-1a2b.example" in capsys.readouterr().err


def test_a_hook_that_fails_is_named_with_what_it_said(hooked: Project) -> None:
    hook(hooked, "echo the office is closed; exit 3")
    run = run_of(FakeHeroku(SERVING))
    run.project, run.runner = hooked, Committed()
    with pytest.raises(HookFailed) as failure:
        hooks.call(run, hooks.PRE_BUILD)
    assert "the office is closed" in str(failure.value)
    assert "nothing was released" in str(failure.value)


def test_a_hook_that_is_not_committed_or_cannot_be_run_is_refused(hooked: Project) -> None:
    path = hook(hooked, "true")
    run = run_of(FakeHeroku(SERVING))
    run.project = hooked
    with pytest.raises(UsageError) as failure:
        hooks.call(run, hooks.PRE_BUILD)
    assert "not committed" in str(failure.value)
    path.chmod(0o644)
    run.runner = Committed()
    with pytest.raises(UsageError) as failure:
        hooks.call(run, hooks.PRE_BUILD)
    assert "chmod +x" in failure.value.next


def test_a_hook_that_is_not_there_is_no_matter(hooked: Project) -> None:
    run = run_of(FakeHeroku(SERVING))
    run.project = hooked
    hooks.call(run, hooks.POST_DEPLOY)
