"""The page of the docs that has the figures: its table is put in by whoever measures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bench import table
from bench.figures import Figure
from tests.checkout import ROOT

PAGE = ROOT / "docs" / "performance.md"
TABLE = re.compile(r"^\| what .*?(?=\n\n)", re.MULTILINE | re.DOTALL)


def write(figures: Iterable[Figure], file: Path = PAGE) -> None:
    """Put these figures in the place of those that the page has.

    Raises:
        ValueError: it has no table of figures.
    """
    old = file.read_text()
    text, count = TABLE.subn(lambda found: table.text(figures), old)
    if count != 1:
        raise ValueError(f"{file} has {count} tables of figures, not one")
    file.write_text(text)
