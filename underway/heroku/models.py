"""What the Platform API's answers hold, as far as the tasks use it.

Times are ISO 8601 in UTC; sizes and states are Heroku's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Account:
    """Whose token it is."""

    email: str

    @classmethod
    def of(cls, answer: Any) -> Account:
        """From the API's answer."""
        return cls(answer["email"])


@dataclass(frozen=True)
class App:
    """An app. ``web_url`` is where its visitors go."""

    id: str
    name: str
    stack: str
    build_stack: str
    web_url: str
    git_url: str
    maintenance: bool

    @classmethod
    def of(cls, answer: Any) -> App:
        """From the API's answer."""
        return cls(
            answer["id"],
            answer["name"],
            answer["stack"]["name"],
            answer["build_stack"]["name"],
            answer["web_url"] or "",
            answer["git_url"] or "",
            answer["maintenance"],
        )

    @property
    def host(self) -> str:
        """The host name of its address: it cannot be derived from the app's name."""
        return urlsplit(self.web_url).hostname or ""


@dataclass(frozen=True)
class Release:
    """A release. ``status``: pending, succeeded, failed or expired."""

    id: str
    version: int
    status: str
    description: str
    current: bool
    rollback: bool
    """Whether the app can return to it."""
    stream: str
    """Where the output of its release phase is; empty without one."""
    user: str
    created_at: str

    @classmethod
    def of(cls, answer: Any) -> Release:
        """From the API's answer."""
        return cls(
            answer["id"],
            answer["version"],
            answer["status"],
            answer["description"],
            answer["current"],
            answer.get("eligible_for_rollback", answer["status"] == "succeeded"),
            answer["output_stream_url"] or "",
            answer["user"]["email"],
            answer["created_at"],
        )

    def __str__(self) -> str:
        return f"v{self.version}"


@dataclass(frozen=True)
class Process:
    """A process type of the formation: how many dynos of what size."""

    type: str
    quantity: int
    size: str
    command: str

    @classmethod
    def of(cls, answer: Any) -> Process:
        """From the API's answer."""
        return cls(answer["type"], answer["quantity"], answer["size"], answer["command"])


@dataclass(frozen=True)
class Dyno:
    """A dyno. ``state``: starting, up, crashed, down; ``release`` is the release's version."""

    name: str
    type: str
    state: str
    size: str
    command: str
    release: int
    updated_at: str
    attach_url: str

    @classmethod
    def of(cls, answer: Any) -> Dyno:
        """From the API's answer."""
        return cls(
            answer["name"],
            answer["type"],
            answer["state"],
            answer["size"],
            answer["command"],
            answer["release"]["version"],
            answer["updated_at"],
            answer["attach_url"] or "",
        )


@dataclass(frozen=True)
class Addon:
    """An add-on. ``state``: provisioning, provisioned, deprovisioned."""

    id: str
    name: str
    plan: str
    state: str
    config_vars: tuple[str, ...]

    @classmethod
    def of(cls, answer: Any) -> Addon:
        """From the API's answer."""
        return cls(
            answer["id"],
            answer["name"],
            answer["plan"]["name"],
            answer["state"],
            tuple(answer["config_vars"]),
        )


@dataclass(frozen=True)
class Build:
    """A build on Heroku. ``status``: pending, succeeded or failed."""

    id: str
    status: str
    stream: str
    release_id: str
    """Empty until there is one."""
    commit: str
    """What it is a build of, in the words of whoever asked for it."""

    @classmethod
    def of(cls, answer: Any) -> Build:
        """From the API's answer."""
        return cls(
            answer["id"],
            answer["status"],
            answer["output_stream_url"],
            (answer.get("release") or {}).get("id", ""),
            answer["source_blob"].get("version") or "",
        )


@dataclass(frozen=True)
class Domain:
    """A host name that leads to the app. ``kind``: heroku for its own, else custom."""

    hostname: str
    kind: str
    cname: str
    """What its DNS entry is to point at; empty for the app's own."""

    @classmethod
    def of(cls, answer: Any) -> Domain:
        """From the API's answer."""
        return cls(answer["hostname"], answer["kind"], answer["cname"] or "")
