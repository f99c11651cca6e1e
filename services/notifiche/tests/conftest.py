"""A fresh database per test, and a service that is called as the broker would call it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from chassis.sql import SqlDatabase
from contracts.consumers import handler_of
from contracts.events import Envelope, Event
from notifiche.service import NotificheService
from notifiche.settings import Settings


class Door:
    """What the events role does with a message, without the broker."""

    def __init__(self, db: SqlDatabase) -> None:
        self.db = db
        self.service = NotificheService()
        self.service.db = db

    def deliver(self, event: Event, sequence: int = 1, **envelope: Any) -> Envelope:
        """Hands an event to its handler; the envelope it came in."""
        values = {"id": uuid4(), "sequence": sequence, "time": datetime.now(UTC)} | envelope
        wrapped = Envelope(
            source=event.source,
            type=event.type,
            subject=event.subject,
            data=event.model_dump(mode="json"),
            **values,
        )
        self.redeliver(wrapped)
        return wrapped

    def redeliver(self, envelope: Envelope) -> None:
        handler = getattr(self.service, handler_of(type(envelope.event())))
        handler(envelope.model_dump(mode="json"))

    def emitted(self, event_type: type[Event]) -> list[dict[str, Any]]:
        """Data of the outbox rows of a type, oldest first."""
        query = text("SELECT envelope -> 'data' FROM outbox WHERE type = :type ORDER BY seq")
        with self.db.read() as session:
            return list(session.scalars(query, {"type": event_type.type}))

    def execute(self, statement: str, **values: Any) -> list[Any]:
        with self.db.transaction() as tx:
            result: Any = tx.session.execute(text(statement), values)
            return list(result) if result.returns_rows else []


@pytest.fixture(scope="session")
def _database(pg_database: Callable[..., Any]) -> Iterator[SqlDatabase]:
    urls = pg_database("notifiche", fresh=True)
    db = SqlDatabase(Settings(database_url=urls.app.replace("postgresql://", "postgresql+psycopg2://")))
    yield db
    db.close()


@pytest.fixture
def door(_database: SqlDatabase) -> Door:
    """Empty tables; the schema is made once."""
    tables = (
        "avvisi, mail, cartelle_note, incarichi, operatori_esclusi, fogli_noti, fatti_anagrafe, outbox, inbox"
    )
    with _database.transaction() as tx:
        for table in reversed(tables.split(", ")):
            tx.session.execute(text(f"DELETE FROM {table}"))
    return Door(_database)
