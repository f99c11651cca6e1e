"""Walks the access log and tells what does not hold: whole, chain by chain, or what came in since the last time.

The whole walk can be left after any chain and taken up again (`Cursore`): a job does a part of it each minute.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from gateway.accessi.catena import FORMATI, REMEMBERED, chain_hash, opening_hash
from gateway.accessi.chiavi import Verifier
from gateway.accessi.row import COLUMNS
from gateway.accessi.scarti import Tratti, load_discards
from gateway.accessi.sigilli import Anomalia, Connection, check_seal, last_seal, seals_after

CHUNK = 1000
OLDER = timedelta(days=2)
"""A row older than its chain by more than this was not written when it says."""
SELECT = f"SELECT {', '.join(COLUMNS)}, prima, hash FROM accessi"
VANISHED = """
SELECT DISTINCT t.catena FROM accessi_teste t LEFT JOIN accessi_catene c USING (catena) WHERE c.catena IS NULL
"""
FORGOTTEN = """
SELECT t.key, (t.value ->> 0)::bigint, t.value ->> 1, a.hash
  FROM accessi_catene c CROSS JOIN jsonb_each(c.teste) t
  LEFT JOIN accessi a ON a.catena = t.key::uuid AND a.seq = (t.value ->> 0)::bigint
 WHERE c.catena = %s AND (a.hash IS NULL OR a.hash <> decode(t.value ->> 1, 'hex'))
