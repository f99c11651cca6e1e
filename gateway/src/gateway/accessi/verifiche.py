"""Whole verifications as jobs: asked for on a page, done by the notaio a part each minute, looked at when one likes."""

from dataclasses import asdict, dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from gateway.accessi.chiavi import Verifier
from gateway.accessi.sigilli import Connection, last_seal
from gateway.accessi.verify import Cursore, Walk

ASKED = "gateway_verifiche"
"""Channel on which the notaio hears that somebody asked."""
SAVE_EVERY = 2.0
"""Seconds of work that a kill may cost."""
COLUMNS = (
    "id", "tipo", "stato", "chiesta_da", "chiesta_il", "aggiornata_il", "finita_il", "righe", "totale", "catene",
    "sigillo", "anomalie",
)  # fmt: skip
SELECT = sql.SQL("SELECT {} FROM accessi_verifiche").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
TOTAL = """
SELECT coalesce((SELECT sum(righe) FROM accessi_sigilli), 0) - coalesce((SELECT sum(righe) FROM accessi_scarti), 0)
"""


@dataclass(frozen=True, slots=True)
class VerificaOut:
    """A verification: `stato` in_attesa, in_corso, finita; `totale` is how many rows there were when it began."""

    id: UUID
    tipo: str
    stato: str
    chiesta_da: UUID | None
    chiesta_il: datetime
    aggiornata_il: datetime
    finita_il: datetime | None
    righe: int
    totale: int
    catene: int
    sigillo: int | None
    anomalie: list[dict[str, Any]]

    @property
    def integro(self) -> bool:
        """Whether it ended and found nothing."""
        return self.stato == "finita" and not self.anomalie


async def ask(connection: Connection, ente: str, operatore_id: UUID) -> VerificaOut:
    """The verification that is under way, or a new one: never two at once."""
    await connection.execute(
        "INSERT INTO accessi_verifiche (id, tipo, ente, chiesta_da) VALUES (%s, 'intera', %s, %s)"
        " ON CONFLICT DO NOTHING",
        (uuid7(), ente, operatore_id),
    )
    await connection.execute(f"NOTIFY {ASKED}")
    (found,) = await _list(connection, sql.SQL("WHERE tipo = 'intera' ORDER BY chiesta_il DESC LIMIT 1"), ())
    return found


async def get(connection: Connection, verifica_id: UUID) -> VerificaOut | None:
    found = await _list(connection, sql.SQL("WHERE id = %s"), (verifica_id,))
    return found[0] if found else None


async def newest(connection: Connection, limit: int = 10) -> list[VerificaOut]:
    """The latest whole verifications and findings of the continuous one."""
    return await _list(connection, sql.SQL("ORDER BY chiesta_il DESC LIMIT %s"), (limit,))


async def _list(connection: Connection, rest: sql.SQL, values: tuple[Any, ...]) -> list[VerificaOut]:
    async with connection.cursor(row_factory=class_row(VerificaOut)) as cursor:
        await cursor.execute(sql.SQL(" ").join((SELECT, rest)), values)
        return await cursor.fetchall()


async def go_on(connection: Connection, keys: Verifier | None, seconds: float) -> VerificaOut | None:
    """Does a part of the verification that is under way, about this long; None when nobody asked for one."""
    alone: Any = await (
        await connection.execute("SELECT pg_try_advisory_lock(hashtext('accessi_verifiche'))")
    ).fetchone()
    if not alone[0]:
        return None
    try:
        return await _go_on(connection, keys, monotonic() + seconds)
    finally:
        await connection.execute("SELECT pg_advisory_unlock(hashtext('accessi_verifiche'))")


async def _go_on(connection: Connection, keys: Verifier | None, until: float) -> VerificaOut | None:
    cursor = await connection.execute(
        "SELECT id, cursore FROM accessi_verifiche WHERE stato <> 'finita' LIMIT 1"
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    verifica_id, known = row
    if known is None:
        last = await last_seal(connection)
        await connection.execute(
            f"UPDATE accessi_verifiche SET stato = 'in_corso', totale = ({TOTAL}), sigillo = %s WHERE id = %s",
            (last.numero if last else None, verifica_id),
        )
    cursore, walk, saved = Cursore(**(known or {})), Walk(connection, keys), monotonic()

    async def save(cursore: Cursore) -> None:
        nonlocal saved
        if monotonic() - saved > SAVE_EVERY:
            await _save(connection, verifica_id, cursore, walk)
            saved = monotonic()

    await walk.go_on(cursore, until, save)
    await _save(connection, verifica_id, cursore, walk)
    return await get(connection, verifica_id)


async def _save(connection: Connection, verifica_id: UUID, cursore: Cursore, walk: Walk) -> None:
    """Where the walk stands and what it found since the last time, together: a kill repeats, it never doubles."""
    found = [asdict(anomalia) for anomalia in walk.anomalie]
    await connection.execute(
        "UPDATE accessi_verifiche SET cursore = %s, righe = %s, catene = %s, anomalie = anomalie || %s,"
        " aggiornata_il = now(), stato = CASE WHEN %s THEN 'finita' ELSE stato END,"
        " finita_il = CASE WHEN %s THEN now() END WHERE id = %s",
        (
            Jsonb(asdict(cursore)), cursore.righe, cursore.catene, Jsonb(found), cursore.finita, cursore.finita,
            verifica_id,
        ),
    )  # fmt: skip
    walk.anomalie.clear()
