"""The databases on the platform's server: each with a role of its own, and nobody else's."""

from typing import Any

import psycopg
from psycopg import sql

from underway.platform.addons.server import Server
from underway.secret import Secret


class Databases:
    """Makes and drops them; either may be done again."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def make(self, database: str, role: str, password: Secret, connections: int) -> None:
        """Make sure of a database that belongs to a role of its own."""
        async with self._server.session() as session:
            # The server gets a verifier only: a password cannot end in its log.
            verifier = session.pgconn.encrypt_password(
                password.reveal().encode(), role.encode(), b"scram-sha-256"
            ).decode()
            if not await _known(session, "pg_roles", "rolname", role):
                await session.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            await session.execute(
                sql.SQL("ALTER ROLE {} LOGIN CONNECTION LIMIT {} PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(connections), sql.Literal(verifier)
                )
            )
            if not await _known(session, "pg_database", "datname", database):
                await session.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(database), sql.Identifier(role)
                    )
                )
            await session.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
            )

    async def drop(self, database: str, role: str) -> None:
        """Remove a database and its role, whoever is connected."""
        async with self._server.session() as session:
            for statement, name in (
                ("DROP DATABASE IF EXISTS {} WITH (FORCE)", database),
                ("DROP ROLE IF EXISTS {}", role),
            ):
                await session.execute(sql.SQL(statement).format(sql.Identifier(name)))


async def _known(session: psycopg.AsyncConnection[Any], view: str, key: str, name: str) -> bool:
    question = sql.SQL("SELECT 1 FROM {} WHERE {} = %s")
    cursor = await session.execute(
        question.format(sql.Identifier(view), sql.Identifier(key)), (name,)
    )
    return await cursor.fetchone() is not None
