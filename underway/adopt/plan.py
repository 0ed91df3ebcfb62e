"""What is going to happen to each file: nothing of the user's is overwritten."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

RECORD = "underway.lock"
"""What was written, by its hash, so that a later run knows it from what the user has changed."""

State = Literal["new", "same", "changed", "appended", "yours", "edited", "removed"]
WRITTEN = ("new", "changed", "appended")
MARKS = {"new": "+", "changed": "~", "appended": "~"}
WORDS = {
    "new": "",
    "same": "as it is to be",
    "changed": "as it was written, and its template has changed",
    "appended": "lines are added at its end",
    "yours": "yours, kept",
    "edited": "changed by you and in its template: kept; what the template has is below",
    "removed": "removed by you",
}


@dataclass(frozen=True)
class Change:
    """A file: what is there, and what the template gives."""

    path: str
    state: State
    before: str
    after: str
    """What it would be; it is written only where the state says so."""

    @property
    def written(self) -> bool:
        """Whether the file is touched."""
        return self.state in WRITTEN

    @property
    def diff(self) -> str:
        """From what is there to what the template gives, as git shows and applies it."""
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        source = "/dev/null" if self.state == "new" else f"a/{self.path}"
        lines = difflib.unified_diff(old, new, source, f"b/{self.path}")
        head = f"diff --git a/{self.path} b/{self.path}\n"
        head += "new file mode 100644\n" if self.state == "new" else ""
        return head + "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

    def __str__(self) -> str:
        size = f" ({len(self.after.splitlines())} lines)" if self.state == "new" else ""
        note = WORDS[self.state]
        return f"{MARKS.get(self.state, '=')} {self.path}{size}{': ' if note else ''}{note}"


def changes(
    root: Path, rendered: Mapping[str, str], appended: Mapping[str, str]
) -> tuple[Change, ...]:
    """Compare what is there with the rendered files, and with lines to append to the user's own."""
    record = recorded(root)
    made = [_change(root, path, text, record) for path, text in rendered.items()]
    made.append(_remember(root, record, made))
    made += [_append(root, path, lines) for path, lines in appended.items()]
    return tuple(sorted(made, key=lambda change: change.path))


def recorded(root: Path) -> dict[str, str]:
    """The hashes of what was written, by path; empty before the first run."""
    try:
        return dict(json.loads((root / RECORD).read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _change(root: Path, path: str, after: str, record: Mapping[str, str]) -> Change:
    there = root / path
    before = there.read_text(errors="replace") if there.exists() else ""
    return Change(path, _state(there.exists(), before, after, record.get(path, "")), before, after)


def _state(exists: bool, before: str, after: str, known: str) -> State:
    if not exists:
        return "removed" if known else "new"
    if before == after:
        return "same"
    if known == digest(before):
        return "changed"
    # The user's own, or written once and edited since.
    return "yours" if known in ("", digest(after)) else "edited"


def _append(root: Path, path: str, lines: str) -> Change:
    there = root / path
    before = there.read_text() if there.exists() else ""
    if not lines:
        return Change(path, "same", before, before)
    gap = "\n" if before.strip() else ""
    after = before.rstrip("\n") + ("\n" if before else "") + gap + lines
    return Change(path, "appended" if before else "new", before, after)


def _remember(root: Path, record: Mapping[str, str], made: list[Change]) -> Change:
    kept = {c.path: digest(c.after) for c in made if c.state != "yours"}
    text = json.dumps(dict(record) | kept, indent=2, sort_keys=True) + "\n"
    there = root / RECORD
    before = there.read_text() if there.exists() else ""
    state: State = "same" if before == text else "changed" if before else "new"
    return Change(RECORD, state, before, text)


def digest(text: str) -> str:
    """Names a text."""
    return hashlib.sha256(text.encode()).hexdigest()
