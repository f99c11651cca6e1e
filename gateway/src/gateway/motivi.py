"""Why an operator opened a case that is not his own: asked once a day, remembered here (design 5.7)."""

from datetime import UTC, date, datetime
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

MOTIVO_RICHIESTO = "accesso.motivo_richiesto"
KEPT = 10_000
"""Reasons remembered in memory; beyond, all are forgotten and read again."""


class Motivi:
    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool = pool
        self.known: dict[tuple[UUID, UUID, date], str] = {}

    async def of_today(self, operatore_id: UUID, cartella_id: UUID) -> str:
        """The reason this operator wrote today for this case, or ""."""
        key = (operatore_id, cartella_id, _today())
        if key not in self.known:
            async with self.pool.connection() as connection:
                cursor = await connection.execute(
                    "SELECT motivo FROM motivi_accesso WHERE operatore_id = %s AND cartella_id = %s AND giorno = %s",
                    key,
                )
                row = await cursor.fetchone()
            if row is None:
                return ""
            self._remember(key, row[0])
        return self.known[key]

    async def keep(self, operatore_id: UUID, cartella_id: UUID, motivo: str) -> None:
        """The reason of today; a second one the same day replaces it (the access log keeps both)."""
        key = (operatore_id, cartella_id, _today())
        async with self.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO motivi_accesso (operatore_id, cartella_id, giorno, motivo) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (operatore_id, cartella_id, giorno) DO UPDATE SET motivo = excluded.motivo",
                (*key, motivo[:500]),
            )
        self._remember(key, motivo[:500])

    def _remember(self, key: tuple[UUID, UUID, date], motivo: str) -> None:
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[key] = motivo


def _today() -> date:
    return datetime.now(UTC).date()
