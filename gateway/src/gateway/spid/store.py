"""Logins under way, shared by every gateway process, in PostgreSQL: each is used once, within ten minutes."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from gateway.spid.errors import Refused
from gateway.spid.settings import Area, SchemaName

TTL = timedelta(minutes=10)
SWEEP = """
WITH gone AS (
    SELECT ctid FROM {table} WHERE scade_il < now() LIMIT 50 FOR UPDATE SKIP LOCKED
) DELETE FROM {table} t USING gone WHERE t.ctid = gone.ctid
"""
INSERT = """
INSERT INTO spid_richieste (id, tipo, schema, idp, emessa_il, scade_il, relay_sha256, cookie_sha256, livello, area,
                            ritorno, indirizzo, richiesta)
SELECT %(id)s, %(tipo)s, %(schema)s, %(idp)s, %(emessa_il)s, now() + %(ttl)s, %(relay_sha256)s, %(cookie_sha256)s,
       %(livello)s, %(area)s, %(ritorno)s, %(indirizzo)s, %(richiesta)s
 WHERE (SELECT count(*) FROM spid_richieste
         WHERE indirizzo = %(indirizzo)s AND schema = %(schema)s AND scade_il > now()) < %(cap)s
"""


class TooManyPending(Exception):
    """The address has begun as many logins as it may within ten minutes."""


@dataclass(frozen=True)
class Richiesta:
    """A request we sent and that has not been answered."""

    id: str
    tipo: str
    schema: SchemaName
    idp: str
    emessa_il: datetime
    relay_sha256: bytes
    cookie_sha256: bytes
    livello: int
    area: Area
    ritorno: str
    indirizzo: str
    richiesta: bytes

    def check_browser(self, relay: str, cookie: str) -> None:
        """The answer comes with our RelayState from the browser that left. Raises Refused."""
        if not hmac.compare_digest(digest(relay), self.relay_sha256):
            raise Refused("relay_state")
        if not hmac.compare_digest(digest(cookie), self.cookie_sha256):
            raise Refused("other_browser")


def digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


class RequestStore:
    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self.pool = pool

    async def add(self, richiesta: Richiesta, cap: int) -> None:
        """Raises TooManyPending. Sweeps a few that are over, so that the table stays small without anybody's help."""
        values = {**vars(richiesta), "ttl": TTL, "cap": cap}
        async with self.pool.connection() as connection:
            for table in ("spid_richieste", "spid_asserzioni"):
                await connection.execute(SWEEP.format(table=table))
            cursor = await connection.execute(INSERT, values)
        if cursor.rowcount != 1:
            raise TooManyPending

    async def find(self, request_id: str, schema: SchemaName, tipo: str) -> Richiesta:
        """Left where it is. Raises Refused when there is no such request, or its time is over."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Richiesta))
            await cursor.execute(
                "SELECT id, tipo, schema, idp, emessa_il, relay_sha256, cookie_sha256, livello, area, ritorno,"
                " indirizzo, richiesta FROM spid_richieste"
                " WHERE id = %s AND schema = %s AND tipo = %s AND scade_il > now()",
                (request_id, schema, tipo),
            )
            found = await cursor.fetchone()
        if found is None:
            raise Refused("unknown_request")
        return found

    @asynccontextmanager
    async def taking(self, richiesta: Richiesta) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Takes the request away, with whatever else is written through the connection given; all of it or nothing.

        Raises Refused when somebody took it first.
        """
        async with self.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute("DELETE FROM spid_richieste WHERE id = %s", (richiesta.id,))
            if cursor.rowcount != 1:
                raise Refused("taken")
            yield connection


async def use_assertion(
    connection: psycopg.AsyncConnection[Any], idp: str, assertion_id: str, until: datetime
) -> None:
    """Marks an assertion as used. Raises Refused for one that was used before."""
    cursor = await connection.execute(
        "INSERT INTO spid_asserzioni (idp, id, scade_il) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (idp, assertion_id, until),
    )
    if cursor.rowcount != 1:
        raise Refused("assertion.used")
