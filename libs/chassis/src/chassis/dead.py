"""What could not be handled, for a person: list, show, requeue, drop. Needs an administrator's connection."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika

from chassis.topology import dead_queue
from contracts.consumers import CONSUMERS


@dataclass(frozen=True)
class DeadEvent:
    """An event in a dead queue. `queue`: where it failed; `error`: class and text of the last failure."""

    service: str
    event_id: str
    type: str
    subject: str
    queue: str
    attempts: int
    error: str
    body: str


async def list_dead(amqp_url: str, service: str = "") -> list[DeadEvent]:
    """Everything in the dead queues of one service, or of all; nothing is taken away."""
    found: list[DeadEvent] = []
    for name in [service] if service else sorted(CONSUMERS):
        async with _taken(amqp_url, name) as messages:
            found.extend(_described(name, message) for message in messages)
            for message in messages:
                await message.nack(requeue=True)
    return found


async def requeue(amqp_url: str, service: str, event_id: str = "") -> int:
    """Puts dead events (one, or all of a service) back where they failed, with a fresh ladder; how many."""
    return await _dispose(amqp_url, service, event_id, back=True)


async def drop(amqp_url: str, service: str, event_id: str) -> int:
    """Gives one dead event up; how many were dropped (0: no such event)."""
    return await _dispose(amqp_url, service, event_id, back=False)


async def _dispose(amqp_url: str, service: str, event_id: str, *, back: bool) -> int:
    count = 0
    async with _taken(amqp_url, service) as messages:
        for message in messages:
            dead = _described(service, message)
            if event_id and dead.event_id != event_id:
                await message.nack(requeue=True)
                continue
            if back:
                await _send_back(message, dead.queue)
            await message.ack()
            count += 1
    return count


async def _send_back(message: Any, queue: str) -> None:
    headers = {k: v for k, v in message.headers.items() if not k.startswith("x-")}
    copy = aio_pika.Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    channel = message.channel
    await channel.basic_publish(
        copy.body, exchange="", routing_key=queue, properties=copy.properties, mandatory=True
    )


@asynccontextmanager
async def _taken(amqp_url: str, service: str) -> AsyncIterator[list[Any]]:
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        queue = await channel.get_queue(dead_queue(service), ensure=True)
        messages = []
        while (message := await queue.get(fail=False)) is not None:
            messages.append(message)
        yield messages


def _described(service: str, message: Any) -> DeadEvent:
    headers = message.headers
    try:
        envelope = json.loads(message.body)
    except ValueError:
        envelope = {}
    return DeadEvent(
        service=service,
        event_id=str(envelope.get("id", message.message_id or "")),
        type=str(envelope.get("type", "?")),
        subject=str(envelope.get("subject", "")),
        queue=str(headers.get("x-queue") or headers.get("x-first-death-queue", "")),
        attempts=int(headers.get("x-attempt", 0)),
        error=str(headers.get("x-error") or headers.get("x-first-death-reason", "")),
        body=message.body.decode(errors="replace"),
    )
