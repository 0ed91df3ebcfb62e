"""Who asks: a bearer token, or basic authentication with the token as password."""

import base64
import binascii

from underway.platform.api.errors import ApiError
from underway.platform.models import Account
from underway.platform.store import Store


def authenticate(store: Store, header: str | None) -> Account:
    """The account that the Authorization header names.

    Raises:
        ApiError: 401, without a header or with a token that nobody has.
    """
    if not header:
        raise ApiError(
            401,
            "unauthorized",
            "There were no credentials in your `Authorization` header. Try `Authorization: Bearer"
            ' <OAuth access token>` or `Authorization: Basic <base64-encoded email + ":" +'
            " password>`.",
        )
    token = token_of(header)
    account = store.find(Account, token=token) if token else None
    if account is None:
        raise ApiError(401, "unauthorized", "Invalid credentials provided.")
    return account


def token_of(header: str) -> str:
    """The token in an Authorization header; empty where there is none."""
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        credentials = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return credentials.partition(":")[2]
