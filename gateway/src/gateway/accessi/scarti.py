"""Discarding months whose term has passed, and the signed record that lets the chains be verified from there on.

A month holds, of each chain, one stretch of rows or a few (at midnight of the first, rows of two months alternate). The
record keeps where each stretch began and ended and both hashes: a verifier steps over it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from gateway.accessi.chiavi import Signer, Verifier
from gateway.accessi.row import plain
from gateway.accessi.sigilli import Anomalia, Connection

CHUNK = 1000
ROWS = "SELECT catena, seq, prima, hash FROM accessi WHERE quando >= %s AND quando < %s ORDER BY catena, seq"
UNSEALED = """
SELECT t.catena, t.a
  FROM (SELECT value ->> 0 AS catena, (value ->> 2)::bigint AS a FROM jsonb_array_elements(%s)) t
 WHERE t.a > coalesce((SELECT max(seq) FROM accessi_teste WHERE catena = t.catena::uuid), 0)
"""
log = structlog.get_logger()


@dataclass(slots=True)
class Tratto:
    """Rows `da`–`a` of a chain, gone together: `prima` is what the first one followed, `hash` that of the last."""

    da: int
    a: int
    prima: bytes
    hash: bytes


Tratti = dict[int, Tratto]
"""The stretches of one chain by their first number."""


@dataclass(frozen=True, slots=True)
class Scarto:
    mese: date
    quando: datetime
    righe: int
    catene: int
    chiave: str


async def discard_expired(
    connection: Connection, signer: Signer, broken: Sequence[Anomalia] = ()
) -> tuple[list[Scarto], list[Anomalia]]:
    """Drops each month past the longest term of any ente. A month that is not sealed stays, and so does one with a
    chain among the `broken` of a whole verification made just before: what is wrong would be gone for good."""
    done: list[Scarto] = []
    kept: list[Anomalia] = []
    # a verification under way must not lose rows from under its feet
    await connection.execute("SELECT pg_advisory_lock(hashtext('accessi_verifiche'))")
    for mese in await expired_months(connection):
        tratti, righe = await _stretches(connection, mese)
        chains = {catena for catena, _ in tratti} | {"sigilli", "scarti"}
        reasons = [one for one in broken if one.catena in chains] + await _unsealed(connection, tratti)
        if reasons:
            log.error("access_log_month_kept", mese=str(mese), anomalie=len(reasons))
            kept += reasons
            continue
        done.append(await _discard(connection, signer, mese, tratti, righe))
    await connection.execute("SELECT pg_advisory_unlock(hashtext('accessi_verifiche'))")
    return done, kept


async def expired_months(connection: Connection) -> list[date]:
    cursor = await connection.execute("SELECT mese FROM list_accessi_scaduti()")
    return [row[0] for row in await cursor.fetchall()]


async def _stretches(connection: Connection, mese: date) -> tuple[list[tuple[str, Tratto]], int]:
    """The stretches of a month by chain, and how many rows."""
    tratti: list[tuple[str, Tratto]] = []
    righe = 0
    async with connection.transaction():
        cursor: Any = connection.cursor(name="discard_accessi")
        await cursor.execute(ROWS, month_bounds(mese))
        while chunk := await cursor.fetchmany(CHUNK):
            for catena, seq, prima, digest in chunk:
                last = tratti[-1][1] if tratti and tratti[-1][0] == str(catena) else None
                if last is not None and last.a + 1 == seq and last.hash == prima:
                    last.a, last.hash = seq, bytes(digest)
                else:
                    tratti.append((str(catena), Tratto(seq, seq, bytes(prima), bytes(digest))))
            righe += len(chunk)
        await cursor.close()
    return tratti, righe


async def _unsealed(connection: Connection, tratti: list[tuple[str, Tratto]]) -> list[Anomalia]:
    cursor = await connection.execute(UNSEALED, (Jsonb(_plain(tratti)),))
    return [Anomalia(catena, a, "righe mai sigillate") for catena, a in await cursor.fetchall()]


async def _discard(
    connection: Connection, signer: Signer, mese: date, tratti: list[tuple[str, Tratto]], righe: int
) -> Scarto:
    """Record and drop, together or not at all."""
    now = datetime.now(UTC)
    content = _plain(tratti)
    digest = record_hash(mese, now, righe, content)
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO accessi_scarti (mese, quando, righe, tratti, hash, firma, chiave)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (mese, now, righe, Jsonb(content), digest, signer.sign(digest), signer.name),
        )
        await connection.execute("SELECT drop_accessi_mese(%s)", (mese,))
    log.info("access_log_month_discarded", mese=str(mese), rows=righe)
    return Scarto(mese, now, righe, len({catena for catena, _ in tratti}), signer.name)


def _plain(tratti: list[tuple[str, Tratto]]) -> list[list[Any]]:
    return [[catena, t.da, t.a, t.prima.hex(), t.hash.hex()] for catena, t in tratti]


def record_hash(mese: date, quando: datetime, righe: int, tratti: list[list[Any]]) -> bytes:
    content = ["scarto", 1, mese.isoformat(), plain(quando), righe, tratti]
    return sha256(json.dumps(content, separators=(",", ":")).encode()).digest()


async def load_discards(
    connection: Connection, keys: Verifier | None
) -> tuple[dict[str, Tratti], list[Anomalia]]:
    """The stretches that are gone, by chain; and the records that were changed or that no known key signed: what they
    say does not count."""
    cursor = await connection.execute(
        "SELECT mese, quando, righe, tratti, hash, firma, chiave FROM accessi_scarti ORDER BY mese"
    )
    gone: dict[str, Tratti] = {}
    found: list[Anomalia] = []
    for mese, quando, righe, tratti, digest, firma, chiave in await cursor.fetchall():
        changed = record_hash(mese, quando, righe, tratti) != bytes(digest)
        refusal = keys.refusal(chiave, bytes(digest), bytes(firma)) if keys else ""
        if changed or refusal:
            reason = "modificato" if changed else f"non valido: {refusal}"
            found.append(Anomalia("scarti", mese.year * 100 + mese.month, f"verbale di scarto {reason}"))
            continue
        for catena, da, a, prima, last in tratti:
            gone.setdefault(catena, {})[da] = Tratto(da, a, bytes.fromhex(prima), bytes.fromhex(last))
    return gone, found


async def list_discards(connection: Connection) -> list[Scarto]:
    """What was discarded, newest month first."""
    cursor = await connection.execute(
        "SELECT mese, quando, righe, (SELECT count(DISTINCT t.value ->> 0) FROM jsonb_array_elements(tratti) t), chiave"
        " FROM accessi_scarti ORDER BY mese DESC"
    )
    return [Scarto(*row) for row in await cursor.fetchall()]


def month_bounds(mese: date) -> tuple[datetime, datetime]:
    """First moment of a month and of the next, in UTC, as the partitions have them."""
    first = datetime(mese.year, mese.month, 1, tzinfo=UTC)
    after = datetime(mese.year + mese.month // 12, mese.month % 12 + 1, 1, tzinfo=UTC)
    return first, after
