"""Files of KEY=value lines, read strictly: what is not clear is an error, never a guess.

``#`` begins a comment, ``export`` before a name is passed over. ``'…'`` is taken as it is; in
``"…"`` a backslash makes ``\\n``, ``\\"``, ``\\$`` and ``\\\\``. Nothing is expanded.
"""

import re
from pathlib import Path

from underway.errors import UsageError

LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
SINGLE = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
DOUBLE = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?')
PLAIN = re.compile(r"(?P<text>[^\s'\"#](?:[^'\"]*?[^\s'\"])?)?(?:\s+#.*)?")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
FORM = "a line is NAME=value, NAME='value' or NAME=\"value\"."


def read(path: Path) -> dict[str, str]:
    """The variables of a file, in its order.

    Raises:
        UsageError: it cannot be read; a line of it is named by its number, never quoted.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read.", why=_reason(error)) from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, value = _parse(line.strip(), f"{path}, line {number}")
        if name in found:
            raise UsageError(f"{path}, line {number}: {name} is there twice.")
        found[name] = value
    if not found:
        raise UsageError(f"{path} has no variables.", why=FORM)
    return found


def _parse(line: str, place: str) -> tuple[str, str]:
    parts = LINE.fullmatch(line)
    if parts is None:
        raise UsageError(f"{place} is no variable.", why=FORM)
    name, value = parts["name"], parts["value"]
    if found := SINGLE.fullmatch(value):
        return name, found["text"]
    if found := DOUBLE.fullmatch(value):
        return name, re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), found["text"])
    if found := PLAIN.fullmatch(value):
        return name, found["text"] or ""
    raise UsageError(
        f"{place}: the value of {name} is not clear.",
        why="a quote in it is not closed or stands in the middle, or it begins with #.\n"
        "A value ends with its line.",
    )


def _reason(error: OSError | UnicodeDecodeError) -> str:
    # The message of a decoding error holds bytes of the file.
    return (error.strerror or "") if isinstance(error, OSError) else "it is not UTF-8."
