"""Seals: every minute one signed head over all chains, each naming the seal before it.

Who holds the database could write the whole log anew, hashes and all; he cannot sign the seals, nor change one that
stands printed in a drawer. Between two seals lies a minute: so much, and no more, could be cut off unseen.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg

from gateway.accessi.catena import REMEMBERED
from gateway.accessi.chiavi import Signer, Verifier
from gateway.accessi.row import plain

Connection = psycopg.AsyncConnection[Any]
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('accessi_sigilli'))"
GROWN = """
SELECT c.catena, coalesce(s.seq, 0), coalesce(h.seq, 0), h.hash
  FROM accessi_catene c
  LEFT JOIN LATERAL (SELECT max(seq) AS seq FROM accessi_teste WHERE catena = c.catena) s ON true
  LEFT JOIN LATERAL (SELECT seq, hash FROM accessi WHERE catena = c.catena ORDER BY seq DESC LIMIT 1) h ON true
 WHERE c.aperta_il > %s AND coalesce(h.seq, 0) <> coalesce(s.seq, 0)
 ORDER BY c.catena
"""
"""Chains that may have grown: what was sealed of each, and what is there now."""
NEWEST = "SELECT numero, momento, righe, prima, hash, firma, chiave FROM accessi_sigilli"


@dataclass(frozen=True, slots=True)
class Anomalia:
    """What does not hold: a chain (or `sigilli`, `scarti`), the number in it, and why."""

    catena: str
    seq: int
    motivo: str


@dataclass(frozen=True, slots=True)
class Testa:
    """Rows `da`–`seq` of a chain came in since the seal before; `hash` is that of the last."""

    catena: UUID
    da: int
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Sigillo:
    numero: int
    momento: datetime
    righe: int
    prima: bytes
    hash: bytes
    firma: bytes
    chiave: str


@dataclass(frozen=True, slots=True)
class Sealing:
    """`sigillo` is None when another process was sealing."""

    sigillo: Sigillo | None
    anomalie: tuple[Anomalia, ...] = ()


def seal_hash(numero: int, momento: datetime, prima: bytes, teste: Sequence[Testa]) -> bytes:
    """Over everything a seal says, with the hash of the seal before."""
    heads = sorted([str(t.catena), t.da, t.seq, t.hash.hex()] for t in teste)
    content = ["sigillo", 1, numero, plain(momento), prima.hex(), heads]
    return sha256(json.dumps(content, separators=(",", ":")).encode()).digest()


async def seal(connection: Connection, signer: Signer, now: datetime | None = None) -> Sealing:
    """One more seal, whole or not at all. A chain shorter than when it was last sealed is told, never sealed over."""
    async with connection.transaction():
        alone: Any = await (await connection.execute(LOCK)).fetchone()
        if not alone[0]:
            return Sealing(None)
        last = await last_seal(connection)
        since = last.momento - REMEMBERED if last else datetime.min.replace(tzinfo=UTC)
        momento = max(now or datetime.now(UTC), last.momento if last else since)
        teste, anomalie = [], []
        cursor = await connection.execute(GROWN, (since,))
        for catena, sealed, seq, digest in await cursor.fetchall():
            if seq > sealed:
                teste.append(Testa(catena, sealed + 1, seq, bytes(digest)))
            else:
                anomalie.append(Anomalia(str(catena), sealed, "righe già sigillate, ora assenti"))
        sigillo = _sign(signer, last, momento, teste)
        await _store(connection, sigillo, teste)
    return Sealing(sigillo, tuple(anomalie))


def _sign(signer: Signer, last: Sigillo | None, momento: datetime, teste: Sequence[Testa]) -> Sigillo:
    numero, prima = (last.numero + 1, last.hash) if last else (1, b"")
    digest = seal_hash(numero, momento, prima, teste)
    righe = sum(t.seq - t.da + 1 for t in teste)
    return Sigillo(numero, momento, righe, prima, digest, signer.sign(digest), signer.name)


async def _store(connection: Connection, sigillo: Sigillo, teste: Sequence[Testa]) -> None:
    await connection.execute(
        "INSERT INTO accessi_sigilli (numero, momento, righe, prima, hash, firma, chiave)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (sigillo.numero, sigillo.momento, sigillo.righe, sigillo.prima, sigillo.hash, sigillo.firma, sigillo.chiave),
    )  # fmt: skip
    if teste:
        cursor = connection.cursor()
        await cursor.executemany(
            "INSERT INTO accessi_teste (numero, catena, da, seq, hash) VALUES (%s, %s, %s, %s, %s)",
            [(sigillo.numero, t.catena, t.da, t.seq, t.hash) for t in teste],
        )


def check_seal(
    sigillo: Sigillo, teste: Sequence[Testa], prima: bytes, keys: Verifier | None
) -> list[Anomalia]:
    """What does not hold in one seal, `prima` being the hash of the one before."""

    def found(motivo: str) -> list[Anomalia]:
        return [Anomalia("sigilli", sigillo.numero, motivo)]

    if sigillo.prima != prima:
        return found("il sigillo non segue il precedente")
    if seal_hash(sigillo.numero, sigillo.momento, sigillo.prima, teste) != sigillo.hash:
        return found("sigillo modificato")
    if sigillo.righe != sum(t.seq - t.da + 1 for t in teste):
        return found("il sigillo conta altre righe")
    refusal = keys.refusal(sigillo.chiave, sigillo.hash, sigillo.firma) if keys else ""
    return found(f"sigillo non valido: {refusal}") if refusal else []


async def last_seal(connection: Connection) -> Sigillo | None:
    return await _find(connection, f"{NEWEST} ORDER BY numero DESC LIMIT 1", ())


async def get_seal(connection: Connection, numero: int) -> Sigillo | None:
    return await _find(connection, f"{NEWEST} WHERE numero = %s", (numero,))


async def seals_after(connection: Connection, numero: int, limit: int) -> list[tuple[Sigillo, list[Testa]]]:
    """The next seals in order, each with its heads."""
    cursor = await connection.execute(f"{NEWEST} WHERE numero > %s ORDER BY numero LIMIT %s", (numero, limit))
    seals = [_seal(row) for row in await cursor.fetchall()]
    heads: dict[int, list[Testa]] = {sigillo.numero: [] for sigillo in seals}
    if seals:
        cursor = await connection.execute(
            "SELECT numero, catena, da, seq, hash FROM accessi_teste WHERE numero BETWEEN %s AND %s",
            (seals[0].numero, seals[-1].numero),
        )
        for owner, catena, da, seq, digest in await cursor.fetchall():
            heads.setdefault(owner, []).append(Testa(catena, da, seq, bytes(digest)))
    return [(sigillo, heads[sigillo.numero]) for sigillo in seals]


async def _find(connection: Connection, query: Any, values: tuple[Any, ...]) -> Sigillo | None:
    cursor = await connection.execute(query, values)
    row = await cursor.fetchone()
    return _seal(row) if row else None


def _seal(row: tuple[Any, ...]) -> Sigillo:
    numero, momento, righe, prima, digest, firma, chiave = row
    return Sigillo(numero, momento, righe, bytes(prima), bytes(digest), bytes(firma), chiave)


def in_groups(digest: bytes) -> str:
    """A hash as one reads it out: 16 groups of four, in four lines."""
    text = digest.hex().upper()
    groups = [text[i : i + 4] for i in range(0, len(text), 4)]
    return "\n".join(" ".join(groups[i : i + 4]) for i in range(0, len(groups), 4))


def from_groups(text: str) -> bytes | None:
    """What was copied from paper, blanks and case aside; None when it is not 64 hex digits."""
    clean = "".join(text.split()).replace("-", "")
    try:
        digest = bytes.fromhex(clean)
    except ValueError:
        return None
    return digest if len(digest) == 32 else None
