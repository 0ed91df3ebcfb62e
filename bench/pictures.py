"""The figures as pictures for the docs: ratios with their goals, and a curve of each growth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import Figure
from bench.table import number
from tests.checkout import ROOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = ROOT / "docs" / "performance"
WIDTH = 8
"""Inches."""
COLOURS = {True: "#2e7d4f", False: "#b3402a", None: "#5f6b7a"}
"""Of bars, by whether the goal is met."""
STEPS = {
    "observe": "#9aa5b1",
    "prepare": "#c3ccd5",
    "build": "#3f6fb0",
    "check": "#8a5fb0",
    "push": "#d08a2e",
    "release": "#2e7d4f",
    "verify": "#b3402a",
}


def draw(figures: Sequence[Figure], folder: Path = FOLDER) -> None:
    """Write all pictures that the figures suffice for."""
    folder.mkdir(parents=True, exist_ok=True)
    if ratios := [figure for figure in figures if figure.ratio and not figure.axis]:
        _ratios(ratios, folder / "ratios.svg")
    for axis in dict.fromkeys(figure.axis for figure in figures if figure.axis):
        points = [figure for figure in figures if figure.axis == axis]
        _curve(points, folder / f"{'-'.join(axis.lower().split())}.svg")


def _ratios(figures: Sequence[Figure], file: Path) -> None:
    """A bar each, from the baseline (1) to ours; a mark where the goal is."""
    with _axes(file, height=0.36 * len(figures) + 0.9) as axes:
        for row, figure in enumerate(figures):
            ratio = figure.ratio or 0
            axes.barh(row, ratio - 1, left=1, height=0.6, color=COLOURS[figure.met])
            axes.annotate(f" {number(ratio)} ", (ratio, row), va="center", ha=_side(ratio))
            what, _, limit = figure.goal.partition(" ")
            if what == "ratio":
                axes.plot([float(limit.split()[1])], [row], "k|", markersize=14)
        axes.set_yticks(range(len(figures)), [figure.name for figure in figures])
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.margins(x=0.15)
        axes.axvline(1, color="black", linewidth=0.8)
        axes.set_xlabel("ratio to the baseline (log scale); | the goal")


def _curve(points: Sequence[Figure], file: Path) -> None:
    """The time of a deploy, step upon step, at each point."""
    at = [figure.at for figure in points]
    with _axes(file, height=3) as axes:
        steps = {name: [figure.parts.get(name, 0) for figure in points] for name in STEPS}
        axes.stackplot(at, *steps.values(), labels=list(steps), colors=STEPS.values(), alpha=0.85)
        axes.plot(at, [figure.value for figure in points], "k.-", linewidth=0.8, label="in all")
        axes.set_xlabel(points[0].axis)
        axes.set_ylabel("seconds")
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, reverse=True)


@contextmanager
def _axes(file: Path, height: float) -> Iterator[Axes]:
    """An empty picture, written when the block ends; the same figures give the same bytes."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Picture

    # Text stays text.
    with rc_context({"svg.hashsalt": "underway", "svg.fonttype": "none", "font.size": 9}):
        picture = Picture(figsize=(WIDTH, height), layout="constrained")
        axes = picture.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        yield axes
        picture.savefig(file, format="svg", metadata={"Date": None}, facecolor="white")


def _side(ratio: float) -> str:
    return "left" if ratio > 1 else "right"
