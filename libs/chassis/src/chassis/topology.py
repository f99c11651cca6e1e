"""Exchanges and queues, generated from the contracts and declared once at set-up, before any producer starts.

Everything is durable and quorum; a queue that refuses or fails dead-letters at-least-once (the default strategy
drops in silence). Ladder: per service one retry queue a rung, whose messages return to the queue named by their
routing key when their time is up.
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


def dead_queue(service: str) -> str:
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
    exchanges += [(retry_exchange(s, rung), "fanout") for s in CONSUMERS for rung in LADDER]
    retries = [(retry_exchange(s, rung), "", retry_exchange(s, rung)) for s in CONSUMERS for rung in LADDER]
    return Topology(tuple(exchanges), tuple(_queues()), (*bindings(), *retries))


def _queues() -> Iterator[QueueSpec]:
    for consumer, events in CONSUMERS.items():
        yield QueueSpec(dead_queue(consumer), {"x-queue-type": "quorum"})
        for rung in LADDER:
            yield QueueSpec(retry_exchange(consumer, rung), _quorum() | {"x-message-ttl": rung * 1000})
        for event in events:
            arguments = {
                "x-dead-letter-routing-key": dead_queue(consumer),
                "x-delivery-limit": DELIVERY_LIMIT,
            }
            yield QueueSpec(queue_of(consumer, event), _quorum() | arguments)


def _quorum() -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "",
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
