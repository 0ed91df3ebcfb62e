"""A figure and the one that it is held against, out of the same rounds."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

COMPARE = {"<": operator.lt, "<=": operator.le, ">=": operator.ge}
Values = tuple[float, ...]
Measure = Callable[[], float]


@dataclass(frozen=True)
class Figure:
    """What was measured, round by round: ``values`` are ours, ``baselines`` the other's."""

    name: str
    unit: str
    values: Values
    baselines: Values = ()
    """None where there is nothing to compare with."""
    _: KW_ONLY
    against: str = ""
    """What the baselines are of."""
    goal: str = ""
    """Such as "ratio <= 0.5" or "value < 256"; empty: none was set."""
    axis: str = ""
    """What grows, where the figure is a point of a curve, and ``at`` how much of it there is."""
    at: float = 0
    parts: Mapping[str, float] = field(default_factory=dict)
    """What the newest of the values is the sum of, in the same unit."""

    @property
    def value(self) -> float:
        """The median of ours."""
        return statistics.median(self.values)

    @property
    def baseline(self) -> float | None:
        """The median of the other's."""
        return statistics.median(self.baselines) if self.baselines else None

    @property
    def ratio(self) -> float | None:
        """Ours to the other's; None where that is nothing or zero."""
        return self.value / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is; None where there is none."""
        if not self.goal:
            return None
        what, sign, limit = self.goal.split()
        measured = {"value": self.value, "ratio": self.ratio}[what]
        return measured is not None and bool(COMPARE[sign](measured, float(limit)))

    def as_dict(self) -> dict[str, Any]:
        """For programs; ``values`` and ``baselines`` hold every round."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "baseline": None if self.baseline is None else round(self.baseline, 4),
            "ratio": None if self.ratio is None else round(self.ratio, 4),
            "goal": self.goal,
            "met": self.met,
            "unit": self.unit,
            "against": self.against,
            "axis": self.axis,
            "at": self.at,
            "parts": {name: round(part, 4) for name, part in self.parts.items()},
            "values": [round(value, 4) for value in self.values],
            "baselines": [round(value, 4) for value in self.baselines],
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Figure:
        """What ``as_dict`` has written."""
        return cls(
            kept["name"],
            kept["unit"],
            tuple(kept["values"]),
            tuple(kept["baselines"]),
            against=kept["against"],
            goal=kept["goal"],
            axis=kept["axis"],
            at=kept["at"],
            parts=kept["parts"],
        )


def rounds(count: int, *measures: Measure, warm_up: bool = True) -> tuple[Values, ...]:
    """The values of each measure, taken in turn (A B, A B, …), so that noise meets all alike.

    The first turn of all is only to warm up, and is not counted.
    """
    turns = range(count + warm_up)
    taken = [tuple(measure() for measure in measures) for _ in turns]
    return tuple(zip(*taken[warm_up:], strict=True))


def pair(
    count: int, ours: Measure, other: Measure, *, warm_up: bool = True
) -> tuple[Values, Values]:
    """The same of two."""
    taken = rounds(count, ours, other, warm_up=warm_up)
    return taken[0], taken[1]
