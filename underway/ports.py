"""Port numbers as users type them."""

from underway.errors import UsageError


def parse(text: str) -> int:
    """The number from 1 to 65535 that the text is.

    Raises:
        UsageError: it is something else.
    """
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise UsageError(
        f"--port cannot be {text!r}.",
        why="a port is a number from 1 to 65535.",
        next="for example: --port 8007",
    )
