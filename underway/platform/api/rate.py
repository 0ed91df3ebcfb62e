"""The rate limit: each account's bucket of requests, filled again evenly over the hour."""

import time
from collections.abc import Callable

from underway.platform.api.errors import ApiError


class RateLimit:
    """The buckets of all accounts. They begin full with each start of the service."""

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def remaining(self, account_id: str) -> int:
        """How many requests the account has left."""
        return int(self._level(account_id))

    def take(self, account_id: str) -> int:
        """Count one request, and say how many are left.

        Raises:
            ApiError: 429, none was left.
        """
        level = self._level(account_id)
        if level < 1:
            raise ApiError(
                429,
                "rate_limit",
                "Your account reached the API rate limit. Please wait a few minutes before making"
                " new requests",
            )
        self._buckets[account_id] = (level - 1, self._clock())
        return int(level - 1)

    def _level(self, account_id: str) -> float:
        level, since = self._buckets.get(account_id, (self._per_hour, self._clock()))
        refilled = (self._clock() - since) * self._per_hour / 3600
        return min(level + refilled, self._per_hour)
