"""What the options of tasks have in common. Each has a default, so that --help needs none."""

from underway.errors import UsageError


def required(value: str, option: str, example: str) -> str:
    """The value of an option that has to be given.

    Raises:
        UsageError: it was not.
    """
    if not value:
        raise UsageError(f"{option} is missing.", next=f"{option} {example}")
    return value


def number(text: str, option: str) -> int:
    """The positive whole number that an option stands for; "v12" is 12.

    Raises:
        UsageError: it is none.
    """
    digits = text.removeprefix("v")
    if not (digits.isascii() and digits.isdigit() and int(digits)):
        raise UsageError(f"{option} cannot be {text!r}.", why="it is a whole number from 1 on.")
    return int(digits)
