"""One deploy: what it works with, and what its steps have found and made so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from underway.bearer import Login
from underway.command import Runner
from underway.deploy.facts import Facts
from underway.heroku import App, Heroku, Release
from underway.project import Project
from underway.push import Pushed
from underway.registry import Registry
from underway.target import Target


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    method: str
    """container, manifest, promote or copy."""
    image: str = ""
    """An image of the engine to release instead of building one."""
    source: str = ""
    """The app whose images are promoted; or, to be copied, an image's HOST/REPOSITORY@DIGEST."""
    login: Login | None = None
    """For the registry of an image that is copied; None: it asks for none."""
    yes: bool = False
    """Go on without asking where something costs money."""


@dataclass
class Run:
    """Each step reads what those before it have left here, and leaves its own."""

    project: Project
    target: Target
    options: Options
    runner: Runner
    heroku: Heroku
    registry: Registry
    facts: Facts
    app: App | None = None
    expected: int = 0
    """The version of the newest release that this deploy knows of: its own comes next."""
    image: str = ""
    """The web image's id on the engine."""
    archive: bytes = b""
    source_url: str = ""
    pushed: list[Pushed] = field(default_factory=list)
    release: Release | None = None
    """The release that this deploy has made."""
    log: list[str] = field(default_factory=list)
    """What its build and its release phase have said."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By step."""

    @property
    def url(self) -> str:
        """The app's address, without a slash at the end."""
        return self.app.web_url.rstrip("/") if self.app else ""


@dataclass(frozen=True)
class Step:
    """A part of a deploy: its name, what it is about, and what it does."""

    name: str
    title: str
    act: Callable[[Run, Callable[[str], None]], None]
    """The second argument takes lines to show."""


Line = Callable[[str], None]
