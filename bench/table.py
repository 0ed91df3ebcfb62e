"""The figures as a table, for a terminal and for a page of the docs alike."""

from __future__ import annotations

from collections.abc import Iterable

from bench.figures import Figure, Values

HEAD = ("what", "here", "baseline", "ratio", "goal", "met")
MET = {True: "yes", False: "**no**", None: ""}
SIGNS = {"<=": "≤", ">=": "≥", "<": "<"}


def text(figures: Iterable[Figure]) -> str:
    """The figures that have a goal or a baseline, a row each; points of curves have pictures."""
    rows = [HEAD, *(_row(figure) for figure in figures if not figure.axis)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    baseline = f"{measured(figure.baselines, figure.unit)}, {figure.against}"
    what, sign, limit = figure.goal.split() if figure.goal else ("", "", "")
    unit = f" {figure.unit}" if what == "value" and figure.unit else ""
    return (
        figure.name,
        measured(figure.values, figure.unit),
        baseline if figure.baselines else "",
        "" if figure.ratio is None else number(figure.ratio),
        f"{what} {SIGNS[sign]} {limit}{unit}" if figure.goal else "",
        MET[figure.met],
    )


def measured(values: Values, unit: str) -> str:
    """The median, and behind it the least and the most where there are several rounds."""
    figure = Figure("", unit, values)
    spread = f" ({number(min(values))}–{number(max(values))})" if len(set(values)) > 1 else ""
    return f"{number(figure.value)} {unit}".rstrip() + spread if values else ""


def number(value: float) -> str:
    """Three figures that mean something."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return (
        f"{value:.1f}"
        if abs(value) >= 10
        else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
    )
