"""Reading the registry of operators, inside the reader's enti alone: the list, one's history, who was given what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row
from psycopg_pool import AsyncConnectionPool

from contracts.errors import NotFound
from gateway.db import TODAY

Pool = AsyncConnectionPool[Any]
IN_CORSO, CESSATI, TUTTI = "in_corso", "cessati", "tutti"
VISTE = (IN_CORSO, CESSATI, TUTTI)
CURRENT = f"i.revocato_il IS NULL AND o.revocato_il IS NULL AND (i.al IS NULL OR i.al >= {TODAY})"
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Ricerca:
    """`testo`: parts of the name, or a codice fiscale. `dopo`: the operator whose followers are wanted (keyset)."""

    enti: Sequence[str]
    testo: str = ""
    ente: str = ""
    settore: str = ""
    ruolo: str = ""
    vista: str = IN_CORSO
    dopo: UUID | None = None
    limite: int = 50


@dataclass(frozen=True, slots=True)
class RigaIncarico:
    """`stato`: in_corso, futuro, finito."""

    incarico_id: UUID
    ruolo: str
    ente: str
    settore: str
    dal: date
    al: date | None
    atto: str
    revocato_il: datetime | None
    stato: str


@dataclass(frozen=True, slots=True)
class RigaOperatore:
    operatore_id: UUID
    cognome: str
    nome: str
    codice_fiscale: str
    email: str
    revocato_il: datetime | None
    incarichi: list[RigaIncarico]


@dataclass(frozen=True, slots=True)
class Fatto:
    """What was done about an operator. `da`: by whom; `vede_casi`: the role given reaches cases."""

    seq: int
    quando: datetime
    operatore_id: UUID
    operatore: str
    fatto: str
    da: str
    da_operatore_id: UUID
    motivo: str
    vede_casi: bool
    ruolo: str
    ente: str
    settore: str


INCARICHI = f"""
SELECT i.operatore_id, i.id AS incarico_id, i.ruolo, i.ente, i.settore, i.dal, i.al, i.atto, i.revocato_il,
       CASE WHEN i.revocato_il IS NOT NULL OR i.al < {TODAY} THEN 'finito'
            WHEN i.dal > {TODAY} THEN 'futuro' ELSE 'in_corso' END AS stato
  FROM incarichi i WHERE i.operatore_id = ANY(%s) AND i.ente = ANY(%s) ORDER BY i.dal DESC, i.id
"""
FATTI = """
SELECT f.seq, f.quando, f.operatore_id, o.nome || ' ' || o.cognome AS operatore, f.fatto,
       coalesce(d.nome || ' ' || d.cognome, '') AS da, f.da_operatore_id, f.motivo, f.vede_casi,
       coalesce(i.ruolo, '') AS ruolo, f.ente, coalesce(i.settore, '') AS settore
  FROM operatori_fatti f JOIN operatori o ON o.id = f.operatore_id
  LEFT JOIN operatori d ON d.id = f.da_operatore_id LEFT JOIN incarichi i ON i.id = f.incarico_id
