"""How a registry lets somebody in: by name and password, or by a token that it is traded for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from urllib.request import parse_http_list, parse_keqv_list

import httpx

from underway.secret import Secret


@dataclass(frozen=True)
class Login:
    """A name and its password."""

    user: str
    password: Secret

    def as_dict(self) -> dict[str, str]:
        """As the engine takes it."""
        return {"username": self.user, "password": self.password.reveal()}


class RegistryAuth(httpx.Auth):
    """Basic or Bearer, as the registry asks for it (Distribution's token authentication)."""

    def __init__(self, login: Login) -> None:
        self._basic = httpx.BasicAuth(login.user, login.password.reveal())
        self._found: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Ask with what was let in last; asked who this is, say so, and ask again."""
        if self._found:
            request.headers["Authorization"] = self._found
        answer = yield request
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return
        scheme, _, words = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if scheme.lower() == "bearer":
            said = parse_keqv_list(parse_http_list(words))
            wanted = httpx.QueryParams({k: said[k] for k in said if k in ("service", "scope")})
            traded = yield self._signed(httpx.Request("GET", said["realm"], params=wanted))
            if traded.is_error:
                return
            traded.read()
            content = traded.json()
            self._found = f"Bearer {content.get('token') or content['access_token']}"
        else:
            self._found = self._signed(request).headers["Authorization"]
        request.headers["Authorization"] = self._found
        yield request

    def _signed(self, request: httpx.Request) -> httpx.Request:
        return next(self._basic.auth_flow(request))
