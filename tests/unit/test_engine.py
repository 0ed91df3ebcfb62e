import pytest

from underway.engine import Engine
from underway.errors import EngineUnavailable


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "gibberish"])
def test_an_engine_that_does_not_answer_is_an_error_with_the_next_command(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(EngineUnavailable, match="no Docker engine answers") as failure:
        Engine.connect()
    assert failure.value.why
    assert failure.value.next.startswith("invoke setup")
