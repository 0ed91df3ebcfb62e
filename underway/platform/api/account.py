"""Who the caller is."""

from typing import Any

from underway.platform.api.endpoint import Call, Links
from underway.platform.api.errors import not_found
from underway.platform.models import Account

links = Links()


def reference(account: Account) -> dict[str, str]:
    """An account as it stands inside other answers."""
    return {"email": account.email, "id": account.id}


def user_of(call: Call) -> Account:
    """The account that the path names: ``~``, an address or an id.

    Raises:
        ApiError: 404, it is not the caller's own.
    """
    if call.path("user") not in ("~", call.user.id, call.user.email):
        raise not_found("user")
    return call.user


@links.get("/account")
async def info(call: Call) -> Any:
    """The caller's account."""
    account = call.user
    return {
        "allow_tracking": False,
        "beta": False,
        "country_of_residence": None,
        "created_at": account.created_at,
        "default_organization": None,
        "default_team": None,
        "delinquent_at": None,
        "email": account.email,
        "federated": False,
        "id": account.id,
        "identity_provider": None,
        "last_login": account.created_at,
        "name": None,
        "sms_number": None,
        "suspended_at": None,
        "two_factor_authentication": False,
        "updated_at": account.updated_at,
        "verified": True,
    }


@links.get("/users/{user}")
async def info_by_user(call: Call) -> Any:
    """The same, by its address."""
    user_of(call)
    return await info(call)


@links.get("/account/rate-limits")
async def rate_limit(call: Call) -> Any:
    """How many requests are left."""
    return {"remaining": call.request.app.state.rate.remaining(call.user.id)}
