"""Where the local platform's registry comes from."""

import pytest

from tests.unit.fakes import FakeEngine, FakeImage, FakeRunner
from underway.errors import SetupImpossible
from underway.machine import debian, registry
from underway.machine.registry import IMAGE, PROGRAM, ensure


@pytest.fixture
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_program", lambda name: None)


def test_debians_program_is_enough(monkeypatch: pytest.MonkeyPatch, runner: FakeRunner) -> None:
    monkeypatch.setattr(registry, "find_program", lambda name: f"/usr/bin/{name}")
    assert ensure(FakeEngine(), runner) == PROGRAM


@pytest.mark.usefixtures("no_program")
def test_an_image_on_the_engine_is_enough(runner: FakeRunner) -> None:
    engine = FakeEngine(has={IMAGE: FakeImage()})
    assert ensure(engine, runner) == IMAGE
    assert engine.pulled == []


@pytest.mark.usefixtures("no_program")
def test_the_official_image_is_pulled_where_it_can_be(runner: FakeRunner) -> None:
    engine = FakeEngine(registry=(IMAGE,))
    assert ensure(engine, runner) == IMAGE
    assert engine.pulled == [IMAGE]


@pytest.mark.usefixtures("no_program")
def test_where_nothing_can_be_had_the_user_is_told(
    monkeypatch: pytest.MonkeyPatch, runner: FakeRunner
) -> None:
    monkeypatch.setattr(debian, "_is_debian", lambda: False)
    with pytest.raises(SetupImpossible, match="only Debian and Ubuntu"):
        ensure(FakeEngine(), runner)
