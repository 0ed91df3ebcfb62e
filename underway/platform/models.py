"""What the platform keeps: each class is a table of the store, each field a column.

Times are ISO 8601 in UTC with a Z, to the second, as in Heroku's answers. Ids are UUIDs.
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime


def now() -> str:
    """This moment, as Heroku writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """A fresh UUID."""
    return str(uuid.uuid4())


@dataclass
class Row:
    """What every table has."""

    id: str = field(default_factory=new_id, kw_only=True)
    created_at: str = field(default_factory=now, kw_only=True)
    updated_at: str = field(default_factory=now, kw_only=True)


@dataclass
class Account(Row):
    """A user, known by a token."""

    email: str
    token: str


@dataclass
class App(Row):
    """``host`` is ``NAME-<12 hex>``: its address is ``host.localhost``."""

    name: str
    host: str
    owner_id: str
    stack: str = "container"
    build_stack: str = "container"
    maintenance: bool = False
    preboot: bool = False
    generation: str = "cedar"
    released_at: str | None = None


@dataclass
class Release(Row):
    """``images`` maps process types to image ids (``sha256:…``), ``config`` is what dynos get.

    ``status``: pending, succeeded, failed or expired. The newest that succeeded is current.
    ``commands`` maps process types to the commands that replace their images' own.
    ``release_command`` is what the release phase runs, in ``release_image`` (an image id).
    """

    app_id: str
    version: int
    description: str
    user_id: str
    images: dict[str, str] = field(default_factory=dict)
    commands: dict[str, list[str]] = field(default_factory=dict)
    release_image: str | None = None
    release_command: list[str] | None = None
    config: dict[str, str] = field(default_factory=dict)
    status: str = "succeeded"
    stream_id: str | None = None
    commit: str = ""


@dataclass
class Process(Row):
    """One process type of an app's formation."""

    app_id: str
    type: str
    quantity: int
    size: str = "Basic"


@dataclass
class Dyno(Row):
    """``state``: starting, up, crashed, down; ``type`` is web, worker, run, release …

    ``port`` is published on 127.0.0.1. ``attach`` is the rendezvous secret of a one-off dyno.
    """

    app_id: str
    name: str
    type: str
    release_id: str
    command: list[str]
    size: str = "Basic"
    state: str = "starting"
    container_id: str | None = None
    port: int | None = None
    attach: str | None = None
    crashes: int = 0


@dataclass
class Addon(Row):
    """A provisioned service. ``state``: provisioning, provisioned, deprovisioned.

    ``provider`` is what its provider needs to remember, such as the database's name.
    """

    app_id: str
    name: str
    plan: str
    state: str = "provisioning"
    provider: dict[str, str] = field(default_factory=dict)


@dataclass
class Attachment(Row):
    """A name under which an add-on sets config vars of an app, such as DATABASE."""

    app_id: str
    addon_id: str
    name: str


@dataclass
class Domain(Row):
    """A host name that leads to an app, besides its own."""

    app_id: str
    hostname: str
    kind: str = "custom"


@dataclass
class Build(Row):
    """``status``: pending, succeeded, failed."""

    app_id: str
    user_id: str
    stream_id: str
    source_url: str
    version: str
    status: str = "pending"
    release_id: str | None = None


@dataclass
class Source(Row):
    """A tarball that a client uploads before it asks for a build of it."""

    app_id: str | None = None
