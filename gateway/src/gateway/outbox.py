"""What the gateway tells the others: a row of its outbox in the transaction that made it true; the relay publishes."""

from typing import Any

import psycopg

from chassis.outbox import envelope_of
from contracts.events import Event

INSERT = "INSERT INTO outbox (id, type, subject, sequence, envelope) VALUES (%s, %s, %s, %s, %s)"


async def emit(connection: psycopg.AsyncConnection[Any], event: Event, sequence: int) -> None:
    """Tells the others, if and only if the connection's transaction commits. `sequence`: version of the aggregate."""
    envelope = envelope_of(event, sequence)
    row = (envelope.id, envelope.type, envelope.subject, sequence, envelope.model_dump_json())
    await connection.execute(INSERT, row)
