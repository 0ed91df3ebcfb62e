"""Long lists in parts, by the Range header: ``version ]40..; order=desc,max=15``."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from underway.platform.api.errors import unsatisfiable_range
from underway.platform.models import Row
from underway.platform.store import Store

T = TypeVar("T", bound=Row)
MOST = 1000
DEFAULT = 200
RANGE = re.compile(
    r"(?P<key>\w+)\s*(?P<after>\]?)(?P<first>[^;]*?)\.\.(?P<last>[^;]*?)(?P<before>\[?)\s*"
    r"(?:;(?P<options>.*))?"
)


@dataclass(frozen=True)
class Range:
    """A part of a list: sorted by ``key``; the bounds are those of the order that is asked for."""

    key: str
    first: str = ""
    after: bool = False
    last: str = ""
    before: bool = False
    most: int = DEFAULT
    descending: bool = False

    @classmethod
    def parse(cls, header: str | None, keys: tuple[str, ...]) -> "Range":
        """Read the header; ``keys`` are what the list can be sorted by, the usual one first.

        Raises:
            ApiError: 416, it cannot be read.
        """
        if not header:
            return cls(keys[0])
        found = RANGE.fullmatch(header.strip())
        if found is None or found["key"] not in keys:
            raise unsatisfiable_range()
        options = dict(
            part.strip().partition("=")[::2]
            for part in re.split("[;,]", found["options"] or "")
            if part.strip()
        )
        most = options.get("max", str(DEFAULT))
        if not most.isdigit() or not 1 <= int(most) <= MOST:
            raise unsatisfiable_range()
        return cls(
            key=found["key"],
            first=found["first"].strip(),
            after=bool(found["after"]),
            last=found["last"].strip(),
            before=bool(found["before"]),
            most=int(most),
            descending=options.get("order") == "desc",
        )

    def cut(self, rows: list[T]) -> list[T]:
        """Those of the rows, which are in order, that lie within the bounds."""
        return [row for row in rows if self._admits(getattr(row, self.key))]

    def _admits(self, value: Any) -> bool:
        if self.first:
            distance = self._distance(value, self.first)
            if distance < 0 or (self.after and distance == 0):
                return False
        if self.last:
            distance = self._distance(value, self.last)
            if distance > 0 or (self.before and distance == 0):
                return False
        return True

    def _distance(self, value: Any, bound: str) -> int:
        """Below zero where the value comes before the bound, in the order that is asked for."""
        try:
            other = type(value)(bound)
        except ValueError:
            raise unsatisfiable_range() from None
        distance = int(value > other) - int(value < other)
        return -distance if self.descending else distance


@dataclass(frozen=True)
class Page:
    """A part of a list, and the headers that lead to the next."""

    items: list[Any]
    partial: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def page(
    store: Store,
    header: str | None,
    table: type[T],
    keys: tuple[str, ...],
    show: Callable[[T], dict[str, Any]],
    **where: Any,
) -> Page:
    """The part of a table that the header asks for; ``show`` makes the answer's item of a row."""
    wanted = Range.parse(header, keys)
    order = f"{wanted.key} {'DESC' if wanted.descending else 'ASC'}"
    bounded = wanted.first or wanted.last
    rows = store.all(table, order, -1 if bounded else wanted.most + 1, **where)
    rows = wanted.cut(rows) if bounded else rows
    part = rows[: wanted.most]
    headers = {"Accept-Ranges": ", ".join(keys)}
    options = f"max={wanted.most}" + (", order=desc" if wanted.descending else "")
    if part:
        ends = (getattr(part[0], wanted.key), getattr(part[-1], wanted.key))
        headers["Content-Range"] = f"{wanted.key} {ends[0]}..{ends[1]}; {options}"
    more = len(rows) > len(part)
    if more:
        until = wanted.last + ("[" if wanted.before else "")
        headers["Next-Range"] = f"{wanted.key} ]{ends[1]}..{until}; {options}"
    return Page([show(row) for row in part], more, headers)
