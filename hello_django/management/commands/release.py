"""What a release does before its code serves: bring the database up to date."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

# Any number will do, as long as nothing else in this database locks the same one.
LOCK = 4_201_337_001


def locked(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
    return bool(cursor.fetchone()[0])


class Command(BaseCommand):
    help = "Apply migrations. Safe to run again, and to run while another release does."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"The database cannot be reached: {reason}") from None
        with self.alone():
            call_command("migrate", interactive=False, verbosity=options["verbosity"])

    @contextmanager
    def alone(self) -> Iterator[None]:
        if connection.vendor != "postgresql":  # an SQLite file belongs to one container
            yield
            return
        with connection.cursor() as cursor:
            # Asked again and again rather than waited for: a waiting statement holds a snapshot,
            # and CREATE INDEX CONCURRENTLY in the other release would wait for that in turn.
            if not locked(cursor):
                self.stdout.write("Another release is migrating this database; waiting.")
                self.stdout.flush()
                while not locked(cursor):
                    time.sleep(1)
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