"""


async def search(pool: Pool, ricerca: Ricerca) -> tuple[list[RigaOperatore], bool]:
    """Operators by surname, and whether more follow."""
    where, values = _conditions(ricerca)
    query = (
        "SELECT o.id, o.cognome, o.nome, o.codice_fiscale, o.email, o.revocato_il FROM operatori o"
        f" WHERE {' AND '.join(where)} ORDER BY o.cognome, o.nome, o.id LIMIT %s"
    )
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(query, [*values, ricerca.limite + 1])
        rows = await cursor.fetchall()
        shown = rows[: ricerca.limite]
        incarichi = await _incarichi(cursor, [row["id"] for row in shown], ricerca.enti)
    found = [_operatore(row, incarichi) for row in shown]
    return found, len(rows) > ricerca.limite


def _conditions(ricerca: Ricerca) -> tuple[list[str], list[Any]]:
    mine, values = ["i.operatore_id = o.id", "i.ente = ANY(%s)"], list[Any]([list(ricerca.enti)])
    for column, value in (("ente", ricerca.ente), ("settore", ricerca.settore), ("ruolo", ricerca.ruolo)):
        if value:
            mine.append(f"i.{column} = %s")
            values.append(value)
    exists = f"EXISTS (SELECT 1 FROM incarichi i WHERE {' AND '.join(mine)}{{}})"
    where = [exists.format(f" AND {CURRENT}") if ricerca.vista == IN_CORSO else exists.format("")]
    if ricerca.vista == CESSATI:
        where.append(f"NOT EXISTS (SELECT 1 FROM incarichi i WHERE {' AND '.join(mine)} AND {CURRENT})")
        values *= 2
    for word in ricerca.testo[:LONGEST_SEARCH].split():
        where.append("(o.cognome || ' ' || o.nome ILIKE %s OR o.codice_fiscale = upper(%s))")
        values += [f"%{_escaped(word)}%", word]
    if ricerca.dopo is not None:
        where.append("(o.cognome, o.nome, o.id) > (SELECT cognome, nome, id FROM operatori WHERE id = %s)")
        values.append(ricerca.dopo)
    return where, values


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\x00", "")


async def get(pool: Pool, enti: Sequence[str], operatore_id: UUID) -> tuple[RigaOperatore, list[Fatto]]:
    """One operator with all his incarichi here, ended ones too, and what was done about him, newest first.

    NotFound for one who never worked in any of `enti`.
    """
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute("SELECT * FROM operatori WHERE id = %s", (operatore_id,))
        row = await cursor.fetchone()
        incarichi = await _incarichi(cursor, [operatore_id], enti)
        if row is None or not incarichi:
            raise NotFound("operatori.non_trovato", "Questo operatore non c'è.")
        facts = connection.cursor(row_factory=class_row(Fatto))
        await facts.execute(
            f"{FATTI} WHERE f.operatore_id = %s AND f.ente = ANY(%s) ORDER BY f.seq DESC LIMIT 200",
            (operatore_id, list(enti)),
        )
        return _operatore(row, incarichi), await facts.fetchall()


async def list_nomine(pool: Pool, enti: Sequence[str], prima: int | None, limite: int) -> list[Fatto]:
    """Roles that see cases, as they were given, newest first: for the DPO to look through. `prima`: older than this."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Fatto))
        await cursor.execute(
            f"{FATTI} WHERE f.vede_casi AND f.fatto IN ('abilitato', 'delegato') AND f.ente = ANY(%s)"
            " AND f.seq < coalesce(%s, 9223372036854775807) ORDER BY f.seq DESC LIMIT %s",
            (list(enti), prima, limite),
        )
        return await cursor.fetchall()


async def list_settori(pool: Pool, enti: Sequence[str]) -> list[str]:
    """Settori somebody of these enti works in or worked in."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT DISTINCT settore FROM incarichi WHERE ente = ANY(%s) AND settore <> '' ORDER BY settore",
            (list(enti),),
        )
        return [row[0] for row in await cursor.fetchall()]


async def _incarichi(
    cursor: Any, operatori: Sequence[UUID], enti: Sequence[str]
) -> dict[UUID, list[RigaIncarico]]:
    await cursor.execute(INCARICHI, (list(operatori), list(enti)))
    found: dict[UUID, list[RigaIncarico]] = {}
    for row in await cursor.fetchall():
        found.setdefault(row.pop("operatore_id"), []).append(RigaIncarico(**row))
    return found


def _operatore(row: dict[str, Any], incarichi: dict[UUID, list[RigaIncarico]]) -> RigaOperatore:
    return RigaOperatore(
        row["id"], row["cognome"], row["nome"], row["codice_fiscale"], row["email"], row["revocato_il"],
        incarichi.get(row["id"], []),
    )  # fmt: skip
