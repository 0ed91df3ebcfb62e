"""The history of what ran."""

from __future__ import annotations

from typing import Any

from underway.heroku import Release
from underway.operations.table import render


def as_dict(release: Release) -> dict[str, Any]:
    """For programs."""
    return {
        "version": release.version,
        "id": release.id,
        "status": release.status,
        "current": release.current,
        "description": release.description,
        "user": release.user,
        "created_at": release.created_at,
    }


def table(releases: list[Release]) -> str:
    """For people; a star stands at the one in service."""
    rows = [
        (
            f"{release}{' *' if release.current else ''}",
            release.status,
            release.created_at,
            release.user,
            release.description,
        )
        for release in releases
    ]
    return render(("release", "status", "created", "by", "what"), rows)
