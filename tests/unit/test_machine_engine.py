"""Installing and starting the engine, up to the commands that would do it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.unit.fakes import FakeEngine, FakeRunner
from underway.engine import Engine
from underway.errors import EngineUnavailable, SetupImpossible
from underway.machine import daemon, debian

Answers = Callable[..., None]
APT_GET = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *debian.OPTIONS)
INSTALL = (*APT_GET, "install", "--yes", "--no-install-recommends")
REFUSED = EngineUnavailable("no Docker engine answers.", why="connection refused")
DENIED = EngineUnavailable("no Docker engine answers.", why="PermissionError: Permission denied")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What Engine.connect gives, one after the other."""

    def give(*results: Engine | EngineUnavailable) -> None:
        rest = iter(results)

        def connect() -> Engine:
            result = next(rest)
            if isinstance(result, EngineUnavailable):
                raise result
            return result

        monkeypatch.setattr(Engine, "connect", connect)

    return give


@pytest.fixture(autouse=True)
def bare_debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Debian without docker or systemd, and root."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "debian"})
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(daemon, "SYSTEMD", tmp_path / "systemd")
    monkeypatch.setattr(daemon, "LOG", tmp_path / "dockerd.log")
    installed(monkeypatch)


def installed(monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    found: Iterable[str] = programs
    monkeypatch.setattr(daemon, "find_program", lambda name: name if name in found else None)


def starts_dockerd(runner: FakeRunner) -> None:
    runner.expect("sh", str(daemon.START), str(daemon.LOG))


def test_an_engine_that_answers_is_left_as_it_is(answers: Answers, runner: FakeRunner) -> None:
    engine = FakeEngine()
    answers(engine)
    assert daemon.ensure(runner) is engine


def test_a_bare_debian_gets_an_engine_and_starts_it(answers: Answers, runner: FakeRunner) -> None:
    engine = FakeEngine()
    answers(REFUSED, engine)
    runner.expect(*APT_GET, "update")
    runner.expect(*INSTALL, "docker.io", "iptables")
    runner.expect("apt-cache", "pkgnames", "docker-", stdout="docker-compose\n")
    starts_dockerd(runner)
    assert daemon.ensure(runner) is engine


def test_a_newer_debian_gets_the_packages_that_were_cut_off_from_the_engine(
    answers: Answers, runner: FakeRunner
) -> None:
    answers(REFUSED, FakeEngine())
    runner.expect(*APT_GET, "update")
    runner.expect(*INSTALL, "docker.io", "iptables")
    runner.expect("apt-cache", "pkgnames", "docker-", stdout="docker-cli\ndocker-buildx\n")
    runner.expect(*APT_GET, "update")
    runner.expect(*INSTALL, "docker-buildx", "docker-cli")
    starts_dockerd(runner)
    daemon.ensure(runner)


def test_only_what_is_missing_is_installed(
    answers: Answers, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(REFUSED, FakeEngine())
    installed(monkeypatch, "dockerd", "iptables")
    starts_dockerd(runner)
    daemon.ensure(runner)


def test_systemd_starts_the_engine_where_it_runs(
    answers: Answers, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(REFUSED, FakeEngine())
    installed(monkeypatch, "dockerd", "iptables")
    daemon.SYSTEMD.mkdir()
    runner.expect("systemctl", "start", "docker")
    daemon.ensure(runner)


def test_a_user_with_sudo_installs_through_it(
    answers: Answers, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(REFUSED, FakeEngine())
    installed(monkeypatch, "dockerd", "iptables")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    runner.expect("sudo", "--non-interactive", "true")
    runner.expect("sudo", "--non-interactive", "sh", str(daemon.START), str(daemon.LOG))
    daemon.ensure(runner)


def test_a_user_without_sudo_is_told_what_to_run(
    answers: Answers, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(REFUSED)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SetupImpossible, match="needs root") as failure:
        daemon.ensure(runner)
    assert "sudo apt-get install docker.io iptables" in failure.value.next


def test_another_system_is_told_to_start_docker_desktop(
    answers: Answers, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(REFUSED)
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "fedora"})
    with pytest.raises(SetupImpossible, match="only Debian and Ubuntu") as failure:
        daemon.ensure(runner)
    assert "Docker Desktop" in failure.value.next


def test_a_user_outside_the_docker_group_is_told_how_to_join(
    answers: Answers, runner: FakeRunner
) -> None:
    answers(DENIED)
    with pytest.raises(SetupImpossible, match="this user may not use it") as failure:
        daemon.ensure(runner)
    assert "usermod --append --groups docker" in failure.value.next


def test_the_users_own_engine_is_named_and_nothing_is_installed(
    answers: Answers, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(REFUSED)
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")
    with pytest.raises(SetupImpossible, match=r"DOCKER_HOST=tcp://10\.0\.0\.1:2375 does not"):
        daemon.ensure(runner)


def test_the_users_own_context_is_named_and_nothing_is_installed(
    answers: Answers, runner: FakeRunner, tmp_path: Path
) -> None:
    answers(REFUSED)
    (tmp_path / "config.json").write_text('{"currentContext": "desktop-linux"}')
    with pytest.raises(SetupImpossible, match="the docker context desktop-linux does not answer"):
        daemon.ensure(runner)


def test_an_engine_that_does_not_start_shows_the_end_of_its_log(
    answers: Answers, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(REFUSED, REFUSED)
    installed(monkeypatch, "dockerd", "iptables")
    monkeypatch.setattr(daemon, "_runs", lambda program: False)
    daemon.LOG.write_text("much before\n" * 30 + "failed to start: no iptables\n")
    starts_dockerd(runner)
    with pytest.raises(SetupImpossible, match="does not start") as failure:
        daemon.ensure(runner)
    assert failure.value.why.endswith("failed to start: no iptables")
    assert len(failure.value.why.splitlines()) == daemon.LOG_TAIL
