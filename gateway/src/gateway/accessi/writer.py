"""One writer per process: takes all waiting rows, writes them in one statement, then lets their requests answer.

Each process has its own chain, a fresh one each day, so several never wait for one another. After a failure the
writer cannot know whether its rows arrived: it tries once more with a fresh chain, then refuses the requests that
waited (503).
"""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from contracts.errors import Unavailable
from gateway.accessi.catena import FORMATO, LIFE, REMEMBERED, chain_hash, opening_hash
from gateway.accessi.row import Accesso

INSERT = "INSERT INTO accessi SELECT * FROM json_populate_recordset(NULL::accessi, %s::json)"
HEADS = """
SELECT c.catena, h.seq, encode(h.hash, 'hex') FROM accessi_catene c
 CROSS JOIN LATERAL (SELECT seq, hash FROM accessi WHERE catena = c.catena ORDER BY seq DESC LIMIT 1) h
 WHERE c.aperta_il > %s
"""
"""Heads of the chains that may still have been alive; each of them remembers those before it."""
WRITE_TIMEOUT = 5.0
MAX_BATCH = 500
log = structlog.get_logger()


class AccessWriter:
    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.pending: list[tuple[Accesso, asyncio.Future[None]]] = []
        self.wake = asyncio.Event()
        self.connection: psycopg.AsyncConnection[Any] | None = None
        self.catena: UUID | None = None
        self.aperta_il = datetime.min.replace(tzinfo=UTC)
        self.seq = 0
        self.last = b""
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self._run(), name="access-log")

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        self._refuse(self._take())
        await self._disconnect()

    @property
    def running(self) -> bool:
        return self.task is not None and not self.task.done()

    async def append(self, row: Accesso) -> None:
        """Returns once the row is committed; Unavailable when it could not be."""
        if not self.running:
            raise _unavailable()
        written = asyncio.get_running_loop().create_future()
        self.pending.append((row, written))
        self.wake.set()
        await written

    async def _run(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            while batch := self._take():
                rows = [row for row, _ in batch]
                try:
                    written = await self._attempt(rows) or await self._attempt(rows)
                except asyncio.CancelledError:
                    self._refuse(batch)
                    raise
                if not written:
                    self._refuse(batch)
                for _, waiting in batch:
                    if not waiting.done():
                        waiting.set_result(None)

    async def _attempt(self, rows: list[Accesso]) -> bool:
        """False when the rows may not have arrived: the next attempt begins a chain of its own. After a restart of
        the database the second one succeeds; at worst the same rows then stand in two chains."""
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await self._write(rows)
        except Exception as error:  # nothing may end this task while the process answers requests
            log.error(
                "access_log_not_written", rows=len(rows), error=f"{type(error).__name__}: {error}"[:300]
            )
            await self._disconnect()
            return False
        return True

    def _take(self) -> list[tuple[Accesso, asyncio.Future[None]]]:
        batch, self.pending = self.pending[:MAX_BATCH], self.pending[MAX_BATCH:]
        return batch

    def _refuse(self, batch: list[tuple[Accesso, asyncio.Future[None]]]) -> None:
        for _, written in batch:
            if not written.done():
                written.set_exception(_unavailable())

    async def _write(self, rows: list[Accesso]) -> None:
        if self.connection is None or self.catena is None:
            await self._connect()
        elif datetime.now(UTC) - self.aperta_il > LIFE:
            await self._open_chain(self.connection)
        assert self.connection is not None
        assert self.catena is not None
        seq, last, records = self.seq, self.last, []
        for row in rows:
            seq += 1
            record = row.record(self.catena, seq)
            digest = chain_hash(last, record)
            records.append(record | {"prima": f"\\x{last.hex()}", "hash": f"\\x{digest.hex()}"})
            last = digest
        await self.connection.execute(INSERT, (json.dumps(records),))
        self.seq, self.last = seq, last

    async def _connect(self) -> None:
        self.connection = await psycopg.AsyncConnection.connect(
            self.database_url, autocommit=True, prepare_threshold=1, connect_timeout=int(WRITE_TIMEOUT)
        )
        await self._open_chain(self.connection)

    async def _open_chain(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Begins a chain, and makes the months that are to come: no row ever lacks a place to go."""
        await connection.execute("SELECT prepare_accessi()")
        catena, now = uuid7(), datetime.now(UTC)
        cursor = await connection.execute(HEADS, (now - REMEMBERED,))
        teste = {str(known): [seq, digest] for known, seq, digest in await cursor.fetchall()}
        first = opening_hash(catena, now, teste)
        await connection.execute(
            "INSERT INTO accessi_catene (catena, aperta_il, formato, teste, hash) VALUES (%s, %s, %s, %s, %s)",
            (catena, now, FORMATO, Jsonb(teste), first),
        )
        self.catena, self.aperta_il, self.seq, self.last = catena, now, 0, first

    async def _disconnect(self) -> None:
        connection, self.connection, self.catena = self.connection, None, None
        if connection is not None:
            await connection.close()


def _unavailable() -> Unavailable:
    return Unavailable(
        "accessi.non_scritto",
        "Il registro degli accessi non è disponibile: per questo non possiamo mostrarti i dati. Riprova tra poco.",
    )
