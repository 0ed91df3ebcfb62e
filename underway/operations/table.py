"""Rows and columns as plain text."""

from collections.abc import Iterable, Sequence


def render(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with aligned columns, or the header alone where there are no rows."""
    cells = [list(map(str, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
    return "\n".join(lines)


def pairs(values: Iterable[tuple[str, object]]) -> str:
    """Names and values, a pair to a line; a name repeats itself as nothing."""
    rows = [(f"{name}:" if name else "", str(value)) for name, value in values]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows)
