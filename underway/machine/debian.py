"""A Debian or Ubuntu machine on which this process may act as root."""

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from underway.command import Command, Runner
from underway.errors import SetupImpossible

SYSTEM_FOLDERS = "/usr/sbin:/sbin"
"""Not on every user's PATH, but on root's."""
OPTIONS = ("-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120")
"""Few lines, no progress bars, and patience with another installation."""


@dataclass(frozen=True)
class Debian:
    """What may be done to it; ``sudo`` is what stands before a command to run it as root."""

    runner: Runner
    sudo: tuple[str, ...] = ()

    @classmethod
    def here(cls, runner: Runner) -> "Debian":
        """This machine.

        Raises:
            SetupImpossible: it is another system, or this user cannot become root unasked.
        """
        if not _is_debian():
            raise SetupImpossible("only Debian and Ubuntu can be set up from here.")
        if os.geteuid() == 0:
            return cls(runner)
        if shutil.which("sudo"):
            sudo = ("sudo", "--non-interactive")
            if runner.capture(Command((*sudo, "true")), check=False).code == 0:
                return cls(runner, sudo)
        raise SetupImpossible("installing needs root, or sudo without a password.")

    def root(self, *argv: str) -> Command:
        """The command, run as root."""
        return Command((*self.sudo, *argv))

    def install(self, packages: list[str], on_line: Callable[[str], None]) -> None:
        """Install Debian packages, with what they depend on and no more."""
        # sudo drops variables, hence env.
        apt_get = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *OPTIONS)
        self.runner.follow(self.root(*apt_get, "update"), on_line)
        install = (*apt_get, "install", "--yes", "--no-install-recommends", *packages)
        self.runner.follow(self.root(*install), on_line)


def find_program(name: str) -> str | None:
    """Where a program is that may be root's alone."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_FOLDERS}")


def _is_debian() -> bool:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return not {"debian", "ubuntu"}.isdisjoint(
        [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    )
