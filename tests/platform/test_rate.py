"""The API's rate limit."""

import pytest

from underway.platform.api.errors import ApiError
from underway.platform.api.rate import RateLimit


def test_requests_are_counted_refused_and_given_back_with_time() -> None:
    now = [0.0]
    limit = RateLimit(per_hour=3600, clock=lambda: now[0])
    assert limit.take("you") == 3599
    for _ in range(3599):
        limit.take("you")
    with pytest.raises(ApiError) as refused:
        limit.take("you")
    assert refused.value.status == 429
    assert refused.value.content["id"] == "rate_limit"
    now[0] += 10
    assert limit.remaining("you") == 10
    assert limit.remaining("somebody else") == 3600
