import socket
from pathlib import Path

import pytest

from tests.unit.fakes import FakeEngine, FakeImage, FakeRunner
from underway import checks
from underway.checks import Finding
from underway.checks import engine as engine_checks
from underway.checks import local
from underway.engine import Engine, EngineFacts
from underway.errors import CheckFailed
from underway.project import Project

OK = Finding("a", "ok", "fine")
WARNING = Finding("b", "warning", "so so", next="invoke mend")
ERROR = Finding("c", "error", "broken", why="a cause", next="invoke mend")
NOWHERE = "/no/such/folder"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "requirements").mkdir()
    return Project(root=tmp_path, name="shop")


def write(project: Project, **files: str) -> None:
    for name, text in files.items():
        stem, _, suffix = name.partition("_")
        (project.root / "requirements" / f"{stem}.{suffix}").write_text(text)


def lock_findings(project: Project) -> list[tuple[str, str]]:
    found = local.locks(project.root / "requirements")
    return [(finding.level, finding.what + finding.why) for finding in found]


def engine_findings(
    monkeypatch: pytest.MonkeyPatch,
    project: Project,
    image: FakeImage | None = None,
    architecture: str = "amd64",
    folder: str = NOWHERE,
) -> dict[str, Finding]:
    engine = FakeEngine(has={project.python_image: image} if image else {})
    facts = EngineFacts("26.1", architecture, "overlay2", True, folder)
    monkeypatch.setattr(engine, "facts", lambda: facts)
    monkeypatch.setattr(Engine, "connect", lambda: engine)
    return {finding.subject: finding for finding in engine_checks.check(project)}


def test_warnings_pass() -> None:
    checks.require_no_errors((OK, WARNING))


def test_an_error_fails_the_check_and_names_what_mends_it() -> None:
    with pytest.raises(CheckFailed) as failure:
        checks.require_no_errors((OK, WARNING, ERROR))
    assert failure.value.what == "c: to be mended first."
    assert failure.value.next == "invoke mend"


def test_a_finding_is_shown_with_its_cause_and_the_command_that_mends_it() -> None:
    assert checks.render((OK, ERROR)).splitlines() == [
        "✓ a: fine",
        "✗ c: broken",
        "    why:  a cause",
        "    next: invoke mend",
    ]


def test_a_finding_for_programs_has_all_its_fields() -> None:
    assert ERROR.as_dict() == {
        "subject": "c",
        "level": "error",
        "what": "broken",
        "why": "a cause",
        "next": "invoke mend",
    }


def test_with_everything_broken_there_are_findings_and_no_traceback(
    tmp_path: Path, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("PATH", NOWHERE)
    found = checks.diagnose(Project(root=tmp_path / "gone", name="shop"), runner, ports=())
    levels = {finding.subject: finding.level for finding in found}
    assert levels["engine"] == levels["locks"] == "error"
    assert levels["builder"] == "note"
    assert {finding.level for finding in found if finding.subject == "tools"} == {"warning", "note"}


def test_a_missing_base_image_is_an_error(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = engine_findings(monkeypatch, project)["base image"]
    assert (base.level, base.next) == ("error", "invoke setup")


def test_an_official_base_image_is_fine(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    image = FakeImage(env=("PATH=/bin", "PYTHON_VERSION=3.13.5"))
    base = engine_findings(monkeypatch, project, image)["base image"]
    assert (base.level, base.what) == ("ok", "python:3.13-slim-trixie, Python 3.13.5")


def test_a_stand_in_is_told_from_an_official_image(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = FakeImage({"underway.stand-in": "true"}, ("PYTHON_VERSION=3.13.5",))
    base = engine_findings(monkeypatch, project, image)["base image"]
    assert base.level == "note"
    assert "stand-in" in base.what


@pytest.mark.parametrize(
    "env,level", [(("PYTHON_VERSION=3.9.1",), "error"), (("PYTHON=3.13",), "warning")]
)
def test_a_base_image_of_an_old_or_unknown_python_is_found(
    project: Project, env: tuple[str, ...], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine_findings(monkeypatch, project, FakeImage(env=env))["base image"].level == level


def test_another_architecture_than_herokus_is_worth_a_note(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = engine_findings(monkeypatch, project, architecture="arm64")["architecture"]
    assert found.level == "note"
    assert "Heroku runs linux/amd64" in found.what


@pytest.mark.parametrize("free,level", [(50, "ok"), (3, "warning"), (0.5, "error")])
def test_a_disk_that_fills_up_is_found(
    project: Project, free: float, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": int(free * engine_checks.GIB)})
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    assert engine_findings(monkeypatch, project)["disk"].level == level


def test_a_disk_of_another_machine_is_not_judged(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine_findings(monkeypatch, project)["disk"].level == "note"


def test_a_lock_with_every_name_is_fine(project: Project) -> None:
    write(project, production_in="Django~=5.2\npsycopg[binary]  # driver\n")
    write(project, production_txt="django==5.2.1 \\\n    --hash=sha256:1\npsycopg==3.3\n")
    assert lock_findings(project) == [("ok", "requirements/production.txt")]


def test_a_lock_that_lacks_a_name_is_older_than_its_source(project: Project) -> None:
    write(project, production_in="Django\nWhite_Noise>=6\n", production_txt="django==5.2.1\n")
    [(level, text)] = lock_findings(project)
    assert level == "error"
    assert "production.txt is older than production.in" in text
    assert "white-noise" in text


def test_a_name_that_only_occurs_in_a_comment_of_the_lock_is_missing(project: Project) -> None:
    write(project, production_in="asgiref\n", production_txt="django==5.2\n    # via asgiref\n")
    assert lock_findings(project)[0][0] == "error"


def test_a_lock_has_the_names_of_the_files_that_its_source_includes(project: Project) -> None:
    write(project, production_in="Django\n", production_txt="django==5.2\n")
    write(project, development_in="-r production.in\nblack\n", development_txt="black==26.1\n")
    assert lock_findings(project)[0][0] == "error"


def test_a_missing_lock_is_an_error(project: Project) -> None:
    write(project, production_in="Django\n")
    assert lock_findings(project)[0][0] == "error"


def test_a_port_in_use_is_a_warning_and_a_free_one_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        assert local.port(number).what == f"{number} is in use by another program."
    assert local.port(number).level == "ok"
