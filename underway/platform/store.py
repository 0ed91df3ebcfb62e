"""The platform's state, in SQLite: rows of the classes in ``models``, by column.

A call takes well under a millisecond, so the event loop calls it directly. Each write is durable
before it returns: a platform that is killed continues from there.

The statements are put together from the names of classes and fields; all values are bound.
"""

import dataclasses
import json
import sqlite3
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from underway.platform import models
from underway.platform.models import Row

T = TypeVar("T", bound=Row)
TABLES = (
    models.Account,
    models.App,
    models.Release,
    models.Process,
    models.Dyno,
    models.Addon,
    models.Attachment,
    models.Domain,
    models.Build,
    models.Source,
)
UNIQUE = {
    models.Account: ("token",),
    models.App: ("name",),
    models.Release: ("app_id", "version"),
    models.Process: ("app_id", "type"),
    models.Dyno: ("app_id", "name"),
    models.Domain: ("hostname",),
}


class Store:
    """All tables of one platform."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        # It holds config vars and tokens.
        path.chmod(0o600)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        for table in TABLES:
            columns = ", ".join(f'"{field.name}"' for field in dataclasses.fields(table))
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {_name(table)} ({columns}, PRIMARY KEY (id))"
            )
            if '"app_id"' in columns:
                self._db.execute(
                    f"CREATE INDEX IF NOT EXISTS {_name(table)}_app ON {_name(table)} (app_id)"
                )
            if unique := UNIQUE.get(table):
                self._db.execute(
                    f"CREATE UNIQUE INDEX IF NOT EXISTS {_name(table)}_unique"
                    f" ON {_name(table)} ({', '.join(unique)})"
                )

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes of the block, or none. Do not await inside it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add(self, row: T) -> T:
        """Insert a row.

        Raises:
            sqlite3.IntegrityError: there is one already where the table allows one.
        """
        values = _dump(row)
        marks = ", ".join("?" * len(values))
        self._db.execute(
            f"INSERT INTO {_name(type(row))} ({', '.join(values)}) VALUES ({marks})",
            list(values.values()),
        )
        return row

    def save(self, row: T) -> T:
        """Write a changed row, and when it changed."""
        row.updated_at = models.now()
        values = _dump(row)
        marks = ", ".join(f"{column} = ?" for column in values)
        self._db.execute(
            f"UPDATE {_name(type(row))} SET {marks} WHERE id = ?",
            [*values.values(), row.id],
        )
        return row

    def delete(self, table: type[T], **where: Any) -> None:
        """Delete the rows whose columns have these values."""
        condition, values = _where(where)
        self._db.execute(f"DELETE FROM {_name(table)}{condition}", values)

    def find(self, table: type[T], **where: Any) -> T | None:
        """The one row whose columns have these values; the newest, where there are several."""
        condition, values = _where(where)
        found = self._db.execute(
            f"SELECT * FROM {_name(table)}{condition} ORDER BY rowid DESC LIMIT 1",
            values,
        ).fetchone()
        return _load(table, found) if found else None

    def all(self, table: type[T], order: str = "rowid", limit: int = -1, **where: Any) -> list[T]:
        """The rows whose columns have these values; ``order`` is SQL, such as ``version DESC``."""
        condition, values = _where(where)
        found = self._db.execute(
            f"SELECT * FROM {_name(table)}{condition} ORDER BY {order} LIMIT ?",
            [*values, limit],
        )
        return [_load(table, row) for row in found]

    def count(self, table: type[T], **where: Any) -> int:
        """How many rows have these values in their columns."""
        condition, values = _where(where)
        counted = self._db.execute(f"SELECT COUNT(*) FROM {_name(table)}{condition}", values)
        return int(counted.fetchone()[0])

    def current_release(self, app_id: str) -> models.Release | None:
        """The release that dynos run: the newest that succeeded."""
        newest = self.all(
            models.Release, order="version DESC", limit=1, app_id=app_id, status="succeeded"
        )
        return newest[0] if newest else None

    def newest_release(self, app_id: str) -> models.Release | None:
        """The release with the highest version, whatever became of it."""
        newest = self.all(models.Release, order="version DESC", limit=1, app_id=app_id)
        return newest[0] if newest else None


def _name(table: type[Row]) -> str:
    return table.__name__.lower()


def _where(where: dict[str, Any]) -> tuple[str, list[Any]]:
    condition = " AND ".join(f"{column} IS ?" for column in where)
    return (f" WHERE {condition}" if where else ""), list(where.values())


def _dump(row: Row) -> dict[str, Any]:
    values = {}
    structured = STRUCTURED[type(row)]
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        # "commit" is a word of SQL.
        values[f'"{field.name}"'] = json.dumps(value) if field.name in structured else value
    return values


def _load(table: type[T], row: sqlite3.Row) -> T:
    values: dict[str, Any] = {}
    structured = STRUCTURED[table]
    for field in dataclasses.fields(table):
        value = row[field.name]
        if field.name in structured:
            value = json.loads(value)
        elif field.type is bool:
            value = bool(value)
        values[field.name] = value
    return table(**values)


def _is_json(kind: Any) -> bool:
    parts = [kind, *typing.get_args(kind)]
    return any(typing.get_origin(part) in (dict, list) for part in parts)


STRUCTURED: dict[type[Row], frozenset[str]] = {
    table: frozenset(field.name for field in dataclasses.fields(table) if _is_json(field.type))
    for table in TABLES
}
"""The columns of each table that hold JSON."""
