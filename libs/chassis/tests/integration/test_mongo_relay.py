"""The outbox in MongoDB: one relay at a time, the oldest first, marked when published."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis import stores
from chassis.settings import ServiceSettings


@pytest.fixture
def settings(mongo_database: Callable[..., str]) -> ServiceSettings:
    return ServiceSettings(mongo_url=mongo_database("cartella", fresh=True, migrated=False))


async def fill(outbox: Any, number: int) -> None:
    now = datetime.now(UTC)
    await outbox._db.outbox.insert_many(
        {
            "_id": uuid4(),
            "type": "cartella.cartella.aperta.v1",
            "subject": "a",
            "sequence": n,
            "envelope": "{}",
            "created_at": now + timedelta(milliseconds=n),
            "published_at": None,
            "attempts": 0,
        }
        for n in range(number)
    )


def test_published_rows_are_marked_and_kept(settings: ServiceSettings) -> None:
    async def scenario() -> None:
        async with stores.mongo_outbox(settings) as outbox:
            await fill(outbox, 5)
            rows = await outbox.waiting(3)

            await outbox.mark_published([row.key for row in rows])

            assert len(rows) == 3
            assert (await outbox.backlog())[0] == 2
            assert await outbox._db.outbox.count_documents({}) == 5

    asyncio.run(scenario())


def test_second_relay_stands_by_until_the_first_is_gone(
    settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "LEASE", timedelta(seconds=1.5))

    async def scenario() -> None:
        async with stores.mongo_outbox(settings) as first, stores.mongo_outbox(settings) as second:
            await first.hold()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(second.hold(), 0.5)

            await asyncio.wait_for(second.hold(), 10)  # the first stopped renewing

    asyncio.run(scenario())


def test_new_row_rings_the_bell_before_the_net_does(settings: ServiceSettings) -> None:
    async def scenario() -> float:
        async with stores.mongo_outbox(settings) as outbox:
            await outbox.hold()
            waiting = asyncio.create_task(outbox.wake())
            await asyncio.sleep(0.5)
            assert not waiting.done()
            started = asyncio.get_running_loop().time()
            await fill(outbox, 1)
            await waiting
            return asyncio.get_running_loop().time() - started

    assert asyncio.run(scenario()) < stores.NET / 2


def test_row_that_came_before_the_bell_was_hung_is_not_waited_for(settings: ServiceSettings) -> None:
    async def scenario() -> float:
        async with stores.mongo_outbox(settings) as outbox:
            await fill(outbox, 1)
            started = asyncio.get_running_loop().time()
            await outbox.wake()
            return asyncio.get_running_loop().time() - started

    assert asyncio.run(scenario()) < stores.NET / 2
