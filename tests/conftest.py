"""What the tests of several folders share; unit tests take none of it."""

from collections.abc import Iterator

import pytest

from underway.engine import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    connected = Engine.connect()
    yield connected
    connected.client.close()
