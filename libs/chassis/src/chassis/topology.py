"""Exchanges and queues, generated from the contracts and declared once at set-up, before any producer starts.

Everything is durable and quorum; a queue that refuses or fails dead-letters at-least-once (the default strategy
drops in silence). Ladder: per service one retry queue a rung; when their time is up its messages go to the service's
`back` exchange, where only its own queues are bound by name: nobody needs the default exchange, by which one service
could write into another's queue.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.consumers import CONSUMERS, PRODUCERS, bindings, exchange_of, queue_of

LADDER = (1, 10, 60, 600)
"""Seconds before an event is tried again; after the last rung it is dead until a person looks."""

DELIVERY_LIMIT = 100
"""Counts deliveries, not failures (those are in `x-attempt`): high enough for a service killed many times."""


def retry_exchange(service: str, seconds: int) -> str:
    return f"{service}.retry.{seconds}s"


def back_exchange(service: str) -> str:
    return f"{service}.back"


def dead_queue(service: str) -> str:
    """Name of the queue, and of the fanout exchange that leads to it."""
    return f"{service}.dead"


@dataclass(frozen=True)
class QueueSpec:
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Topology:
    """exchanges: (name, type); bindings: (exchange, routing key, queue)."""

    exchanges: tuple[tuple[str, str], ...]
    queues: tuple[QueueSpec, ...]
    bindings: tuple[tuple[str, str, str], ...]


def build() -> Topology:
    """The whole topology of the house."""
    exchanges = [(exchange_of(producer), "topic") for producer in PRODUCERS] + [("nameko-rpc", "topic")]
    ladders = []
    for service, events in CONSUMERS.items():
        rungs = [retry_exchange(service, rung) for rung in LADDER]
        exchanges += [(name, "fanout") for name in (*rungs, dead_queue(service))]
        exchanges.append((back_exchange(service), "direct"))
        ladders += [(name, "", name) for name in (*rungs, dead_queue(service))]
        queues = [queue_of(service, event) for event in events]
        ladders += [(back_exchange(service), queue, queue) for queue in queues]
    return Topology(tuple(exchanges), tuple(_queues()), (*bindings(), *ladders))


def _queues() -> Iterator[QueueSpec]:
    for consumer, events in CONSUMERS.items():
        yield QueueSpec(dead_queue(consumer), {"x-queue-type": "quorum"})
        for rung in LADDER:
            ttl = {"x-message-ttl": rung * 1000}
            yield QueueSpec(retry_exchange(consumer, rung), _quorum(back_exchange(consumer)) | ttl)
        for event in events:
            yield QueueSpec(
                queue_of(consumer, event),
                _quorum(dead_queue(consumer)) | {"x-delivery-limit": DELIVERY_LIMIT},
            )


def _quorum(dead_letters_to: str) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": dead_letters_to,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def definitions(vhost: str = "/") -> dict[str, Any]:
    """The same as a RabbitMQ definitions document (without users: those hold secrets)."""
    topology = build()
    return {
        "vhosts": [{"name": vhost}],
        "exchanges": [
            {"name": n, "vhost": vhost, "type": t, "durable": True, "auto_delete": False, "arguments": {}}
            for n, t in topology.exchanges
        ],
        "queues": [
            {"name": q.name, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": q.arguments}
            for q in topology.queues
        ],
        "bindings": [
            {
                "source": exchange,
                "vhost": vhost,
                "destination": queue,
                "destination_type": "queue",
                "routing_key": key,
                "arguments": {},
            }
            for exchange, key, queue in topology.bindings
        ],
    }


async def declare(amqp_url: str) -> Topology:
    """Declares everything with an administrator's connection. Repeating it changes nothing."""
    import aio_pika

    topology = build()
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        for name, kind in topology.exchanges:
            await channel.declare_exchange(name, kind, durable=True)
        queues = {
            spec.name: await channel.declare_queue(spec.name, durable=True, arguments=spec.arguments)
            for spec in topology.queues
        }
        for exchange, key, queue in topology.bindings:
            await queues[queue].bind(exchange, key)
    return topology
