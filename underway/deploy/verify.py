"""Seeing from outside that a release serves: its dynos, its health, its files, its version."""

from __future__ import annotations

import time
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from underway import console, web
from underway.deploy.run import Line, Run, Step
from underway.errors import Superseded, VerificationFailed
from underway.heroku import Dyno, Release
from underway.heroku.client import PREBOOT
from underway.project import Project

BOOT_SECONDS = 90
"""Heroku gives a web process 60 s to bind $PORT; the router needs a moment to know."""
PREBOOT_SECONDS = 180
"""That old dynos go on serving where preboot is on."""
READY_SECONDS = 30
PAUSE = 0.25
ANSWER_SECONDS = 10
NAMED = 2
PAGES = ("/", "/admin/login/")
"""Where a link to a static file is looked for."""


def verify(run: Run, line: Line) -> None:
    """See that the release of this deploy serves.

    Raises:
        VerificationFailed: it does not.
        Superseded: another release has taken its place meanwhile.
    """
    assert run.release is not None
    serves(run, run.release)


def serves(run: Run, release: Release) -> None:
    """See that a release serves, from its dynos to its static files.

    Raises:
        VerificationFailed: it does not.
        Superseded: another release has taken its place meanwhile.
    """
    web_dynos = _wait_for_dynos(run, release)
    console.detail(
        ", ".join(f"{dyno.name} up" for dyno in web_dynos) or "there is no web dyno to ask"
    )
    if not web_dynos or run.heroku.app().maintenance:
        console.detail(
            "no page was asked for: " + ("maintenance mode" if web_dynos else "no web dyno")
        )
        return
    with web.client(run.target.authority, retries=False, timeout=ANSWER_SECONDS) as client:
        visitor = Visitor(client, run.url, run.project)
        patience = BOOT_SECONDS + (PREBOOT_SECONDS if run.heroku.feature(PREBOOT) else 0)
        console.detail(visitor.health(release, patience))
        console.detail(visitor.ready())
        console.detail(visitor.static_files())


def _wait_for_dynos(run: Run, release: Release) -> list[Dyno]:
    """The web dynos of the release, once all of its dynos are up."""
    deadline = time.monotonic() + BOOT_SECONDS
    wanted = {row.type: row.quantity for row in run.heroku.formation() if row.type != "release"}
    while True:
        dynos = [dyno for dyno in run.heroku.dynos() if dyno.type in wanted]
        current = [dyno for dyno in dynos if dyno.release == release.version]
        if crashed := [dyno.name for dyno in current if dyno.state == "crashed"]:
            raise VerificationFailed(f"{crashed[0]} of {release} crashed.")
        if len([dyno for dyno in current if dyno.state == "up"]) >= sum(wanted.values()):
            return [dyno for dyno in current if dyno.type == "web"]
        if any(dyno.release > release.version for dyno in dynos):
            raise Superseded(
                f"another release has taken the place of {release}.",
                why="somebody released, or changed a config var, while this deploy was verified.",
                next=f"invoke status{run.target.options}",
            )
        if time.monotonic() > deadline:
            states = ", ".join(f"{d.name} {d.state} (v{d.release})" for d in dynos) or "no dynos"
            raise VerificationFailed(
                f"the dynos of {release} are not up after {BOOT_SECONDS} s: {states}."
            )
        time.sleep(PAUSE)


class Visitor:
    """Asks the app what its visitors would, over its own address."""

    def __init__(self, client: httpx.Client, url: str, project: Project) -> None:
        self._client, self._url, self._project = client, url, project

    def health(self, release: Release, seconds: float) -> str:
        """Wait for the health page, and for this release to be the one that answers it."""
        path = self._project.health_path

        def healthy(answer: httpx.Response) -> str:
            if answer.status_code != httpx.codes.OK:
                return f"{path} answers {_brief(answer)}"
            said = _version(answer)
            return "" if said in (None, str(release)) else f"{said} answers, not {release}"

        answer = self._until(path, healthy, seconds)
        known = "" if _version(answer) is None else f", and it is {release} that answers"
        return f"{path} answers 200{known}"

    def ready(self) -> str:
        """Wait for the page that knows of database and migrations."""
        path = self._project.ready_path

        def ready(answer: httpx.Response) -> str:
            return "" if answer.is_success else f"{path} answers {_brief(answer)}"

        self._until(path, ready, READY_SECONDS)
        return f"{path} answers 200: database and migrations are as the code wants them"

    def static_files(self) -> str:
        """Fetch the style sheets and scripts that a page names, as a browser does."""
        for page in PAGES:
            answer = self._get(page)
            own = [link for link in _linked(answer) if self._is_ours(link)]
            for address in own:
                self._fetch(urljoin(page, address), page)
            if own:
                return f"{page} answers 200, and so do its static files: {', '.join(own[:NAMED])}"
        return f"! no page of {' and '.join(PAGES)} names a static file: none was fetched"

    def _is_ours(self, address: str) -> bool:
        return urlsplit(address).netloc in ("", urlsplit(self._url).netloc)

    def _fetch(self, address: str, page: str) -> None:
        path = urlsplit(address).path
        answer = self._get(path)
        if answer is None or not answer.is_success:
            raise VerificationFailed(
                f"{path}, which {page} names, answers {_brief(answer)}.",
                why="the page comes without its style: its static files are not there.",
                next="invoke check-static looks at the image",
            )

    def _until(
        self, path: str, problem: Callable[[httpx.Response], str], seconds: float
    ) -> httpx.Response:
        deadline = time.monotonic() + seconds
        last = "does not answer"
        while True:
            answer = self._get(path)
            if answer is not None:
                last = problem(answer)
                if not last:
                    return answer
            if time.monotonic() > deadline:
                raise VerificationFailed(f"after {seconds:g} s {self._url}: {last}.")
            time.sleep(PAUSE)

    def _get(self, path: str) -> httpx.Response | None:
        try:
            return self._client.get(self._url + path)
        except httpx.HTTPError:
            return None


class _Links(HTMLParser):
    """The style sheets and scripts that a page asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") == "stylesheet" and values.get("href"):
            self.found.append(str(values["href"]))
        elif tag == "script" and values.get("src"):
            self.found.append(str(values["src"]))


def _linked(answer: httpx.Response | None) -> list[str]:
    links = _Links()
    if answer is not None and answer.is_success:
        links.feed(answer.text)
    return links.found


def _version(answer: httpx.Response) -> str | None:
    """The release that the app says it is; None where it does not say."""
    try:
        said = answer.json().get("release")
    except (ValueError, AttributeError):
        return None
    return said if isinstance(said, str) and said.startswith("v") else None


def _brief(answer: httpx.Response | None) -> str:
    if answer is None:
        return "nothing"
    html = "html" in answer.headers.get("Content-Type", "")
    return f"{answer.status_code}" + ("" if html else f": {answer.text[:200].strip()}")


STEP = Step("verify", "Verifying from outside", verify)
