"""What every unit test starts from: no engine, no variables of the user's own."""

from collections.abc import Iterator

import pytest

from tests.unit.fakes import FakeRunner


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "DOCKER_HOST", "DOCKER_CONTEXT", "NO_COLOR", "PYTHON_IMAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def runner() -> Iterator[FakeRunner]:
    fake = FakeRunner()
    yield fake
    fake.verify()
