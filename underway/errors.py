"""What a user can meet: each error says what, why and the next command, and has an exit code.

Nothing else is caught and shown; any other exception is a bug, and keeps its traceback.
"""


class UnderwayError(Exception):
    """Something the user can mend. ``str()`` gives the whole message, several lines long."""

    exit_code = 1

    def __init__(self, what: str, why: str = "", next: str = "") -> None:
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
