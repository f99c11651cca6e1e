"""Sessions in PostgreSQL: a random token whose SHA-256 alone is stored; idle and absolute limits."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from psycopg import OperationalError
from psycopg.rows import class_row, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from uuid_utils.compat import uuid7

TOUCH_EVERY = timedelta(seconds=60)
"""A session's last use is written at most this often, so that reading stays one query."""

IDENTIFY = """
SELECT s.id AS session_id, s.ultimo_uso, o.id AS operatore_id, o.nome || ' ' || o.cognome AS nome, o.codice_fiscale,
       i.id AS incarico_id, i.ruolo, i.ente, i.settore,
       (SELECT max(version) FROM politiche WHERE attiva_dal <= now()) AS policy_version
  FROM sessioni s
  JOIN incarichi i ON i.id = s.incarico_id
  JOIN operatori o ON o.id = i.operatore_id
 WHERE s.token_sha256 = %s AND s.revocata_il IS NULL AND s.scade_il > now() AND s.ultimo_uso > now() - %s
   AND o.revocato_il IS NULL AND i.revocato_il IS NULL
   AND i.dal <= current_date AND (i.al IS NULL OR i.al >= current_date)
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Session, operator, incarico and policy version, read together."""

    session_id: UUID
    ultimo_uso: datetime
    operatore_id: UUID
    nome: str
    codice_fiscale: str
    incarico_id: UUID
    ruolo: str
    ente: str
    settore: str
    policy_version: int | None


@dataclass(frozen=True, slots=True)
class Sessione:
    """One open session as its owner sees it."""

    id: UUID
    creata_il: datetime
    ultimo_uso: datetime
    scade_il: datetime
    agente: str
    indirizzo: str


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


class SessionStore:
    def __init__(self, pool: AsyncConnectionPool, idle: timedelta, absolute: timedelta) -> None:
        self.pool = pool
        self.idle = idle
        self.absolute = absolute

    async def create(self, incarico_id: UUID, agente: str = "", indirizzo: str = "") -> str:
        """Token of a new session of this incarico; it is shown once and never stored."""
        token = secrets.token_urlsafe(32)
        async with self.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO sessioni (id, token_sha256, incarico_id, scade_il, agente, indirizzo)"
                " VALUES (%s, %s, %s, now() + %s, %s, %s)",
                (uuid7(), _digest(token), incarico_id, self.absolute, agente[:200], indirizzo[:64]),
            )
        return token

    async def identify(self, token: str) -> Identity | None:
        """Who holds this token, or None when the session, the operator or the incarico has ended."""
        try:
            return await self._identify(token)
        except PoolTimeout:
            raise
        except OperationalError:
            # The database was restarted: throw away its dead connections, then once more.
            await self.pool.check()
            return await self._identify(token)

    async def _identify(self, token: str) -> Identity | None:
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Identity))
            await cursor.execute(IDENTIFY, (_digest(token), self.idle))
            identity = await cursor.fetchone()
            if identity is not None and datetime.now(UTC) - identity.ultimo_uso > TOUCH_EVERY:
                await connection.execute(
                    "UPDATE sessioni SET ultimo_uso = now() WHERE id = %s", (identity.session_id,)
                )
        return identity

    async def is_open(self, session_id: UUID) -> bool:
        """For long answers: has the session ended meanwhile?"""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT 1 FROM sessioni s JOIN incarichi i ON i.id = s.incarico_id"
                " JOIN operatori o ON o.id = i.operatore_id"
                " WHERE s.id = %s AND s.revocata_il IS NULL AND s.scade_il > now()"
                " AND o.revocato_il IS NULL AND i.revocato_il IS NULL",
                (session_id,),
            )
            return await cursor.fetchone() is not None

    async def list_open(self, operatore_id: UUID) -> list[Sessione]:
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(
                "SELECT s.id, s.creata_il, s.ultimo_uso, s.scade_il, s.agente, s.indirizzo FROM sessioni s"
                " JOIN incarichi i ON i.id = s.incarico_id"
                " WHERE i.operatore_id = %s AND s.revocata_il IS NULL AND s.scade_il > now()"
                " AND s.ultimo_uso > now() - %s ORDER BY s.ultimo_uso DESC",
                (operatore_id, self.idle),
            )
            return [Sessione(**row) for row in await cursor.fetchall()]

    async def revoke(self, session_id: UUID, operatore_id: UUID) -> bool:
        """Ends one of the operator's own sessions; False when it is not his or has ended already."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE sessioni s SET revocata_il = now() FROM incarichi i WHERE i.id = s.incarico_id"
                " AND s.id = %s AND i.operatore_id = %s AND s.revocata_il IS NULL",
                (session_id, operatore_id),
            )
            return cursor.rowcount == 1
