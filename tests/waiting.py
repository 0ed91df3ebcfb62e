"""Waiting for what comes true by itself."""

import time
from collections.abc import Callable

PAUSE = 0.1


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return when it holds; fail where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(PAUSE)
