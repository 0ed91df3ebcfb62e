"""Where a task acts: an app, on Heroku or on the local platform."""

from __future__ import annotations

import netrc
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from underway.errors import Unauthorized, UsageError
from underway.project import Project
from underway.secret import Secret

API = "https://api.heroku.com"
REGISTRY = "https://registry.heroku.com"
TOKENS = ("HEROKU_API_KEY", "HEROKU_AUTH_TOKEN")


@dataclass(frozen=True)
class Target:
    """An app, and how the platform that runs it is reached."""

    app: str
    local: bool
    api: str
    """The Platform API, without a slash at the end."""
    registry: str
    """The Docker registry, as a URL without a slash at the end."""
    token: Secret
    authority: Path | None = None
    """A certificate authority to trust besides the machine's own, in PEM."""
    credentials: str = ""
    """A shell command that prints the token: for git, which must not keep it."""
    options: str = ""
    """What to add to another task's command line so that it acts here, a space before it."""

    def __str__(self) -> str:
        if self.local:
            return f"{self.app} on the local platform"
        return f"{self.app} on {'Heroku' if self.api == API else self.api}"

    @property
    def repository(self) -> str:
        """Where the app's images go, as docker names it; the process type follows."""
        return f"{urlsplit(self.registry).netloc}/{self.app}"


def choose(
    project: Project,
    *,
    app: str = "",
    to: str = "",
    local: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> tuple[str, bool]:
    """The app that is meant, and whether it is on the local platform.

    ``app`` comes before ``to`` (an environment of pyproject), before HEROKU_APP_NAME, before the
    app of pyproject. Where none names one it is the project's own name, on the local platform.

    Raises:
        UsageError: there is no such environment.
    """
    if to and to not in project.environments:
        known = ", ".join(project.environments) or "none"
        raise UsageError(
            f"there is no environment {to!r}.",
            why=f"tool.underway.environments in pyproject.toml names: {known}",
            next=f'add to pyproject.toml:\n[tool.underway.environments]\n{to} = "my-app-{to}"',
        )
    named = app or project.environments.get(to, "")
    named = named or environ.get("HEROKU_APP_NAME", "") or project.app
    return named or project.name, local or not named


def on_heroku(app: str, environ: Mapping[str, str] = os.environ) -> Target:
    """An app on Heroku. HEROKU_API_URL and HEROKU_REGISTRY_URL lead elsewhere, for a proxy.

    Raises:
        Unauthorized: there is no token.
    """
    api = environ.get("HEROKU_API_URL", "").rstrip("/") or API
    registry = environ.get("HEROKU_REGISTRY_URL", "").rstrip("/") or REGISTRY
    variables = "${HEROKU_API_KEY:-$HEROKU_AUTH_TOKEN}"
    return Target(
        app,
        False,
        api,
        registry,
        token(api, environ),
        credentials=f'echo "{variables}"',
        options=f" --app {app}",
    )


def token(api: str = API, environ: Mapping[str, str] = os.environ) -> Secret:
    """The user's token: from the environment, else from ~/.netrc, where Heroku's CLI keeps it.

    Raises:
        Unauthorized: there is none.
    """
    for name in TOKENS:
        if value := environ.get(name):
            return Secret(value)
    host, file = (
        urlsplit(api).hostname or "",
        Path(environ.get("HOME", "~")).expanduser() / ".netrc",
    )
    try:
        found = netrc.netrc(file).authenticators(host)
    except FileNotFoundError:
        found = None
    except (netrc.NetrcParseError, OSError) as error:
        # Its message may quote the line with the password.
        raise Unauthorized(f"{file} cannot be read.", why=type(error).__name__) from None
    if found and found[2]:
        return Secret(found[2])
    raise Unauthorized(
        "there is no token for Heroku.",
        why=f"looked in {' and '.join(TOKENS)}, and for {host} in {file}.",
        next="heroku authorizations:create --short  prints one; put it into HEROKU_API_KEY\n"
        "(or use the local platform, which needs none: --local)",
    )
