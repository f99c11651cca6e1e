"""Who works where now, stand-ins included: what the preview of a change and "chi può leggere" are computed over."""

from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from gateway.chi_legge import Posto
from gateway.db import TODAY
from gateway.operatori.repository import IN_FORCE

POSTI = f"""
SELECT o.id AS operatore_id, o.nome || ' ' || o.cognome AS nome, i.ruolo, i.ente, i.settore,
       NULL::uuid AS titolare_id, '' AS titolare
  FROM incarichi i JOIN operatori o ON o.id = i.operatore_id
 WHERE {IN_FORCE}
 UNION
SELECT s.id, s.nome || ' ' || s.cognome, i.ruolo, i.ente, i.settore, o.id, o.nome || ' ' || o.cognome
  FROM deleghe d JOIN incarichi i ON i.id = d.incarico_id JOIN operatori o ON o.id = i.operatore_id
  JOIN operatori s ON s.id = d.delegato_id
 WHERE d.revocata_il IS NULL AND {TODAY} BETWEEN d.dal AND d.al AND s.revocato_il IS NULL AND {IN_FORCE}
 ORDER BY 2, 3, 4, 5, 7
"""


async def list_posti(pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> list[Posto]:
    """In every ente, by name."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Posto))
        await cursor.execute(POSTI)
        return await cursor.fetchall()
