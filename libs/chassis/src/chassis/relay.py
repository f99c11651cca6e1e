"""Publishes outboxes: persistent, confirmed, mandatory where somebody consumes, in order within an aggregate.

Within a window each aggregate is one chain: a publish that fails stops its own chain only, so that the order of an
aggregate holds and the others go on. A refused aggregate is set aside for some seconds, so that many of them do not
fill the window. A crash repeats at most one window; consumers' inboxes make that harmless.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import aio_pika
import structlog
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, DeliveryError

from chassis.health import HEALTH
from chassis.metrics import BACKLOG, BACKLOG_AGE, PUBLISH_FAILED, PUBLISHED
from chassis.outbox import OutboxRow
from chassis.settings import ServiceSettings
from chassis.stores import OutboxStore, open_outbox
from contracts.consumers import exchange_of, has_consumer

log = structlog.get_logger()
WINDOW = 200
CONFIRM_TIMEOUT = 10.0
PAUSE_AFTER_FAILURE = 0.5
ASIDE = 5.0
"""Seconds a refused aggregate waits before it is tried again."""
CONTENT_TYPE = "application/json"


class Aside:
    """Aggregates whose last publish was refused."""

    def __init__(self, seconds: float = ASIDE) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def put(self, subject: str) -> None:
        self._until[subject] = time.monotonic() + self._seconds

    def subjects(self) -> list[str]:
        """Those still to be left alone."""
        now = time.monotonic()
        self._until = {subject: until for subject, until in self._until.items() if until > now}
        return list(self._until)


async def run(settings: dict[str, ServiceSettings]) -> None:
    """Relays the named services for ever, each on its own connection; a failing one does not stop the others."""
    async with asyncio.TaskGroup() as group:
        for service, its_settings in settings.items():
            group.create_task(_for_ever(service, its_settings))


async def _for_ever(service: str, settings: ServiceSettings) -> None:
    while True:
        try:
            await _relay(service, settings)
        except Exception as error:  # store or broker away: say so, come back
            log.warning("relay_interrupted", service=service, error=f"{type(error).__name__}: {error}"[:300])
            await asyncio.sleep(1)


async def _relay(service: str, settings: ServiceSettings) -> None:
    connection = await aio_pika.connect(settings.amqp_url)
    async with connection, open_outbox(settings) as store:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(exchange_of(service), ensure=False)
        log.info("relay_started", service=service)
        aside = Aside()
        while True:
            HEALTH.stamp(f"relay-{service}")
            published, failed = await publish_window(service, store, exchange, aside)
            if failed:
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                if connection.is_closed or channel.is_closed:
                    raise ConnectionError("channel closed")
            elif published < WINDOW:
                await _measure(service, store)
                await store.wake()


async def publish_window(service: str, store: OutboxStore, exchange: Any, aside: Aside) -> tuple[int, int]:
    """Publishes up to WINDOW waiting rows of aggregates not set aside; (published, failed)."""
    rows = await store.waiting(WINDOW, aside.subjects())
    chains: dict[str, list[OutboxRow]] = defaultdict(list)
    for row in rows:
        chains[row.subject].append(row)
    done = await asyncio.gather(
        *(_publish_chain(service, store, exchange, chain, aside) for chain in chains.values())
    )
    keys = [key for keys in done for key in keys]
    if keys:
        await store.mark_published(keys)
        PUBLISHED.labels(service).inc(len(keys))
    return len(keys), len(rows) - len(keys)


async def _publish_chain(
    service: str, store: OutboxStore, exchange: Any, chain: Sequence[OutboxRow], aside: Aside
) -> list[Any]:
    published: list[Any] = []
    for row in chain:
        try:
            await exchange.publish(
                _message(row),
                routing_key=row.type.removeprefix(f"{service}."),
                mandatory=has_consumer(row.type),
                timeout=CONFIRM_TIMEOUT,
            )
        except (AMQPError, ChannelInvalidStateError, DeliveryError, TimeoutError, ConnectionError) as error:
            PUBLISH_FAILED.labels(service).inc()
            log.warning("event_not_published", service=service, type=row.type, error=type(error).__name__)
            aside.put(row.subject)
            await store.mark_failed(row.key, f"{type(error).__name__}: {error}")
            break
        published.append(row.key)
    return published


def _message(row: OutboxRow) -> aio_pika.Message:
    return aio_pika.Message(
        json.dumps(row.envelope, separators=(",", ":")).encode(),
        content_type=CONTENT_TYPE,
        content_encoding="utf-8",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(row.envelope.get("id", "")),
        headers={"correlation_id": str(row.envelope.get("correlationid", ""))},
    )


async def _measure(service: str, store: OutboxStore) -> None:
    count, age = await store.backlog()
    BACKLOG.labels(service).set(count)
    BACKLOG_AGE.labels(service).set(age)
