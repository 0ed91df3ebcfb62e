"""What a check found."""

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    ``note`` is worth knowing, ``warning`` will be in the way of some task, ``error`` of most.
    """

    subject: str
    level: Literal["ok", "note", "warning", "error"]
    what: str
    why: str = ""
    next: str = ""
    """The command that mends it."""

    def as_dict(self) -> dict[str, str]:
        """The same for programs: each field under its own name, all of them text."""
        return asdict(self)
