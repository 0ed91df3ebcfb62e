"""The app as its visitors see it."""

from __future__ import annotations

import webbrowser

import httpx

from underway import console, web
from underway.errors import HerokuUnavailable, VerificationFailed
from underway.heroku import Heroku

SECONDS = 35
"""Heroku's router gives an answer after 30."""
SHOWN = 300


def address(heroku: Heroku, path: str = "/") -> str:
    """Where a path of the app is found."""
    return f"{heroku.app().web_url.rstrip('/')}/{path.lstrip('/')}"


def ping(heroku: Heroku, path: str) -> str:
    """What the app answers.

    Raises:
        VerificationFailed: anything but 200.
        HerokuUnavailable: nothing answers.
    """
    url = address(heroku, path)
    try:
        answer = ask(heroku, url)
    except httpx.HTTPError as error:
        raise HerokuUnavailable(
            f"{url} does not answer.", why=f"{type(error).__name__}: {error}", next="invoke status"
        ) from None
    if answer.status_code != httpx.codes.OK:
        where = answer.headers.get("Location", "")
        raise VerificationFailed(
            f"{url} answers {answer.status_code} {answer.reason_phrase}.",
            why=f"it leads to {where}" if where else answer.text[:SHOWN].strip(),
            next="invoke logs --lines 50",
        )
    return answer.text


def ask(heroku: Heroku, url: str) -> httpx.Response:
    """One request, once: what a visitor would get right now."""
    with web.client(heroku.target.authority, retries=False, timeout=SECONDS) as client:
        return client.get(url)


def show(url: str) -> None:
    """Open it in the user's browser, if there is one."""
    if not webbrowser.open(url):
        console.say("no browser is found here.")
