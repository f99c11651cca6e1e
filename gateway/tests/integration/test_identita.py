"""Who holds a session is remembered for seconds, and forgotten the moment something changes."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import psycopg
import pytest

from gateway.db import make_pool
from gateway.identita import Identities
from gateway.seed import IDENTITIES
from gateway.sessions import Opening, SessionStore
from gateway.settings import Settings

GIULIA = IDENTITIES[0]
Check = Callable[[Identities, "Counting", str], Awaitable[None]]


class Counting(SessionStore):
    asked = 0

    async def identify(self, token: str, touch: bool = True):  # type: ignore[no-untyped-def]
        self.asked += 1
        return await super().identify(token, touch)


def run(settings: Settings, check: Check, seconds: float = 60) -> None:
    """A store, what is remembered of it, and the token of a session of Giulia's."""

    async def scene() -> None:
        pool = make_pool(settings)
        async with pool:
            sessions = Counting(pool)
            identities = Identities(sessions, settings.dsn, seconds)
            identities.start()
            async with asyncio.timeout(5):
                while seconds and not identities.told:
                    await asyncio.sleep(0.01)
            opening = Opening(
                idle=settings.idle(), absolute=settings.absolute, operatore_id=GIULIA.operatore_id,
                incarico_id=GIULIA.incarico_id,
            )  # fmt: skip
            await check(identities, sessions, await sessions.create(opening))
            await identities.stop()

    asyncio.run(scene())


def change(settings: Settings, statement: str, *values: object) -> None:
    """As another process of the gateway does it."""
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(statement, values)  # type: ignore[arg-type]


async def forgotten(identities: Identities) -> None:
    async with asyncio.timeout(5):
        while identities.known:
            await asyncio.sleep(0.01)


def test_the_second_request_of_a_page_asks_nothing(settings: Settings) -> None:
    async def check(identities: Identities, sessions: Counting, token: str) -> None:
        first, second = await identities.of(token), await identities.of(token)

        assert first is second
        assert sessions.asked == 1

    run(settings, check)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessioni SET revocata_il = now() WHERE id = %(session)s",
        "UPDATE sessioni SET scade_il = now() WHERE id = %(session)s",
        "UPDATE incarichi SET revocato_il = now() WHERE id = %(incarico)s",
        "UPDATE operatori SET revocato_il = now() WHERE id = %(operatore)s",
    ],
    ids=["session revoked", "session at its end", "incarico revoked", "operator revoked"],
)
def test_what_another_process_ends_is_ended_here(settings: Settings, statement: str) -> None:
    async def check(identities: Identities, sessions: Counting, token: str) -> None:
        known = await identities.of(token)
        assert known is not None
        values = {"session": known.session_id, "incarico": known.incarico_id, "operatore": known.operatore_id}
        with psycopg.connect(settings.dsn) as connection:
            connection.execute(statement, values)  # type: ignore[arg-type]

        await forgotten(identities)

        assert await identities.of(token) is None

    try:
        run(settings, check)
    finally:
        change(settings, "UPDATE incarichi SET revocato_il = NULL WHERE id = %s", GIULIA.incarico_id)
        change(settings, "UPDATE operatori SET revocato_il = NULL WHERE id = %s", GIULIA.operatore_id)


def test_a_change_during_the_reading_is_not_overwritten_by_what_was_read(settings: Settings) -> None:
    async def check(identities: Identities, sessions: Counting, token: str) -> None:
        reading = asyncio.create_task(identities.of(token))
        await asyncio.sleep(0)
        identities.forget()
        await reading

        assert identities.known == {}

    run(settings, check)


def test_use_of_another_session_forgets_only_that_one(settings: Settings) -> None:
    async def check(identities: Identities, sessions: Counting, token: str) -> None:
        await identities.of(token)

        identities.forget(UUID(int=5))

        assert await identities.of(token) is not None
        assert sessions.asked == 1

    run(settings, check)


def test_while_nobody_tells_nothing_is_remembered(settings: Settings) -> None:
    async def check(identities: Identities, sessions: Counting, token: str) -> None:
        await identities.of(token)
        change(
            settings,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' OR query = 'SELECT 1'",
        )
        await forgotten(identities)
        assert not identities.told

        await identities.of(token)
        await identities.of(token)

        assert sessions.asked == 3

    run(settings, check)
