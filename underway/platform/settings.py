"""What a platform is told before it starts: where it keeps its state, its ports, its limits."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from underway.errors import UsageError


@dataclass(frozen=True)
class Ports:
    """Ports on 127.0.0.1. A free one is taken where the wanted one is in use."""

    api: int = 5100
    """Platform API, git, build and log streams, and the platform's own page; plain HTTP."""
    registry: int = 5101
    """Docker registry, plain HTTP: engines allow that on 127.0.0.0/8."""
    http: int = 5180
    """Router."""
    https: int = 5143
    """Router, with a certificate of the platform's own authority."""
    rendezvous: int = 5144
    """One-off dynos that are attached to a terminal; TLS."""
    postgres: int = 5132
    """The Postgres server of the add-ons; TLS."""


@dataclass(frozen=True)
class Limits:
    """Heroku's own limits; tests shorten them. Seconds, where a name does not say otherwise."""

    boot: float = 60
    """For a web process to bind $PORT (R10)."""
    stop: float = 30
    """From SIGTERM to SIGKILL (R12)."""
    response: float = 30
    """For the first byte of an answer (H12)."""
    idle: float = 55
    """Between two bytes of an answer (H15)."""
    keepalive: float = 90
    """For an idle connection to a dyno."""
    release_phase: float = 3600
    restart_first: float = 1
    """Before the second restart of a crashed dyno; the first is at once."""
    restart_most: float = 600
    memory_check: float = 5
    """Between two looks at a dyno's memory (R14, R15)."""
    preboot: float = 5
    """That new dynos serve beside the old ones, where preboot is on."""
    requests_per_hour: int = 4500
    """API requests of one account."""
    log_lines: int = 1500
    """Kept for each app."""


@dataclass(frozen=True)
class Settings:
    """A platform: everything it is and keeps is under ``folder``."""

    folder: Path
    ports: Ports = field(default_factory=Ports)
    limits: Limits = field(default_factory=Limits)
    postgres_image: str = "postgres:17"

    @classmethod
    def load(cls, folder: Path) -> "Settings":
        """Read ``settings.json`` of the folder: ``{"ports": {…}, "limits": {…}}``, both optional.

        Raises:
            UsageError: it is not JSON, or has a key that is not a setting.
        """
        path = folder / "settings.json"
        try:
            given = json.loads(path.read_text())
            return cls(
                folder=folder,
                ports=Ports(**given.pop("ports", {})),
                limits=Limits(**given.pop("limits", {})),
                **given,
            )
        except FileNotFoundError:
            return cls(folder=folder)
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(f"{path} cannot be used.", why=str(error)) from error

    def save(self) -> None:
        """Write them where ``load`` reads them: the ports that were really taken, for clients."""
        values = dataclasses.asdict(self)
        del values["folder"]
        self.folder.mkdir(parents=True, exist_ok=True)
        # Clients read it at any moment: all of it, or what was there before.
        part = self.folder / "settings.json.part"
        part.write_text(json.dumps(values, indent=2) + "\n")
        part.replace(self.folder / "settings.json")

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything on the engine that belongs to this platform."""
        return {"underway.platform": str(self.folder.resolve())}

    @property
    def internal_hosts(self) -> dict[str, int]:
        """Names under which the router passes on to the platform's own ports.

        They are what the Heroku CLI asks for where HEROKU_HOST is heroku.localhost.
        """
        return {
            "api.heroku.localhost": self.ports.api,
            "git.heroku.localhost": self.ports.api,
            "data.heroku.localhost": self.ports.api,
            "particleboard.heroku.localhost": self.ports.api,
            "registry.heroku.localhost": self.ports.registry,
        }
