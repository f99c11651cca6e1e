"""Reconciliation: what producers emitted against what each consumer took. The broker is speed, not truth.

A published event that a consumer has not in its inbox after a while is a gap: reported, and on demand replayed by
marking its outbox row unpublished (the other consumers' inboxes make the repetition harmless). Events waiting on the
retry ladder or in a dead queue are gaps too until somebody handles them. Only what was emitted within the period is
replayed: an hourly replay of a dead event ends by itself instead of filling the dead queue for ever.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import psycopg

from chassis.settings import ServiceSettings, libpq_dsn
from contracts.consumers import CONSUMERS, handler_of
from contracts.events import Event

BATCH = 5_000
SETTLED_AFTER = timedelta(minutes=2)


@dataclass
class Gap:
    """Events of one type that one consumer lacks."""

    type: str
    consumer: str
    emitted: int
    missing: list[UUID] = field(default_factory=list)


class Ledger(Protocol):
    """Outbox and inbox of one service, for reading."""

    def published(self, event_type: str, since: datetime, until: datetime) -> Iterator[list[UUID]]:
        """Ids in batches."""

    def taken(self, handler: str, ids: Sequence[UUID]) -> set[UUID]: ...

    def republish(self, ids: Sequence[UUID], created_since: datetime) -> None: ...


def reconcile(settings: dict[str, ServiceSettings], since: timedelta, *, replay: bool = False) -> list[Gap]:
    """One Gap per (event type, consumer), also where nothing is missing. Only named services are looked at."""
    now = datetime.now(UTC)
    found: list[Gap] = []
    for consumer, events in CONSUMERS.items():
        for event in events:
            if consumer in settings and event.source in settings:
                with _ledger(settings[event.source]) as outbox, _ledger(settings[consumer]) as inbox:
                    gap = _compare(event, consumer, outbox, inbox, now - since, now - SETTLED_AFTER)
                    if replay and gap.missing:
                        outbox.republish(gap.missing, now - since)
                found.append(gap)
    return found


def _compare(
    event: type[Event], consumer: str, outbox: Ledger, inbox: Ledger, since: datetime, until: datetime
) -> Gap:
    gap = Gap(event.type, consumer, 0)
    for ids in outbox.published(event.type, since, until):
        gap.emitted += len(ids)
        gap.missing.extend(sorted(set(ids) - inbox.taken(handler_of(event), ids)))
    return gap


class SqlLedger:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def published(self, event_type: str, since: datetime, until: datetime) -> Iterator[list[UUID]]:
        with self._connection.cursor(name="published") as cursor:
            cursor.execute(
                "SELECT id FROM outbox WHERE type = %s AND published_at BETWEEN %s AND %s",
                (event_type, since, until),
            )
            while rows := cursor.fetchmany(BATCH):
                yield [row[0] for row in rows]

    def taken(self, handler: str, ids: Sequence[UUID]) -> set[UUID]:
        rows = self._connection.execute(
            "SELECT event_id FROM inbox WHERE consumer = %s AND event_id = ANY(%s)", (handler, list(ids))
        )
        return {row[0] for row in rows}

    def republish(self, ids: Sequence[UUID], created_since: datetime) -> None:
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE outbox SET published_at = NULL WHERE id = ANY(%s) AND created_at >= %s",
                (list(ids), created_since),
            )
            self._connection.execute("SELECT pg_notify('outbox', '')")


class MongoLedger:
    def __init__(self, db: Any) -> None:
        self._db = db

    def published(self, event_type: str, since: datetime, until: datetime) -> Iterator[list[UUID]]:
        query = {"type": event_type, "published_at": {"$gte": since, "$lte": until}}
        batch: list[UUID] = []
        for row in self._db.outbox.find(query, {"_id": 1}):
            batch.append(row["_id"])
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def taken(self, handler: str, ids: Sequence[UUID]) -> set[UUID]:
        keys = [{"consumer": handler, "event_id": one} for one in ids]
        return {row["_id"]["event_id"] for row in self._db.inbox.find({"_id": {"$in": keys}})}

    def republish(self, ids: Sequence[UUID], created_since: datetime) -> None:
        wanted = {"_id": {"$in": list(ids)}, "created_at": {"$gte": created_since}}
        self._db.outbox.update_many(wanted, {"$set": {"published_at": None}})


@contextmanager
def _ledger(settings: ServiceSettings) -> Iterator[Ledger]:
    if settings.mongo_url:
        from chassis.mongo import MongoDatabase

        database = MongoDatabase(settings)
        yield MongoLedger(database.db)
        database.close()
    else:
        dsn = libpq_dsn(settings.database_url)
        with psycopg.connect(dsn) as connection:
            yield SqlLedger(connection)
