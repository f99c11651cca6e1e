"""What the relay needs of an outbox, for each kind of store: waiting rows, a mark, and a wake-up."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import psycopg
from psycopg.rows import tuple_row
from pymongo.errors import DuplicateKeyError

from chassis.outbox import OutboxRow
from chassis.settings import ServiceSettings, libpq_dsn

NET = 5.0
"""Seconds after which the relay looks even when nobody woke it."""


class OutboxStore(Protocol):
    async def waiting(self, limit: int, aside: Sequence[str] = ()) -> Sequence[OutboxRow]:
        """Oldest unpublished rows first, without those of the aggregates set aside."""

    async def mark_published(self, keys: Sequence[Any]) -> None: ...

    async def mark_failed(self, key: Any, error: str) -> None: ...

    async def backlog(self) -> tuple[int, float]:
        """(rows waiting, age of the oldest in seconds)."""

    async def wake(self) -> None:
        """Returns when there may be something to do."""


class SqlOutbox:
    """LISTEN on one connection in autocommit, work on the same; one relay per service by advisory lock."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def waiting(self, limit: int, aside: Sequence[str] = ()) -> Sequence[OutboxRow]:
        cursor = await self._connection.execute(
            "SELECT seq, type, subject, envelope FROM outbox"
            " WHERE published_at IS NULL AND subject <> ALL(%s) ORDER BY seq LIMIT %s",
            (list(aside), limit),
        )
        return [OutboxRow(*row) for row in await cursor.fetchall()]

    async def mark_published(self, keys: Sequence[Any]) -> None:
        await self._connection.execute(
            "UPDATE outbox SET published_at = now() WHERE seq = ANY(%s)", (list(keys),)
        )

    async def mark_failed(self, key: Any, error: str) -> None:
        await self._connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, last_error = %s WHERE seq = %s", (error[:500], key)
        )

    async def backlog(self) -> tuple[int, float]:
        cursor = await self._connection.execute(
            "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float"
            " FROM outbox WHERE published_at IS NULL"
        )
        row = await cursor.fetchone()
        return (row[0], row[1]) if row else (0, 0.0)

    async def wake(self) -> None:
        async for _notice in self._connection.notifies(timeout=NET, stop_after=1):
            return


@asynccontextmanager
async def sql_outbox(settings: ServiceSettings) -> AsyncIterator[SqlOutbox]:
    """Waits for the advisory lock: a second relay of the same service stands by."""
    dsn = libpq_dsn(settings.database_url)
    connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True, row_factory=tuple_row)
    async with connection:
        while True:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtext('siso-relay'))")
            row = await cursor.fetchone()
            if row and row[0]:
                break
            await asyncio.sleep(1)
        await connection.execute("LISTEN outbox")
        yield SqlOutbox(connection)


LEASE = timedelta(seconds=15)


class MongoOutbox:
    """Collection `outbox`; order within an aggregate is its `sequence`. A lease keeps a second relay standing by."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self._owner = uuid4()
        self._held_until = datetime.min.replace(tzinfo=UTC)

    async def hold(self) -> None:
        """Returns when the lease is ours for at least two thirds of its time."""
        while self._held_until - datetime.now(UTC) < LEASE * 2 / 3:
            now = datetime.now(UTC)
            mine = {"_id": "relay", "$or": [{"owner": self._owner}, {"until": {"$lt": now}}]}
            try:
                await self._db.leases.update_one(
                    mine, {"$set": {"owner": self._owner, "until": now + LEASE}}, upsert=True
                )
            except DuplicateKeyError:  # another relay has it
                await asyncio.sleep(1)
            else:
                self._held_until = now + LEASE

    async def waiting(self, limit: int, aside: Sequence[str] = ()) -> Sequence[OutboxRow]:
        await self.hold()
        ready: dict[str, Any] = {"published_at": None}
        if aside:
            ready["subject"] = {"$nin": list(aside)}
        cursor = self._db.outbox.find(ready).sort([("created_at", 1), ("sequence", 1)]).limit(limit)
        return [OutboxRow(d["_id"], d["type"], d["subject"], json.loads(d["envelope"])) async for d in cursor]

    async def mark_published(self, keys: Sequence[Any]) -> None:
        await self._db.outbox.update_many({"_id": {"$in": list(keys)}}, [{"$set": {"published_at": "$$NOW"}}])

    async def mark_failed(self, key: Any, error: str) -> None:
        await self._db.outbox.update_one(
            {"_id": key}, {"$inc": {"attempts": 1}, "$set": {"last_error": error[:500]}}
        )

    async def backlog(self) -> tuple[int, float]:
        count = await self._db.outbox.count_documents({"published_at": None})
        oldest = await self._db.outbox.find_one({"published_at": None}, sort=[("created_at", 1)])
        return count, (datetime.now(UTC) - oldest["created_at"]).total_seconds() if oldest else 0.0

    async def wake(self) -> None:
        """A change stream is the bell, never the source: no resume token is kept, what to publish is always asked."""
        bell = await self._db.outbox.watch(
            [{"$match": {"operationType": "insert"}}], max_await_time_ms=int(NET * 1000)
        )
        async with bell as stream:
            if await self._db.outbox.find_one({"published_at": None}, {"_id": 1}) is None:
                await stream.try_next()


@asynccontextmanager
async def mongo_outbox(settings: ServiceSettings) -> AsyncIterator[MongoOutbox]:
    from pymongo import AsyncMongoClient

    from chassis.mongo import CODEC

    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        settings.mongo_url, serverSelectionTimeoutMS=5000
    )
    async with client:
        yield MongoOutbox(client.get_default_database().with_options(codec_options=CODEC))


def open_outbox(settings: ServiceSettings) -> Any:
    """The outbox of a service, by the kind of store it has."""
    return mongo_outbox(settings) if settings.mongo_url else sql_outbox(settings)
