"""Verifying what came in since the last verified seal: the notaio does it each minute, on the rows of that minute."""

import json
from dataclasses import asdict
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from gateway.accessi.catena import FORMATI
from gateway.accessi.chiavi import Verifier
from gateway.accessi.sigilli import (
    Anomalia,
    Connection,
    Sigillo,
    Testa,
    check_seal,
    get_seal,
    last_seal,
    seals_after,
)
from gateway.accessi.verify import SELECT, Opening, Verifica, check_row

CURSOR = "verifica"
SEALS_A_TURN = 200
START = "SELECT hash FROM accessi_teste WHERE catena = %s AND seq = %s"
KNOWN = """
SELECT %s::jsonb <@ coalesce(jsonb_agg(a), '[]') FROM accessi_verifiche CROSS JOIN jsonb_array_elements(anomalie) a
"""


async def read_cursor(connection: Connection, name: str) -> int:
    """Number of the last seal that was dealt with under this name; 0 before the first."""
    cursor = await connection.execute("SELECT sigillo FROM registro_cursori WHERE nome = %s", (name,))
    row = await cursor.fetchone()
    return row[0] if row else 0


async def move_cursor(connection: Connection, name: str, sigillo: int) -> None:
    await connection.execute(
        "INSERT INTO registro_cursori (nome, sigillo) VALUES (%s, %s)"
        " ON CONFLICT (nome) DO UPDATE SET sigillo = excluded.sigillo, aggiornato_il = now()",
        (name, sigillo),
    )


async def verify_new(connection: Connection, keys: Verifier | None, limit: int = SEALS_A_TURN) -> Verifica:
    """Seals and rows since the last time, at most `limit` seals; the cursor moves past what was looked at."""
    done = await read_cursor(connection, CURSOR)
    found: list[Anomalia] = []
    before = await get_seal(connection, done) if done else None
    if done and before is None:
        found.append(Anomalia("sigilli", done, "sigillo già verificato, ora assente"))
        newest = await last_seal(connection)
        before, done = newest, newest.numero if newest else 0
    rows = seals = 0
    for sigillo, teste in await seals_after(connection, done, limit):
        found += _check_number(sigillo, done)
        found += check_seal(sigillo, teste, before.hash if before else b"", keys)
        for testa in teste:
            found += await _check_rows(connection, testa)
        rows, seals = rows + sigillo.righe, seals + 1
        before, done = sigillo, sigillo.numero
    await move_cursor(connection, CURSOR, done)
    return Verifica(0, rows, tuple(found), seals, keys is not None)


def _check_number(sigillo: Sigillo, done: int) -> list[Anomalia]:
    return [] if sigillo.numero == done + 1 else [Anomalia("sigilli", done + 1, "sigillo mancante")]


async def _check_rows(connection: Connection, testa: Testa) -> list[Anomalia]:
    """The rows a seal says are new in one chain: each following the one before, the last with the sealed hash."""
    name = str(testa.catena)
    cursor = await connection.execute(
        "SELECT catena, aperta_il, formato, teste, hash FROM accessi_catene WHERE catena = %s",
        (testa.catena,),
    )
    row = await cursor.fetchone()
    if row is None or row[2] not in FORMATI:
        return [Anomalia(name, 0, "catena sigillata, ora assente")]
    opening = Opening.of(row)
    seq, last = testa.da - 1, opening.hash
    if seq:
        cursor = await connection.execute(START, (testa.catena, seq))
        before = await cursor.fetchone()
        if before is None:
            return [Anomalia(name, seq, "riga che nessun sigillo nomina")]
        last = bytes(before[0])
    found: list[Anomalia] = []
    async with connection.cursor(row_factory=dict_row) as rows:
        query = f"{SELECT} WHERE catena = %s AND seq BETWEEN %s AND %s ORDER BY seq, quando"
        await rows.execute(query, (testa.catena, testa.da, testa.seq))
        for one in await rows.fetchall():
            found += check_row(one, name, seq, last, opening)
            seq, last = one["seq"], bytes(one["hash"])
    if seq != testa.seq:
        found.append(Anomalia(name, seq + 1, "righe sigillate ora assenti"))
    elif last != testa.hash:
        found.append(Anomalia(name, seq, "la riga non è quella del sigillo"))
    return found


async def record_findings(connection: Connection, anomalie: tuple[Anomalia, ...], sigillo: int) -> bool:
    """Keeps for the DPO what does not hold, once; False when all of it was known."""
    content = [asdict(anomalia) for anomalia in dict.fromkeys(anomalie)]
    known: Any = await (await connection.execute(KNOWN, (json.dumps(content),))).fetchone()
    if not content or known[0]:
        return False
    await connection.execute(
        "INSERT INTO accessi_verifiche (id, tipo, stato, finita_il, sigillo, anomalie)"
        " VALUES (%s, 'continua', 'finita', now(), %s, %s)",
        (uuid7(), sigillo, Jsonb(content)),
    )
    return True
