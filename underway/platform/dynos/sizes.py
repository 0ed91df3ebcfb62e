"""Dyno sizes, and what each may have."""

from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True)
class Size:
    """``memory`` is the quota in MB; a dyno is killed at twice it. ``processes`` counts threads."""

    name: str
    memory: int
    processes: int


SIZES = (
    Size("Eco", 512, 256),
    Size("Basic", 512, 256),
    Size("Standard-1X", 512, 256),
    Size("Standard-2X", 1024, 512),
    Size("Performance-M", 2560, 16384),
    Size("Performance-L", 14336, 32768),
)


def find(name: str) -> Size | None:
    """The size of that name, however its letters are written: basic, standard-1x."""
    return next((size for size in SIZES if size.name.lower() == name.lower()), None)
