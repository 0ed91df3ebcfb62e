"""What a local platform never has: lists that are always empty, and things that nobody finds."""

from typing import Any

from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found

links = Links()
EMPTY = (
    "/account/app-transfers",
    "/account/features",
    "/account/invoices",
    "/account/keys",
    "/pipeline-couplings",
    "/pipelines",
    "/spaces",
    "/teams",
    "/users/~/pipeline-couplings",
)
EMPTY_FOR_APP = (
    "/apps/{app}/buildpack-installations",
    "/apps/{app}/log-drains",
    "/apps/{app}/sni-endpoints",
    "/apps/{app}/telemetry-drains",
    "/apps/{app}/webhooks",
)


async def empty(call: Call) -> Any:
    """No items."""
    return []


async def empty_for_app(call: Call) -> Any:
    """No items, where the app is there."""
    call.app()
    return []


@links.get("/account/features/{feature}")
async def account_feature(call: Call) -> Any:
    """No account has features."""
    raise not_found("feature")


@links.get("/apps/{app}/pipeline-couplings")
async def coupling(call: Call) -> Any:
    """No app is in a pipeline."""
    call.app()
    raise not_found("pipeline_coupling")


for path in EMPTY:
    links.get(path)(empty)
for path in EMPTY_FOR_APP:
    links.get(path)(empty_for_app)
