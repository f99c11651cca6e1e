"""The outbox: what a service has to tell the others, written in the transaction that made it true.

Rows stay after publishing (a confirmed message can still be lost by the broker) until reconciliation has counted
them. SQL rows: seq, id, type, subject, sequence, envelope (jsonb), created_at, published_at, attempts, last_error.
MongoDB documents: the same names, `_id` for id, no seq.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import uuid_utils.compat

from chassis import context
from contracts.events import Envelope, Event


class Transient(Exception):
    """The store asks to try the whole unit of work again (write conflict, deadlock): nothing was changed."""


class RetryLater(Exception):
    """Not possible yet (the fact it builds on has not arrived): the event goes to the retry ladder."""


@dataclass(frozen=True)
class OutboxRow:
    """A row the relay has to publish; `key` is what `mark_published` wants back."""

    key: Any
    type: str
    subject: str
    envelope: dict[str, Any]


def envelope_of(event: Event, sequence: int) -> Envelope:
    """Wraps an event: new UUIDv7, ids of the current context. `sequence`: version of the aggregate after the fact."""
    now = context.current()
    return Envelope(
        id=new_id(),
        source=event.source,
        type=event.type,
        subject=event.subject,
        dataschema=f"urn:siso:{event.type}",
        sequence=sequence,
        correlationid=now.correlation_id,
        causationid=now.causation_id,
        actorid=now.actor_id,
        traceparent=now.traceparent,
        data=event.model_dump(mode="json"),
    )


def new_id() -> UUID:
    """UUIDv7: sorts by time, so that indexes stay compact."""
    return uuid_utils.compat.uuid7()
