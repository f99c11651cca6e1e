"""The notaio: a process of its own that each minute seals the access log, verifies what came in and applies the rules.

It alone holds the key of the seals. Each run does what is due and ends; what a kill leaves undone the next run does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from time import monotonic

import psycopg
import structlog

from chassis.mandate import NOTAIO
from gateway.accessi import verifiche
from gateway.accessi.anomalie import evaluate
from gateway.accessi.continua import record_findings, verify_new
from gateway.accessi.fatti import Fatti
from gateway.accessi.rapporto import report_weeks
from gateway.accessi.settings import SealSettings
from gateway.accessi.sigilli import Connection, seal
from gateway.clients import AmqpRpc
from gateway.db import make_pool
from gateway.mandato import MandatoSigner
from gateway.sistema import Sistema

RULES_SECONDS = 20.0
VERIFY_SECONDS = 20.0
"""Of each minute, for a whole verification that somebody asked for."""
CONNECT_SECONDS = 5.0
log = structlog.get_logger()


async def minute(settings: SealSettings) -> int:
    """One run: 0 when all held, 1 when something in the log does not (the DPO's page says what)."""
    keys = settings.verifier()
    async with (
        await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection,
        AsyncExitStack() as opened,
    ):
        await connection.execute("SELECT prepare_accessi()")
        sealing = await seal(connection, settings.signer())
        found = await verify_new(connection, keys)
        anomalie = (*sealing.anomalie, *found.anomalie)
        newest = sealing.sigillo.numero if sealing.sigillo else 0
        if await record_findings(connection, anomalie, newest):
            log.error("access_log_broken", anomalie=len(anomalie), sigillo=newest)
        await apply_rules(connection, lazily(settings, opened))
        await verifiche.go_on(connection, keys, VERIFY_SECONDS)
    return 1 if anomalie else 0


async def attend(settings: SealSettings, until: float) -> None:
    """Does each whole verification as soon as it is asked for, until `until` (of the monotonic clock)."""
    if monotonic() >= until:
        return
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        await connection.execute(f"LISTEN {verifiche.ASKED}")
        while (left := until - monotonic()) > 0:
            under_way = await verifiche.go_on(connection, settings.verifier(), min(left, VERIFY_SECONDS))
            if under_way is not None and under_way.stato != "finita":
                continue
            async for _notice in connection.notifies(timeout=until - monotonic(), stop_after=1):
                pass


async def apply_rules(connection: Connection, fatti: Callable[[], Awaitable[Fatti]]) -> None:
    """Rules and weekly reports; alone, so that two processes do not do the same work."""
    alone = await (
        await connection.execute("SELECT pg_try_advisory_lock(hashtext('accessi_anomali'))")
    ).fetchone()
    if alone is None or not alone[0]:
        return
    made = await evaluate(connection, fatti, monotonic() + RULES_SECONDS)
    reports = await report_weeks(connection, datetime.now(UTC))
    log.info("access_log_rules", anomalie=made, rapporti=reports)
    await connection.execute("SELECT pg_advisory_unlock(hashtext('accessi_anomali'))")


def lazily(settings: SealSettings, opened: AsyncExitStack) -> Callable[[], Awaitable[Fatti]]:
    """Connects to the services when the first rule asks: most minutes of a night ask nothing."""
    made: list[Fatti] = []

    async def fatti() -> Fatti:
        if not made:
            rpc = AmqpRpc(settings.amqp_url)
            opened.push_async_callback(rpc.close)
            async with asyncio.timeout(CONNECT_SECONDS):
                await rpc.connect()
            pool = make_pool(settings)
            await pool.open()
            opened.push_async_callback(pool.close)
            made.append(Fatti(Sistema(pool, rpc, MandatoSigner(settings.notaio_mandato_key_file, NOTAIO))))
        return made[0]

    return fatti
