"""Where an image comes from: it is there, or pulled, or something stands in for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.fakes import FakeEngine, FakeImage, FakeRunner
from underway.errors import ImageUnavailable, SetupImpossible
from underway.machine import certificates, images, python_image, stand_ins
from underway.machine.stand_ins import StandIn, Workshop

PYTHON = "python:3.13-slim-trixie"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The references that were made, by a recipe in place of the real one."""
    (tmp_path / "recipe").write_text("one")
    references: list[str] = []

    def work(_: StandIn, reference: str, __: Workshop, ___: Callable[[str], None]) -> None:
        references.append(reference)

    monkeypatch.setitem(stand_ins.NAMES, PYTHON, StandIn(tmp_path, work))
    return references


def ensure(engine: FakeEngine, runner: FakeRunner, reference: str = PYTHON) -> str:
    return images.ensure(reference, PYTHON, engine, runner)


def test_an_image_that_is_there_is_neither_pulled_nor_made(
    made: list[str], runner: FakeRunner
) -> None:
    engine = FakeEngine(has={PYTHON: FakeImage()}, registry=(PYTHON,))
    assert ensure(engine, runner) == "the original"
    assert engine.pulled == made == []


def test_an_image_that_is_missing_is_pulled(made: list[str], runner: FakeRunner) -> None:
    engine = FakeEngine(registry=(PYTHON,))
    assert ensure(engine, runner) == "the original"
    assert (engine.pulled, made) == ([PYTHON], [])


def test_an_image_that_cannot_be_pulled_is_made(
    made: list[str], runner: FakeRunner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ensure(FakeEngine(), runner) == "a stand-in"
    assert made == [PYTHON]
    assert "no such host" in capsys.readouterr().err


def test_a_stand_in_of_the_same_recipe_is_kept(made: list[str], runner: FakeRunner) -> None:
    image = FakeImage(stand_ins.NAMES[PYTHON].labels)
    assert ensure(FakeEngine(has={PYTHON: image}), runner) == "a stand-in"
    assert made == []


def test_a_stand_in_of_an_older_recipe_is_made_anew(
    made: list[str], runner: FakeRunner, tmp_path: Path
) -> None:
    image = FakeImage(stand_ins.NAMES[PYTHON].labels)
    (tmp_path / "recipe").write_text("two")
    ensure(FakeEngine(has={PYTHON: image}), runner)
    assert made == [PYTHON]


def test_an_image_that_nothing_stands_in_for_says_what_can_be_made(runner: FakeRunner) -> None:
    with pytest.raises(ImageUnavailable) as failure:
        ensure(FakeEngine(), runner, "python:3.12-slim-trixie")
    assert failure.value.what.startswith("python:3.12-slim-trixie can neither be pulled nor")
    assert failure.value.why == "no such host"
    assert PYTHON in failure.value.next


def test_a_machine_that_cannot_make_the_image_says_why(
    runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "fedora"})
    with pytest.raises(ImageUnavailable, match="only Debian and Ubuntu"):
        ensure(FakeEngine(), runner)


def test_every_stand_in_has_a_recipe() -> None:
    for stand_in in {*stand_ins.NAMES.values(), stand_ins.BROWSER}:
        assert any(stand_in.folder.iterdir())


def test_certificates_that_debian_does_not_bring_are_the_machines_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, own = map(_pem, ("QQ==", "Qg=="))
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian" / "known.crt").write_text(known)
    (tmp_path / "bundle.pem").write_text(f"# a comment\n{known}\n{own}\n")
    monkeypatch.setattr(certificates, "DEBIANS", tmp_path / "debian")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    assert certificates.extra() == [own]


def test_a_machine_without_a_bundle_has_no_certificates_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert certificates.extra() == []


def test_the_base_image_is_made_by_root_alone(
    runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID_LIKE": "debian"})
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SetupImpossible, match="needs root"):
        python_image.make(Path(), PYTHON, {}, FakeEngine(), runner, print)


def _pem(body: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"
