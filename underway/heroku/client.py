"""What may be asked of Heroku for one app, in the words of its Platform API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import httpx

from underway.errors import HerokuUnavailable
from underway.heroku.models import Account, Addon, App, Build, Domain, Dyno, Process, Release
from underway.heroku.session import DOCKER_RELEASES, NotFound, Session
from underway.target import Target

T = TypeVar("T")
CONTAINER = "container"
RELEASE_SECONDS = 3600
"""Heroku's limit for a release phase."""
ADDON_SECONDS = 600
POLL_SECONDS = 1.0
NO_TYPES = ("api", "router")
"""Names in the log that are no process types."""
DYNO_METADATA = "runtime-dyno-metadata"
"""The feature with which dynos know their release and commit."""
PREBOOT = "preboot"
"""The feature with which new dynos serve some time after the old ones."""


class Heroku(AbstractContextManager["Heroku"]):
    """The Platform API, for the app of a target. Every call may raise what ``Session.get`` does."""

    def __init__(self, target: Target, http: httpx.Client | None = None) -> None:
        self.target = target
        self._session = Session(target, http)
        self._path = f"/apps/{target.app}"

    def __exit__(self, *error: object) -> None:
        self._session.__exit__(*error)

    # The account and the app

    def account(self) -> Account:
        """Whose token it is."""
        return Account.of(self._session.get("/account"))

    def app(self) -> App:
        """The app.

        Raises:
            NotFound: there is none of that name, or it is somebody else's.
        """
        try:
            return App.of(self._session.get(self._path))
        except NotFound as error:
            raise NotFound(
                f"there is no app {self.target.app} that this account may see.",
                why=error.why,
                next="invoke create, or invoke deploy: it creates what is missing",
            ) from error

    def find_app(self) -> App | None:
        """The app; None where there is none."""
        try:
            return self.app()
        except NotFound:
            return None

    def create_app(self) -> App:
        """The app, made anew, on the container stack."""
        return App.of(
            self._session.send("POST", "/apps", {"name": self.target.app, "stack": CONTAINER})
        )

    def update_app(self, **values: Any) -> App:
        """Change ``build_stack`` or ``maintenance``."""
        return App.of(self._session.send("PATCH", self._path, values))

    def destroy_app(self) -> None:
        """Remove it with all that belongs to it."""
        self._session.send("DELETE", self._path)

    # Config vars, features, add-ons, domains

    def config(self) -> dict[str, str]:
        """All config vars, with their values."""
        return dict(self._session.get(f"{self._path}/config-vars"))

    def set_config(self, values: Mapping[str, str | None]) -> None:
        """Set config vars; None removes one. Makes a release, and restarts the dynos."""
        self._session.send("PATCH", f"{self._path}/config-vars", dict(values))

    def feature(self, name: str) -> bool | None:
        """Whether a feature is on; None where there is no such feature."""
        try:
            return bool(self._session.get(f"{self._path}/features/{name}")["enabled"])
        except NotFound:
            return None

    def enable(self, feature: str) -> None:
        """Switch a feature on, from the next release on."""
        self._session.send("PATCH", f"{self._path}/features/{feature}", {"enabled": True})

    def addons(self) -> list[Addon]:
        """The app's add-ons."""
        return [Addon.of(row) for row in self._session.list(f"{self._path}/addons")]

    def create_addon(self, plan: str, name: str = "") -> Addon:
        """A new add-on, perhaps not ready yet; ``name`` is what it is attached as."""
        body = {"plan": plan} | ({"attachment": {"name": name}} if name else {})
        return Addon.of(self._session.send("POST", f"{self._path}/addons", body))

    def wait_for_addon(self, addon: Addon) -> Addon:
        """The add-on once it is ready.

        Raises:
            HerokuUnavailable: it is not, after ten minutes, or never will be.
        """
        addon = _settled(
            addon,
            lambda: Addon.of(self._session.get(f"{self._path}/addons/{addon.id}")),
            lambda found: found.state == "provisioning",
            ADDON_SECONDS,
        )
        if addon.state != "provisioned":
            raise HerokuUnavailable(
                f"the add-on {addon.name} ({addon.plan}) is not ready: {addon.state}.",
                next="invoke addons shows how it goes on; then invoke deploy",
            )
        return addon

    def destroy_addon(self, name: str) -> Addon:
        """Remove an add-on, by its name, with all data in it."""
        return Addon.of(self._session.send("DELETE", f"{self._path}/addons/{name}"))

    def domains(self) -> list[Domain]:
        """The host names that lead to the app."""
        return [Domain.of(row) for row in self._session.list(f"{self._path}/domains")]

    def add_domain(self, hostname: str) -> Domain:
        """One more host name."""
        body = {"hostname": hostname, "sni_endpoint": None}
        return Domain.of(self._session.send("POST", f"{self._path}/domains", body))

    def remove_domain(self, hostname: str) -> None:
        """One less."""
        self._session.send("DELETE", f"{self._path}/domains/{hostname}")

    # Releases and builds

    def releases(self, most: int = 15) -> list[Release]:
        """The newest releases, newest first."""
        range = f"version ..; order=desc,max={most}"
        return [Release.of(row) for row in self._session.list(f"{self._path}/releases", range)]

    def release(self, version: int | str) -> Release:
        """A release, by its version or id.

        Raises:
            NotFound: there is none.
        """
        return Release.of(self._session.get(f"{self._path}/releases/{version}"))

    def roll_back(self, release: Release) -> Release:
        """A new release that is what an earlier one was."""
        body = {"release": release.id}
        return Release.of(self._session.send("POST", f"{self._path}/releases", body))

    def release_images(self, digests: Mapping[str, str]) -> None:
        """Release images, by process type: each the digest of a pushed image's configuration."""
        updates = [{"type": type, "docker_image": digest} for type, digest in digests.items()]
        body = {"updates": updates}
        self._session.send("PATCH", f"{self._path}/formation", body, accept=DOCKER_RELEASES)

    def wait_for_release(self, release: Release) -> Release:
        """The release once it is no longer pending, or as it is after an hour."""
        now = self.release(release.id)
        return _settled(now, lambda: self.release(release.id), _is_pending, RELEASE_SECONDS)

    def upload_source(self, archive: bytes) -> str:
        """Hand over a gzipped tarball; the address from which a build takes it."""
        blob = self._session.send("POST", "/sources")["source_blob"]
        self._session.put(blob["put_url"], archive)
        return str(blob["get_url"])

    def create_build(self, url: str, version: str) -> Build:
        """Begin a build of a tarball by its heroku.yml; ``version`` is the commit."""
        body = {"source_blob": {"url": url, "version": version or None}}
        return Build.of(self._session.send("POST", f"{self._path}/builds", body))

    def newest_build(self) -> Build | None:
        """The build that was begun last; None where there is none."""
        range = "created_at ..; order=desc,max=1"
        rows = self._session.list(f"{self._path}/builds", range)
        return Build.of(rows[0]) if rows else None

    def build(self, id: str) -> Build:
        """A build as it is now."""
        return Build.of(self._session.get(f"{self._path}/builds/{id}"))

    def wait_for_build(self, build: Build) -> Build:
        """The build once it is no longer pending, or as it is after an hour."""
        now = self.build(build.id)
        return _settled(now, lambda: self.build(build.id), _is_pending, RELEASE_SECONDS)

    # Dynos and logs

    def formation(self) -> list[Process]:
        """The process types."""
        return [Process.of(row) for row in self._session.get(f"{self._path}/formation")]

    def scale(self, updates: list[dict[str, Any]]) -> list[Process]:
        """Change quantities and sizes, each update as Heroku's schema has it:

        ``{"type": "web", "quantity": 2, "dyno_size": {"name": "basic"}}``.
        """
        answer = self._session.send("PATCH", f"{self._path}/formation", {"updates": updates})
        return [Process.of(row) for row in answer]

    def dynos(self) -> list[Dyno]:
        """The dynos that there are."""
        return [Dyno.of(row) for row in self._session.list(f"{self._path}/dynos")]

    def run_dyno(self, command: str, env: Mapping[str, str], *, tty: bool) -> Dyno:
        """A one-off dyno that waits for its client at ``attach_url``."""
        body = {"command": command, "env": dict(env), "attach": True, "force_no_tty": not tty}
        return Dyno.of(self._session.send("POST", f"{self._path}/dynos", body))

    def restart(self, dyno: str = "") -> None:
        """Restart one dyno (web.1), all of a type (web), or all."""
        which = f"formations/{dyno}" if dyno and "." not in dyno else f"dynos/{dyno}".rstrip("/")
        self._session.send("DELETE", f"{self._path}/{which}")

    def logs(
        self, lines: int, *, dyno: str = "", source: str = "", tail: bool = False
    ) -> Iterator[str]:
        """The newest log lines, oldest first; with ``tail`` each new one, without end.

        ``dyno`` is a dyno (web.1) or a process type (web), ``source`` is app or heroku.
        """
        body: dict[str, Any] = {"lines": lines, "tail": tail}
        named = "." in dyno or dyno in NO_TYPES
        body |= {"dyno_name" if named else "type": dyno} if dyno else {}
        body |= {"source": source} if source else {}
        session = self._session.send("POST", f"{self._path}/log-sessions", body)
        return self._session.lines(session["logplex_url"], endless=tail)

    def output(self, stream: str, *, wait: bool = True) -> Iterator[str]:
        """The output of a build or a release phase, line by line as it comes."""
        return self._session.lines(stream, wait=wait)


def _is_pending(found: Build | Release) -> bool:
    return found.status == "pending"


def _settled(
    found: T, look: Callable[[], T], is_under_way: Callable[[T], bool], seconds: float
) -> T:
    """What it has become, looked at again and again; or what it is after so many seconds."""
    deadline = time.monotonic() + seconds
    while is_under_way(found) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        found = look()
    return found
