"""What a user can meet: each error says what, why and the next command, and has an exit code.

Nothing else is caught and shown; any other exception is a bug, and keeps its traceback.
"""

import sys
from pathlib import Path


def spelled(text: str) -> str:
    """Tasks as this user calls them: ``underway deploy`` where that command was started."""
    called = Path(sys.argv[0]).name == "underway"
    return text.replace("invoke ", "underway ") if called else text


class UnderwayError(Exception):
    """Something the user can mend. ``str()`` gives the whole message, several lines long."""

    exit_code = 1

    def __init__(self, what: str, why: str = "", next: str = "") -> None:
        next = spelled(next)
        self.what, self.why, self.next = what, why, next
        parts = [what]
        if why:
            parts.append("  why:  " + why.replace("\n", "\n        "))
        if next:
            parts.append("  next: " + next.replace("\n", "\n        "))
        super().__init__("\n".join(parts))


class UsageError(UnderwayError):
    """An argument, a variable or a key of the configuration has a value that cannot be used."""

    exit_code = 2


class CommandFailed(UnderwayError):
    """A program that a task started exited non-zero."""

    exit_code = 3


class EngineUnavailable(UnderwayError):
    """No Docker engine answers."""

    exit_code = 10


class ImageUnavailable(UnderwayError):
    """An image is not on the engine and could not be pulled or made."""

    exit_code = 11


class BuildFailed(UnderwayError):
    """The image was not built."""

    exit_code = 12


class PortTaken(UnderwayError):
    """Another program listens on the chosen port."""

    exit_code = 13


class DiskFull(UnderwayError):
    """The engine's disk has no room left."""

    exit_code = 14


class ContainerFailed(UnderwayError):
    """A container ended, or did not answer in time."""

    exit_code = 15


class CheckFailed(UnderwayError):
    """A check of the image, or of the machine, found something to mend."""

    exit_code = 16


class SetupImpossible(UnderwayError):
    """This machine cannot be made ready without its user."""

    exit_code = 17


class HerokuRefused(UnderwayError):
    """The Platform API answers that a request cannot be carried out."""

    exit_code = 20


class ReleasePhaseFailed(UnderwayError):
    """The release phase exited non-zero; the release before it still serves."""

    exit_code = 21


class VerificationFailed(UnderwayError):
    """A release went into service and does not serve as it should."""

    exit_code = 22


class Unauthorized(UnderwayError):
    """There is no token, or it is not accepted."""

    exit_code = 23


class HerokuUnavailable(UnderwayError):
    """The Platform API or the registry cannot be reached, fails, or wants fewer requests."""

    exit_code = 24


class Superseded(UnderwayError):
    """Somebody else released meanwhile, or deploys right now."""

    exit_code = 25


class PushFailed(UnderwayError):
    """An image did not arrive in the registry as it was built."""

    exit_code = 26


class HookFailed(UnderwayError):
    """An executable of the project's hooks exited non-zero."""

    exit_code = 27


class RollbackFailed(UnderwayError):
    """The release before is not in service again."""

    exit_code = 28
