"""Walks every chain of the access log and tells what does not hold."""

import asyncio
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from gateway.accessi.row import COLUMNS, chain_hash, opening_hash

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Anomalia:
    catena: str
    seq: int
    motivo: str


@dataclass(frozen=True, slots=True)
class Verifica:
    """`integro` is true when no row was changed, removed, inserted or moved."""

    catene: int
    righe: int
    anomalie: tuple[Anomalia, ...]

    @property
    def integro(self) -> bool:
        return not self.anomalie


async def verify(connection: psycopg.AsyncConnection[Any]) -> Verifica:
    """Reads the whole log in chunks; a change at any point is reported once, at the row where the chain breaks."""
    found: list[Anomalia] = []
    openings, named = await _read_openings(connection, found)
    rows = 0
    async with connection.transaction():
        cursor: Any = connection.cursor(name="verify_accessi", row_factory=dict_row)
        await cursor.execute(
            f"SELECT {', '.join(COLUMNS)}, prima, hash FROM accessi ORDER BY catena, seq"  # our own column names
        )
        catena, seq, last = "", 0, b""
        while chunk := await cursor.fetchmany(CHUNK):
            for row in chunk:
                if str(row["catena"]) != catena:
                    catena, seq = str(row["catena"]), 0
                    last = openings.get(catena, b"")
                rows += 1
                found.extend(_check(row, catena, seq, last))
                seq, last = row["seq"], bytes(row["hash"])
                if named.get((catena, seq)) == last:
                    del named[catena, seq]
            await asyncio.sleep(0)
        await cursor.close()
    found += [
        Anomalia(chain, number, "riga nota a una catena successiva, ora assente") for chain, number in named
    ]
    return Verifica(len(openings), rows, tuple(found))


def _check(row: dict[str, Any], catena: str, seq: int, last: bytes) -> list[Anomalia]:
    if row["seq"] != seq + 1:
        return [Anomalia(catena, seq + 1, "riga mancante")]
    if bytes(row["prima"]) != last:
        return [Anomalia(catena, row["seq"], "la riga non segue la precedente")]
    if bytes(row["hash"]) != chain_hash(last, row):
        return [Anomalia(catena, row["seq"], "contenuto modificato")]
    return []


async def _read_openings(
    connection: psycopg.AsyncConnection[Any], found: list[Anomalia]
) -> tuple[dict[str, bytes], dict[tuple[str, int], bytes]]:
    """Start hash by chain, and the rows that later chains remember."""
    openings: dict[str, bytes] = {}
    named: dict[tuple[str, int], bytes] = {}
    cursor = await connection.execute(
        "SELECT catena, aperta_il, teste, hash FROM accessi_catene ORDER BY aperta_il"
    )
    for catena, aperta_il, teste, digest in await cursor.fetchall():
        openings[str(catena)] = bytes(digest)
        if opening_hash(catena, aperta_il, teste) != bytes(digest):
            found.append(Anomalia(str(catena), 0, "apertura della catena modificata"))
        for known, (seq, known_hash) in teste.items():
            if named.setdefault((known, seq), bytes.fromhex(known_hash)) != bytes.fromhex(known_hash):
                found.append(Anomalia(known, seq, "due catene ricordano la riga diversamente"))
    return openings, named
