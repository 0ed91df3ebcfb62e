"""What the add-ons refuse."""

from underway.errors import UnderwayError


class Refused(UnderwayError):
    """A request that Heroku would refuse, with the status, id and resource of its answer."""

    def __init__(self, status: int, id: str, message: str, resource: str = "") -> None:
        super().__init__(message)
        self.status, self.id, self.message, self.resource = status, id, message, resource
