"""The relay's window: order within an aggregate, a failing chain stops alone, what is published is marked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from aio_pika.exceptions import DeliveryError

from chassis.outbox import OutboxRow
from chassis.relay import WINDOW, Aside, publish_window


@dataclass
class FakeStore:
    rows: list[OutboxRow]
    failed: dict[Any, str] = field(default_factory=dict)

    async def waiting(self, limit: int, aside: Sequence[str] = ()) -> Sequence[OutboxRow]:
        return [row for row in self.rows if row.subject not in aside][:limit]

    async def mark_published(self, keys: Sequence[Any]) -> None:
        self.rows = [row for row in self.rows if row.key not in keys]

    async def mark_failed(self, key: Any, error: str) -> None:
        self.failed[key] = error

    async def backlog(self) -> tuple[int, float]:
        return len(self.rows), 0.0

    async def wake(self) -> None:
        return None


@dataclass
class FakeExchange:
    refused: set[str] = field(default_factory=set)
    published: list[tuple[str, bool]] = field(default_factory=list)

    async def publish(self, message: Any, routing_key: str, *, mandatory: bool, timeout: float) -> None:
        await asyncio.sleep(0)
        if message.message_id in self.refused:
            raise DeliveryError(message, SimpleNamespace(name="Basic.Nack"))  # type: ignore[arg-type]
        self.published.append((message.message_id, mandatory))


def row(key: int, subject: str, kind: str = "anagrafe.residente.deceduto.v1") -> OutboxRow:
    return OutboxRow(key, kind, subject, {"id": f"{subject}{key}"})


def test_rows_of_an_aggregate_leave_in_order() -> None:
    store = FakeStore([row(1, "a"), row(2, "b"), row(3, "a"), row(4, "a"), row(5, "b")])
    exchange = FakeExchange()

    published, failed = asyncio.run(publish_window("anagrafe", store, exchange, Aside()))

    assert (published, failed) == (5, 0)
    assert [name for name, _ in exchange.published if name.startswith("a")] == ["a1", "a3", "a4"]
    assert store.rows == []


def test_refused_row_stops_its_own_aggregate_only() -> None:
    store = FakeStore([row(1, "a"), row(2, "a"), row(3, "b")])
    exchange = FakeExchange(refused={"a1"})

    published, failed = asyncio.run(publish_window("anagrafe", store, exchange, Aside()))

    assert (published, failed) == (1, 2)
    assert [r.key for r in store.rows] == [1, 2]
    assert list(store.failed) == [1]


def test_only_what_somebody_waits_for_is_mandatory() -> None:
    store = FakeStore([row(1, "a"), row(2, "b", "anagrafe.caricamento.completato.v1")])
    exchange = FakeExchange()

    asyncio.run(publish_window("anagrafe", store, exchange, Aside()))

    assert dict(exchange.published) == {"a1": True, "b2": False}


def test_a_window_full_of_refused_aggregates_does_not_keep_the_others_waiting() -> None:
    refused = [row(n, f"r{n}") for n in range(WINDOW)]
    store = FakeStore([*refused, row(WINDOW, "a")])
    exchange = FakeExchange(refused={one.envelope["id"] for one in refused})
    aside = Aside()

    async def two_windows() -> tuple[int, int]:
        await publish_window("anagrafe", store, exchange, aside)
        return await publish_window("anagrafe", store, exchange, aside)

    assert asyncio.run(two_windows()) == (1, 0)


def test_a_refused_aggregate_is_tried_again() -> None:
    store = FakeStore([row(1, "a")])
    exchange = FakeExchange(refused={"a1"})
    aside = Aside(seconds=0)

    async def refused_then_taken() -> tuple[int, int]:
        await publish_window("anagrafe", store, exchange, aside)
        exchange.refused.clear()
        return await publish_window("anagrafe", store, exchange, aside)

    assert asyncio.run(refused_then_taken()) == (1, 0)
