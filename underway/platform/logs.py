"""What apps and the platform say, line by line, as Heroku writes it: kept, filtered, tailed."""

import asyncio
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

LONGEST = 10_000
"""Characters in one line; what is longer goes on in the next, as on Heroku."""


class Logs:
    """The newest lines of each app, and whoever waits for more."""

    def __init__(self, folder: Path, keep: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._keep = keep
        self._written: dict[str, int] = defaultdict(int)
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._closed = False
        path = folder / "logs.sqlite"
        self._db = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A lost line is no harm: what is written outlives the platform, if not the machine.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS line"
            " (id INTEGER PRIMARY KEY, app_id, at, source, dyno, text)"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS line_app ON line (app_id, id)")

    def close(self) -> None:
        """End all tails, and give the file back."""
        self._closed = True
        for events in self._waiting.values():
            for event in events:
                event.set()
        self._db.close()

    def write(self, app_id: str, source: str, dyno: str, text: str, at: str | None = None) -> None:
        """Log a text, each of its lines on a line of its own.

        ``source`` is "app" or "heroku"; ``dyno`` is web.1, router, release.1234, api …
        ``at`` is when it was said, as the engine writes times; now, where it is not given.
        """
        if self._closed:
            return
        moment = at or _now()
        rows = [
            (app_id, moment, source, dyno, line[start : start + LONGEST])
            for line in text.splitlines() or [""]
            for start in range(0, len(line) or 1, LONGEST)
        ]
        self._db.executemany(
            "INSERT INTO line (app_id, at, source, dyno, text) VALUES (?, ?, ?, ?, ?)", rows
        )
        self._written[app_id] += len(rows)
        if self._written[app_id] > self._keep / 10:
            self._trim(app_id)
        for event in self._waiting.get(app_id, ()):
            event.set()

    def recent(
        self, app_id: str, lines: int, source: str | None = None, dyno: str | None = None
    ) -> list[str]:
        """The newest lines, oldest first; ``dyno`` web.1, or web for all dynos of that type."""
        return [text for _, text in self._newest(app_id, lines, source, dyno)]

    async def tail(
        self, app_id: str, lines: int, source: str | None = None, dyno: str | None = None
    ) -> AsyncIterator[str]:
        """The newest lines, then each new one as it is written, until the log is closed."""
        newest = self._newest(app_id, 1, None, None)
        last = newest[0][0] if newest else 0
        event = asyncio.Event()
        self._waiting[app_id].add(event)
        try:
            for _, text in self._newest(app_id, lines, source, dyno):
                yield text
            while await self._woken(event):
                rest = f"AND id > {last} ORDER BY id"
                for last, text in self._select(app_id, source, dyno, rest):
                    yield text
        finally:
            self._waiting[app_id].discard(event)

    def last_heard(self, app_id: str, dyno: str) -> str:
        """When a dyno said its last line that is known here, as the engine writes times.

        Where none of its lines are kept, what was said before the oldest line is gone anyway.
        """
        found = self._db.execute(
            "SELECT coalesce("
            "(SELECT max(at) FROM line WHERE app_id = ?1 AND source = 'app' AND dyno = ?2),"
            "(SELECT min(at) FROM line WHERE app_id = ?1), '')",
            (app_id, dyno),
        ).fetchone()
        return str(found[0])

    def forget(self, app_id: str) -> None:
        """Remove all lines of an app."""
        self._db.execute("DELETE FROM line WHERE app_id = ?", (app_id,))

    async def _woken(self, event: asyncio.Event) -> bool:
        await event.wait()
        event.clear()
        return not self._closed

    def _newest(
        self, app_id: str, lines: int, source: str | None, dyno: str | None
    ) -> list[tuple[int, str]]:
        limit = min(max(lines, 0), self._keep)
        return self._select(app_id, source, dyno, f"ORDER BY id DESC LIMIT {limit}")[::-1]

    def _select(
        self, app_id: str, source: str | None, dyno: str | None, rest: str
    ) -> list[tuple[int, str]]:
        found = self._db.execute(
            "SELECT id, at, source, dyno, text FROM line"
            " WHERE app_id = ?1 AND (?2 IS NULL OR source = ?2)"
            f" AND (?3 IS NULL OR dyno = ?3 OR dyno LIKE ?3 || '.%') {rest}",  # nosec B608
            (app_id, source, dyno),
        )
        return [
            (number, f"{at[:26]}+00:00 {origin}[{name}]: {text}")
            for number, at, origin, name, text in found
        ]

    def _trim(self, app_id: str) -> None:
        self._written[app_id] = 0
        self._db.execute(
            "DELETE FROM line WHERE app_id = ?1 AND id <="
            " (SELECT id FROM line WHERE app_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            (app_id, self._keep),
        )


def _now() -> str:
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09}Z"
