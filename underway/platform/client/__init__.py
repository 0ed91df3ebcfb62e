"""A shell in which the user's own heroku, docker and git talk to the platform.

None of them is changed, or asked anything: variables, a private home and a shim lead Heroku's
names to this machine, and what they would reach of the real Heroku is refused.
"""

import json
import os
import shlex
from importlib import resources
from pathlib import Path

from underway.command import Command, ProgramMissing, Runner
from underway.errors import UsageError
from underway.platform.client import docker, git
from underway.platform.settings import Settings
from underway.secret import Secret

LOCAL = "localhost,127.0.0.1"
SECRETS = ("HEROKU_API_KEY", "HEROKU_HEADERS")


def environment(settings: Settings) -> dict[str, str]:
    """The variables of that shell; an empty value hides one of the user's own.

    Raises:
        SetupImpossible: docker is not installed.
    """
    folder = settings.folder.resolve() / "client"
    home, shims, configuration = folder / "home", folder / "bin", folder / "docker"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Inside such a shell HOME and DOCKER_CONFIG are its own already.
    user_home = Path(os.environ.get("UNDERWAY_USER_HOME") or Path.home())
    user_docker = os.environ.get("UNDERWAY_USER_DOCKER") or os.environ.get("DOCKER_CONFIG")
    user_docker = user_docker or str(user_home / ".docker")
    token_file = settings.folder.resolve() / "token"
    token = token_file.read_text().strip()
    git.write(settings, home, user_home, token_file)
    docker.write(shims, configuration, Path(user_docker))
    return {
        **{name: "" for name in os.environ if name.startswith("HEROKU_")},
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "PATH": _first(str(shims), os.environ.get("PATH", os.defpath)),
        "NO_PROXY": _no_proxy(),
        "no_proxy": _no_proxy(),
        "DOCKER_CONFIG": str(configuration),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        **_heroku(settings, token),
        "UNDERWAY_DOCKER": docker.find(),
        "UNDERWAY_PLATFORM_HTTPS": str(settings.ports.https),
        "UNDERWAY_PLATFORM_REGISTRY": str(settings.ports.registry),
        "UNDERWAY_USER_DOCKER": user_docker,
        "UNDERWAY_USER_HOME": str(user_home),
    }


def run(settings: Settings, argv: tuple[str, ...]) -> int:
    """Run a command in that shell, on the user's own terminal, and return its exit code.

    Raises:
        UsageError: no command was given.
        CommandFailed: there is no such program.
    """
    if not argv:
        raise UsageError("there is no command.", next="invoke platform.exec -- heroku apps")
    variables = environment(settings)
    hidden = {name: Secret(variables.pop(name)) for name in SECRETS}
    try:
        return Runner().attach(Command(argv, env={**variables, **hidden}))
    except ProgramMissing as missing:
        if argv[0] != "heroku":
            raise
        raise ProgramMissing(missing.what, next="npm install --global heroku") from missing


def exports(settings: Settings) -> str:
    """The same for the shell that the user is in: ``eval "$(…)"``."""
    variables = environment(settings).items()
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables)


def _heroku(settings: Settings, token: str) -> dict[str, str]:
    remap = resources.files(__package__).joinpath("remap.cjs")
    return {
        "HEROKU_HOST": "heroku.localhost",
        "HEROKU_API_KEY": token,
        # The CLI sends its token to Heroku's own names and to localhost itself, not below it.
        "HEROKU_HEADERS": json.dumps({"authorization": f"Bearer {token}"}),
        "HEROKU_DATA_HOST": "data.heroku.localhost",
        "HEROKU_PARTICLEBOARD_URL": "https://particleboard.heroku.localhost",
        "HEROKU_STATUS_HOST": "https://status.heroku.localhost",
        "HEROKU_DISABLE_AUTOUPDATE": "1",
        "HEROKU_SKIP_NEW_VERSION_CHECK": "true",
        "DISABLE_TELEMETRY": "true",
        "NODE_EXTRA_CA_CERTS": str(settings.folder.resolve() / "authority" / "ca.pem"),
        "NODE_OPTIONS": _node_options(str(remap)),
    }


def _node_options(remap: str) -> str:
    ours = f'--require "{remap}"'
    theirs = os.environ.get("NODE_OPTIONS", "")
    return theirs if ours in theirs else f"{theirs} {ours}".strip()


def _no_proxy() -> str:
    theirs = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    return theirs if theirs.startswith(LOCAL) else f"{LOCAL},{theirs}".rstrip(",")


def _first(folder: str, path: str) -> str:
    rest = [part for part in path.split(os.pathsep) if part != folder]
    return os.pathsep.join([folder, *rest])
