"""Docker in the platform's shell: a shim first on PATH, and a configuration of its own."""

import json
import os
import shutil
from importlib import resources
from pathlib import Path

from underway.builder import find_buildkit
from underway.command import Runner
from underway.errors import SetupImpossible

LINKED = ("cli-plugins", "contexts")


def write(shims: Path, configuration: Path, theirs: Path) -> None:
    """Write both; contexts and plugins are the user's own.

    The user's logins stay outside: none of them can be used by mistake.
    """
    shims.mkdir(parents=True, exist_ok=True)
    shim = shims / "docker"
    shim.write_text(resources.files(__package__).joinpath("docker.sh").read_text())
    shim.chmod(0o755)

    configuration.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in LINKED:
        link = configuration / name
        if (theirs / name).is_dir() and not link.exists():
            link.symlink_to(theirs / name)
    path = configuration / "config.json"
    kept = _read(path)
    if context := _read(theirs / "config.json").get("currentContext"):
        kept["currentContext"] = context
    path.write_text(json.dumps(kept, indent=2))
    path.chmod(0o600)


def find() -> str:
    """The docker of this machine that the shim is to start: one that can build, if there is one.

    Raises:
        SetupImpossible: there is none.
    """
    # Inside the platform's shell the first docker on PATH is the shim itself.
    if known := os.environ.get("UNDERWAY_DOCKER"):
        return known
    buildkit = find_buildkit(Runner())
    found = buildkit.docker if buildkit else shutil.which("docker")
    if found is None:
        raise SetupImpossible("docker is not installed.", next="invoke doctor")
    return found


def _read(path: Path) -> dict[str, object]:
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return {}
