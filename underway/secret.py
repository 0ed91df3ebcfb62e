"""A value that never prints."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Secret:
    """A password, key or token: ``reveal()`` gives it, nothing else does."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """The value itself; call it only where it leaves for its destination."""
        return self._value

    def __str__(self) -> str:
        return "[secret]"

    def __repr__(self) -> str:
        return "Secret([secret])"
