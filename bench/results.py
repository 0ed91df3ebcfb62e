"""The figures of all runs, in one file: a group that is measured again replaces its old ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from bench.figures import Figure

FILE = Path(__file__).parent / "results.json"


def load(file: Path = FILE) -> list[Figure]:
    """All figures known; none where nothing was measured yet."""
    if not file.exists():
        return []
    return [Figure.from_dict(kept) for kept in json.loads(file.read_text())]


def merge(known: Iterable[Figure], new: Iterable[Figure]) -> list[Figure]:
    """The figures in the order in which they were known, with the new ones in their places."""
    return list({figure.name: figure for figure in (*known, *new)}.values())


def save(figures: Iterable[Figure], file: Path = FILE) -> None:
    """Write them where ``load`` reads them."""
    file.write_text(json.dumps([figure.as_dict() for figure in figures], indent=2) + "\n")
