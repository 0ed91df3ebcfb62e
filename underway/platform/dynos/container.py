"""What a dyno's container is made of, as the Docker SDK takes it."""

import random
import shlex
from typing import Any

from docker.types import LogConfig

from underway.platform.dynos import sizes
from underway.platform.models import App, Dyno, Release

ROLE = "underway.role"
APP = "underway.app"
PORT = "underway.port"
"""The label with the value of $PORT."""
SHELL = ("/bin/sh", "-c")


def in_shell(text: str) -> list[str]:
    """The argv that runs a command as a user types it."""
    return [*SHELL, text]


def command_text(argv: list[str]) -> str:
    """A command as people read it: the reverse of ``in_shell``, where it came from there."""
    if len(argv) == 3 and tuple(argv[:2]) in (SHELL, ("sh", "-c")):
        return argv[2]
    return shlex.join(argv)


def labels(platform: dict[str, str], dyno: Dyno) -> dict[str, str]:
    """The labels by which a dyno's container is found again."""
    return platform | {ROLE: "dyno", APP: dyno.app_id, "underway.dyno": dyno.name}


def filters(labels: dict[str, str]) -> dict[str, str | list[str] | bool]:
    """What the engine is asked, to find what carries these labels."""
    return {"label": [f"{key}={value}" for key, value in labels.items()]}


def environment(app: App, release: Release, dyno: Dyno, port: int) -> dict[str, str]:
    """The variables of a dyno: config vars, and what Heroku says of itself."""
    commit = {}
    if release.commit:
        commit = {"HEROKU_SLUG_COMMIT": release.commit, "HEROKU_BUILD_COMMIT": release.commit}
    return {
        **release.config,
        "PORT": str(port),
        "DYNO": dyno.name,
        "HEROKU_APP_ID": app.id,
        "HEROKU_APP_NAME": app.name,
        "HEROKU_APP_DEFAULT_DOMAIN_NAME": f"{app.host}.localhost",
        "HEROKU_RELEASE_VERSION": f"v{release.version}",
        "HEROKU_RELEASE_CREATED_AT": release.created_at,
        "HEROKU_SLUG_DESCRIPTION": release.description,
        **commit,
    }


def options(
    dyno: Dyno,
    labels: dict[str, str],
    command: list[str] | None,
    variables: dict[str, str],
    tty: bool = False,
) -> dict[str, Any]:
    """A container as bare as a dyno: a user who does not exist, bounded memory, one port."""
    size = sizes.find(dyno.size) or sizes.SIZES[0]
    user = random.randrange(10_000, 60_000)  # nosec B311
    limit = 2 * size.memory * sizes.MB
    web = {f"{variables['PORT']}/tcp": ("127.0.0.1", None)} if dyno.type == "web" else {}
    attached = {"stdin_open": True, "tty": tty} if dyno.attach else {}
    return {
        "command": command,
        "environment": variables,
        "labels": labels,
        "user": f"{user}:{user}",
        "ports": web,
        "mem_limit": limit,
        "memswap_limit": limit,
        "pids_limit": size.processes,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "extra_hosts": {"host.docker.internal": "host-gateway"},
        # The first process of a container ignores the signals it does not handle, and does not
        # bury the dead; on Heroku an app's process is not the first.
        "init": True,
        # Read back from the engine after a restart, and never to fill its disk.
        "log_config": LogConfig(type="json-file", config={"max-size": "10m", "max-file": "2"}),
        **attached,
    }


def random_port() -> int:
    """A ``$PORT``: another one at each start, as on Heroku."""
    return random.randrange(10_000, 60_000)  # nosec B311