"""
"""Rows a chain remembers from when it began, and that are gone or different now."""
Progress = Callable[["Cursore"], Awaitable[None]]


@dataclass(slots=True)
class Cursore:
    """How far a walk has come: all seals first, then the chains in the order they were begun."""

    sigillo: int = 0
    hash: str = ""
    sigilli_visti: bool = False
    catena: str = ""
    finita: bool = False
    sigilli: int = 0
    catene: int = 0
    righe: int = 0


@dataclass(frozen=True, slots=True)
class Verifica:
    """`integro` is true when no row was changed, removed, inserted or moved. `firme`: signatures were checked too."""

    catene: int
    righe: int
    anomalie: tuple[Anomalia, ...]
    sigilli: int = 0
    firme: bool = False

    @property
    def integro(self) -> bool:
        return not self.anomalie


@dataclass(frozen=True, slots=True)
class Opening:
    catena: UUID
    aperta_il: datetime
    formato: int
    teste: dict[str, Any]
    hash: bytes

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "Opening":
        catena, aperta_il, formato, teste, digest = row
        return cls(catena, aperta_il, formato, teste, bytes(digest))


async def verify(connection: Connection, keys: Verifier | None = None) -> Verifica:
    """The whole log at once; a change at any point is reported at the row where the chain breaks."""
    walk = Walk(connection, keys)
    cursore = Cursore()
    await walk.go_on(cursore)
    return Verifica(cursore.catene, cursore.righe, tuple(walk.anomalie), cursore.sigilli, keys is not None)


class Walk:
    """`anomalie` gathers what is found from where the cursor stood."""

    def __init__(self, connection: Connection, keys: Verifier | None) -> None:
        self.connection = connection
        self.keys = keys
        self.anomalie: list[Anomalia] = []
        self.scarti: dict[str, Tratti] = {}
        self.sealed_until: datetime | None = None

    async def go_on(
        self, cursore: Cursore, until: float | None = None, progress: Progress | None = None
    ) -> None:
        """Until the end, or until this moment of the monotonic clock: `cursore` then says where to resume."""
        self.scarti, broken = await load_discards(self.connection, self.keys)
        last = await last_seal(self.connection)
        self.sealed_until = last.momento if last else None
        if not cursore.sigilli_visti and not cursore.sigillo:
            self.anomalie += broken
        for step in (self._seals, self._chains):
            while await step(cursore):
                if progress is not None:
                    await progress(cursore)
                if until is not None and monotonic() > until:
                    return

    async def _seals(self, cursore: Cursore) -> bool:
        """The next seals; False when all have been seen."""
        if cursore.sigilli_visti:
            return False
        batch = await seals_after(self.connection, cursore.sigillo, CHUNK)
        for sigillo, teste in batch:
            if sigillo.numero != cursore.sigillo + 1:
                self._found("sigilli", cursore.sigillo + 1, "sigillo mancante")
            else:
                self.anomalie += check_seal(sigillo, teste, bytes.fromhex(cursore.hash), self.keys)
            cursore.sigillo, cursore.hash = sigillo.numero, sigillo.hash.hex()
            cursore.sigilli += 1
        if not batch:
            cursore.sigilli_visti = True
            cursor = await self.connection.execute(VANISHED)
            for (catena,) in await cursor.fetchall():
                self._found(str(catena), 0, "catena sigillata, ora assente")
        return True

    async def _chains(self, cursore: Cursore) -> bool:
        """The next chain; False when there is none."""
        cursor = await self.connection.execute(
            "SELECT catena, aperta_il, formato, teste, hash FROM accessi_catene WHERE catena > %s"
            " ORDER BY catena LIMIT 1",
            (cursore.catena or UUID(int=0),),
        )
        row = await cursor.fetchone()
        if row is None:
            cursore.finita = True
            return False
        opening = Opening.of(row)
        cursore.righe += await self._chain(opening)
        cursore.catene += 1
        cursore.catena = str(opening.catena)
        return True

    async def _chain(self, opening: Opening) -> int:
        """Everything about one chain; the number of its rows."""
        name = str(opening.catena)
        if opening.formato not in FORMATI:
            self._found(name, 0, "formato della catena sconosciuto")
            return 0
        if opening_hash(opening.catena, opening.aperta_il, opening.teste, opening.formato) != opening.hash:
            self._found(name, 0, "apertura della catena modificata")
        else:  # what a changed opening remembers says nothing
            await self._memory(opening)
        rows, reached = await self._rows(opening, await self._heads(opening.catena))
        cursor = await self.connection.execute(
            "SELECT max(seq) FROM accessi_teste WHERE catena = %s", (opening.catena,)
        )
        (sealed,) = await cursor.fetchone() or (None,)
        closed = self.sealed_until is not None and opening.aperta_il + REMEMBERED < self.sealed_until
        if closed and reached > (sealed or 0):
            self._found(name, (sealed or 0) + 1, "righe aggiunte a una catena già chiusa, mai sigillate")
        return rows

    async def _rows(self, opening: Opening, heads: dict[int, tuple[int, bytes]]) -> tuple[int, int]:
        """How many rows there are, and the last number reached, counting those discarded."""
        name, tratti = str(opening.catena), self.scarti.get(str(opening.catena), {})
        rows, seq, last = 0, 0, opening.hash
        async with self.connection.transaction():
            cursor: Any = self.connection.cursor(name="verify_accessi", row_factory=dict_row)
            await cursor.execute(f"{SELECT} WHERE catena = %s ORDER BY seq, quando", (opening.catena,))
            while chunk := await cursor.fetchmany(CHUNK):
                for row in chunk:
                    seq, last = self._step_over(name, tratti, seq, last, heads)
                    self.anomalie += check_row(row, name, seq, last, opening)
                    seq, last = row["seq"], bytes(row["hash"])
                    self._against_seal(name, seq, last, heads)
                rows += len(chunk)
                await asyncio.sleep(0)
            await cursor.close()
        seq, last = self._step_over(name, tratti, seq, last, heads)
        for missing, (numero, _) in heads.items():
            if missing > seq:
                self._found(name, missing, f"righe sigillate ora assenti (sigillo {numero})")
        return rows, seq

    def _step_over(
        self, name: str, tratti: Tratti, seq: int, last: bytes, heads: dict[int, tuple[int, bytes]]
    ) -> tuple[int, bytes]:
        """Past what was discarded with a record: each stretch takes up where the one before ended."""
        while (tratto := tratti.get(seq + 1)) is not None:
            if tratto.prima != last:
                self._found(name, seq + 1, "le righe scartate non seguono quelle rimaste")
            seq, last = tratto.a, tratto.hash
            self._against_seal(name, seq, last, heads)
        return seq, last

    def _against_seal(self, name: str, seq: int, last: bytes, heads: dict[int, tuple[int, bytes]]) -> None:
        if seq in heads and heads[seq][1] != last:
            self._found(name, seq, f"la riga non è quella del sigillo {heads[seq][0]}")

    async def _heads(self, catena: UUID) -> dict[int, tuple[int, bytes]]:
        """What seals say of a chain: number of the seal and hash, by number of the row."""
        cursor = await self.connection.execute(
            "SELECT seq, numero, hash FROM accessi_teste WHERE catena = %s", (catena,)
        )
        return {seq: (numero, bytes(digest)) for seq, numero, digest in await cursor.fetchall()}

    async def _memory(self, opening: Opening) -> None:
        cursor = await self.connection.execute(FORGOTTEN, (opening.catena,))
        for known, seq, digest, present in await cursor.fetchall():
            tratto = next((t for t in self.scarti.get(known, {}).values() if t.da <= seq <= t.a), None)
            if tratto is None or present is not None:
                word = "assente" if present is None else "diversa"
                self._found(known, seq, f"riga nota a una catena successiva, ora {word}")
            elif tratto.a == seq and tratto.hash.hex() != digest:
                self._found(known, seq, "riga nota a una catena successiva, scartata diversa")

    def _found(self, catena: str, seq: int, motivo: str) -> None:
        self.anomalie.append(Anomalia(catena, seq, motivo))


def check_row(row: dict[str, Any], name: str, seq: int, last: bytes, opening: Opening) -> list[Anomalia]:
    """What does not hold in a row, `seq` and `last` being number and hash of the one before."""
    if row["seq"] == seq:
        return [Anomalia(name, seq, "riga ripetuta")]
    if row["seq"] != seq + 1:
        return [Anomalia(name, seq + 1, "riga mancante")]
    if bytes(row["prima"]) != last:
        return [Anomalia(name, row["seq"], "la riga non segue la precedente")]
    if bytes(row["hash"]) != chain_hash(last, row, opening.formato):
        return [Anomalia(name, row["seq"], "contenuto modificato")]
    if row["quando"] < opening.aperta_il - OLDER:
        return [Anomalia(name, row["seq"], "la riga porta una data anteriore alla sua catena")]
    return []
