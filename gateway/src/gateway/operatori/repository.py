"""Who works here: operators, their incarichi and deleghe; names for the pages."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from gateway.db import TODAY

NAMES_KEPT = 300.0
"""Seconds a name is remembered; names are not secret inside the office and change seldom."""

COLUMNS = """
SELECT i.id AS incarico_id, o.id AS operatore_id, o.identita, o.nome || ' ' || o.cognome AS nome, o.email,
       i.ruolo, i.ente, i.settore, i.dal::text, i.al::text
"""
IN_FORCE = f"""
 o.revocato_il IS NULL AND i.revocato_il IS NULL
   AND i.dal <= {TODAY} AND (i.al IS NULL OR i.al >= {TODAY})
"""
LIST = f"""{COLUMNS}
  FROM incarichi i JOIN operatori o ON o.id = i.operatore_id
 WHERE {IN_FORCE}
"""
CHOICES = f"""
SELECT i.id AS incarico_id, NULL::uuid AS delega_id, i.ruolo, i.ente, i.settore, '' AS titolare,
       NULL::uuid AS titolare_id, i.al
  FROM incarichi i JOIN operatori o ON o.id = i.operatore_id
 WHERE o.id = %(operatore)s AND {IN_FORCE}
 UNION ALL
SELECT i.id, d.id, i.ruolo, i.ente, i.settore, o.nome || ' ' || o.cognome, o.id, d.al
  FROM deleghe d JOIN incarichi i ON i.id = d.incarico_id JOIN operatori o ON o.id = i.operatore_id
 WHERE d.delegato_id = %(operatore)s AND d.revocata_il IS NULL AND {TODAY} BETWEEN d.dal AND d.al
   AND EXISTS (SELECT 1 FROM operatori WHERE id = d.delegato_id AND revocato_il IS NULL) AND {IN_FORCE}
 ORDER BY 6, 4, 5, 3
"""


@dataclass(frozen=True, slots=True)
class Incarico:
    """An operator in a role, in a settore of an ente, now in force."""

    incarico_id: UUID
    operatore_id: UUID
    identita: str
    nome: str
    email: str
    ruolo: str
    ente: str
    settore: str
    dal: str
    al: str | None


@dataclass(frozen=True, slots=True)
class Scelta:
    """An incarico an operator may work in now: his own, or of `titolare` for whom he stands in (`delega_id`). `al`: its
    last day, where it has one."""

    incarico_id: UUID
    delega_id: UUID | None
    ruolo: str
    ente: str
    settore: str
    titolare: str
    titolare_id: UUID | None
    al: date | None


class OperatoriRepository:
    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool = pool
        self.known: dict[UUID, tuple[str, float]] = {}

    async def nomi(self, operatori_id: Iterable[UUID]) -> dict[UUID, str]:
        """Name by id; the unknown are left out."""
        wanted, oldest = set(operatori_id), time.monotonic() - NAMES_KEPT
        missing = [i for i in wanted if i not in self.known or self.known[i][1] < oldest]
        if missing:
            async with self.pool.connection() as connection:
                cursor = await connection.execute(
                    "SELECT id, nome || ' ' || cognome FROM operatori WHERE id = ANY(%s)", (missing,)
                )
                now = time.monotonic()
                for operatore_id, nome in await cursor.fetchall():
                    self.known[operatore_id] = (nome, now)
        return {i: self.known[i][0] for i in wanted if i in self.known}

    async def list_incarichi(self, ente: str | None = None, settore: str | None = None) -> list[Incarico]:
        """Incarichi in force, by name."""
        where, values = "", list[str]()
        if ente is not None:
            where, values = " AND i.ente = %s", [ente]
        if settore is not None:
            where += " AND i.settore = %s"
            values.append(settore)
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Incarico))
            await cursor.execute(f"{LIST}{where} ORDER BY o.cognome, o.nome", values)
            return await cursor.fetchall()

    async def find_identita(self, identita: str) -> Incarico | None:
        """The latest incarico in force of a test identity (`giulia.bianchi`)."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Incarico))
            await cursor.execute(f"{LIST} AND o.identita = %s ORDER BY i.dal DESC LIMIT 1", (identita,))
            return await cursor.fetchone()

    async def find_by_codice(self, codice_fiscale: str) -> UUID | None:
        """The operator with this codice fiscale who was not revoked."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT id FROM operatori WHERE codice_fiscale = %s AND revocato_il IS NULL",
                (codice_fiscale,),
            )
            row = await cursor.fetchone()
        return row[0] if row else None

    async def choices(self, operatore_id: UUID) -> list[Scelta]:
        """What he may work as today: his own incarichi first, then those he stands in for."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Scelta))
            await cursor.execute(CHOICES, {"operatore": operatore_id})
            return await cursor.fetchall()
