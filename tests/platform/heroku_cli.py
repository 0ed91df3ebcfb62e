"""The real Heroku CLI, installed from npm once, in the shell that the platform makes for it."""

import fcntl
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from underway.platform import client
from underway.platform.settings import Settings

VERSION = "11.10.0"
CACHE = Path(__file__).parents[2] / ".underway" / "cache" / f"heroku-cli-{VERSION}"
SECONDS = 180
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def install() -> Path:
    """The folder of the ``heroku`` program; 35 s and 400 MB the first time."""
    programs = CACHE / "node_modules" / ".bin"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # Two runs at once: one of them installs.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "installed").exists():
            subprocess.run(
                ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(CACHE)]
                + [f"heroku@{VERSION}"],
                check=True,
            )
            (CACHE / "installed").touch()
    return programs


@dataclass(frozen=True)
class Result:
    """How a program ended, and what it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """All that it said."""
        return self.stdout + self.stderr


class Shell:
    """The platform's shell, in a folder, as ``invoke platform.exec`` starts it."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.folder = folder
        variables = client.environment(settings)
        # The user's own programs come after the platform's shims; the CLI is one of them.
        shims, _, rest = variables["PATH"].partition(os.pathsep)
        variables["PATH"] = os.pathsep.join([shims, str(install()), rest])
        self.env = {**os.environ, **variables}

    def __call__(self, *argv: str, stdin: str = "", code: int = 0) -> Result:
        """Run a program to its end, off a terminal; it must exit with ``code``."""
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            env=self.env,
            cwd=self.folder,
            timeout=SECONDS,
        )
        # A dyno that has a terminal colours its output.
        said = [COLOUR.sub("", text) for text in (done.stdout, done.stderr)]
        result = Result(done.returncode, *said)
        assert result.code == code, f"{argv} exited {result.code}:\n{result.text}"
        return result

    def heroku(self, *argv: str, stdin: str = "", code: int = 0) -> Result:
        """Run the CLI."""
        return self("heroku", *argv, stdin=stdin, code=code)

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Start a program that goes on until it is told to end; its output is in pipes."""
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.env,
            cwd=self.folder,
        )
