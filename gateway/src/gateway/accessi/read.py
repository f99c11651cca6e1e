"""Reading the access log, inside the reader's ente alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool


@dataclass(frozen=True, slots=True)
class Filtro:
    """`ente` is the reader's and always applies: rows of operators of another ente are not his to read.

    `senza_rotta`: route template whose rows are left out, e.g. the bell that every open page listens to."""

    ente: str
    cartella: UUID | None = None
    residente: UUID | None = None
    operatore: UUID | None = None
    dal: datetime | None = None
    al: datetime | None = None
    limite: int = 100
    senza_rotta: str | None = None


@dataclass(frozen=True, slots=True)
class AccessoOut:
    quando: datetime
    operatore_id: UUID
    ruolo: str
    settore: str
    metodo: str
    rotta: str
    sezione: str
    azione: str
    cartella_id: UUID | None
    residente_id: UUID | None
    motivo: str
    esito: int
    durata_ms: int
    correlation_id: str


COLUMNS = ", ".join(AccessoOut.__slots__)


async def list_accessi(pool: AsyncConnectionPool[Any], filtro: Filtro) -> list[AccessoOut]:
    """Newest first."""
    where, values = ["ente = %s"], list[Any]([filtro.ente])
    for condition, value in (
        ("cartella_id = %s", filtro.cartella),
        ("residente_id = %s", filtro.residente),
        ("operatore_id = %s", filtro.operatore),
        ("quando >= %s", filtro.dal),
        ("quando < %s", filtro.al),
        ("rotta <> %s", filtro.senza_rotta),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    query = f"SELECT {COLUMNS} FROM accessi WHERE {' AND '.join(where)} ORDER BY quando DESC LIMIT %s"
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(AccessoOut))
        await cursor.execute(query, [*values, filtro.limite])
        return await cursor.fetchall()
