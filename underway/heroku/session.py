"""Requests to the Platform API: who asks, what is repeated, and what an error means."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx

from underway import web
from underway.errors import HerokuRefused, HerokuUnavailable, Unauthorized, UnderwayError
from underway.target import Target

ACCEPT = "application/vnd.heroku+json; version=3"
DOCKER_RELEASES = "application/vnd.heroku+json; version=3.docker-releases"
SECONDS = 30
"""For an answer; Heroku's own router gives up then."""
UPLOAD_SECONDS = 300
PAGE = 200
STREAM_TRIES = 30
"""A stream's address answers 404 until its first line is there: one try a second."""


class NotFound(HerokuRefused):
    """There is no such thing, or this account may not see it."""


class Session(AbstractContextManager["Session"]):
    """The account's own connection. Tests hand over another ``http``."""

    def __init__(self, target: Target, http: httpx.Client | None = None) -> None:
        self._token = target.token
        self._api = target.api
        self._http = http or web.client(target.authority, timeout=SECONDS)

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        """What is there.

        Raises:
            NotFound: there is nothing.
            HerokuRefused: it may not be read.
            Unauthorized: the token is not accepted.
            HerokuUnavailable: no answer, or none that can be used, after several tries.
        """
        return self.send("GET", path)

    def list(self, path: str, range: str = "") -> list[Any]:
        """All pages of a list; ``range`` is a first Range header, such as
        ``version ..; order=desc,max=15``: with it, that one page.
        """
        headers = {"Range": range or f"id ..; max={PAGE}"}
        found: list[Any] = []
        while True:
            answer = self._send("GET", path, None, headers)
            found += answer.json()
            if range or answer.status_code != httpx.codes.PARTIAL_CONTENT:
                return found
            if not (following := answer.headers.get("Next-Range")):
                return found
            headers = {"Range": following}

    def send(self, method: str, path: str, body: Any = None, accept: str = ACCEPT) -> Any:
        """Ask for something to be done, and return what the answer holds.

        What would act twice is sent again only where it cannot have been carried out.
        """
        answer = self._send(method, path, body, {"Accept": accept})
        return answer.json() if answer.content else None

    def put(self, url: str, content: bytes) -> None:
        """Hand over a file at an address that knows who asks by itself."""
        try:
            answer = self._http.put(url, content=content, timeout=UPLOAD_SECONDS)
        except httpx.HTTPError as error:
            raise _unavailable("PUT", "the source", error) from None
        if answer.is_error:
            raise HerokuUnavailable(
                f"the source could not be uploaded: {answer.status_code}.",
                why=answer.text[:300],
                next="try again",
            )

    def lines(self, url: str, *, wait: bool = True, endless: bool = False) -> Iterator[str]:
        """The text at a stream's address, line by line; it ends early where the stream breaks.

        With ``wait`` a stream that is not there yet is waited for. An ``endless`` one may be
        silent for as long as it likes.
        """
        timeout = httpx.Timeout(SECONDS, read=None if endless else 3600)
        for _ in range(STREAM_TRIES if wait else 1):
            try:
                with self._http.stream("GET", url, timeout=timeout) as answer:
                    if answer.status_code != httpx.codes.NOT_FOUND:
                        if answer.is_success:
                            yield from answer.iter_lines()
                        return
            except httpx.TransportError:
                return
            time.sleep(1)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        authorization = {"Authorization": f"Bearer {self._token.reveal()}", "Accept": ACCEPT}
        try:
            answer = self._http.request(
                method, f"{self._api}{path}", json=body, headers=authorization | headers
            )
        except httpx.HTTPError as error:
            raise _unavailable(method, path, error) from None
        if answer.is_error:
            raise _explain(method, path, answer)
        return answer


def _unavailable(method: str, path: str, error: httpx.HTTPError) -> HerokuUnavailable:
    return HerokuUnavailable(
        f"no answer to {method} {path}.",
        why=f"{type(error).__name__}: {error}",
        next="look at https://status.heroku.com, then try again",
    )


def _explain(method: str, path: str, answer: httpx.Response) -> UnderwayError:
    try:
        content = answer.json()
        message, name = str(content.get("message", "")), str(content.get("id", ""))
    except (ValueError, AttributeError):
        message, name = answer.text[:300], ""
    request = answer.headers.get("Request-Id", "none")
    why = f"{answer.status_code} {name}, request id {request}".replace(" ,", ",")
    what = message or f"{method} {path} was refused."
    match answer.status_code:
        case httpx.codes.UNAUTHORIZED:
            return Unauthorized(
                "the token is not accepted.",
                why=f"{what} ({why})",
                next="heroku authorizations:create --short  prints one; put it into HEROKU_API_KEY",
            )
        case httpx.codes.NOT_FOUND:
            return NotFound(what, why=why)
        case httpx.codes.TOO_MANY_REQUESTS:
            return HerokuUnavailable(what, why=f"{why}: too many requests", next="wait a minute")
        case status if status >= 500:
            return HerokuUnavailable(
                f"{method} {path} failed: {what}",
                why=why,
                next="look at https://status.heroku.com, then try again",
            )
    return HerokuRefused(what, why=f"{why}, for {method} {path}")
