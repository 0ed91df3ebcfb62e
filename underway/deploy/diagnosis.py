"""Why a release does not serve: what its log says, and what Heroku's codes mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from underway.heroku import Heroku, Release

LINES = 200
SHOWN = 15
CODE = re.compile(r"\bcode=([HRL]\d\d)\b|\bError ([RHL]\d\d)\b")
MIGRATION = re.compile(r"Applying (\w+)\.(\w+)\.\.\. OK")

CODES = {
    "H10": ("the web process ended", "its last lines are above; invoke smoke boots the image here"),
    "H12": ("a request took longer than 30 s", "find the slow view; move the work to a worker"),
    "H13": ("the app closed a connection without an answer", "look for a killed worker above"),
    "H14": ("there is no web dyno", "invoke scale -- web=1"),
    "H15": ("an answer stalled for 55 s", "stream without pauses, or answer at once"),
    "H18": ("the app closed a connection in the middle of an answer", "look for a killed worker"),
    "H20": ("the web process was not ready in time", "listen on $PORT sooner: load less at start"),
    "H27": ("a client went away before its answer", "no fault of the app's, unless it is slow"),
    "H99": ("the platform itself failed", "look at https://status.heroku.com"),
    "R10": ("the web process did not listen on $PORT within 60 s", "listen on 0.0.0.0:$PORT"),
    "R12": ("the process did not end within 30 s of SIGTERM", "run the server without a shell"),
    "R14": ("the dyno used more memory than it has", "lower WEB_CONCURRENCY, or a larger dyno"),
    "R15": ("the dyno used twice its memory and was killed", "lower WEB_CONCURRENCY"),
    "L10": ("log lines were dropped", "log less"),
}
"""What happened, and the most likely mend."""

CAUSES = (
    (
        "SECRET_KEY",
        "SECRET_KEY is missing or too short",
        "invoke config.set --name SECRET_KEY --generate",
    ),
    ("ALLOWED_HOSTS", "ALLOWED_HOSTS does not name the app's host", "invoke deploy adds it"),
    (
        "ModuleNotFoundError",
        "a package is not in the image",
        "add it to requirements/production.in, then invoke lock",
    ),
    (
        "migrations not applied",
        "the database lacks migrations",
        "let the release process type migrate",
    ),
    (
        "migration not applied",
        "the database lacks a migration",
        "let the release process type migrate",
    ),
    ("database unreachable", "the database does not answer", "invoke psql tries it"),
    ("OperationalError", "the database does not answer", "invoke psql tries it"),
    ("SyntaxError", "the code does not load", "invoke test"),
    ("ImportError", "the code does not load", "invoke smoke"),
)
"""Words of a log, what they mean, and the mend."""


@dataclass(frozen=True)
class Diagnosis:
    """What is known: log lines, and sentences of cause and mend."""

    lines: tuple[str, ...]
    causes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*self.lines, *self.causes])


def examine(heroku: Heroku, release: Release, problem: str) -> Diagnosis:
    """Read the log since a release was made, and explain what stands in it."""
    recent = [line for line in heroku.logs(LINES) if line[:19] >= release.created_at[:19]]
    telling = [line for line in recent if " heroku[api]" not in line and " app[api]" not in line]
    return Diagnosis(tuple(telling[-SHOWN:]), tuple(explain([problem, *telling])))


def explain(lines: list[str]) -> list[str]:
    """A sentence for each code and each known cause in these lines, the first one first."""
    found: dict[str, str] = {}
    for line in lines:
        for match in CODE.finditer(line):
            code = match[1] or match[2]
            if code in CODES:
                what, mend = CODES[code]
                found.setdefault(code, f"{code}: {what}. Mend: {mend}.")
        for words, what, mend in CAUSES:
            if words in line:
                found.setdefault(what, f"most likely: {what}. Mend: {mend}.")
    return list(found.values())


def migrations(log: list[str]) -> list[str]:
    """The migrations that a release phase has applied, as ``app.0002_name``."""
    return [f"{m[1]}.{m[2]}" for line in log for m in [MIGRATION.search(line)] if m]
