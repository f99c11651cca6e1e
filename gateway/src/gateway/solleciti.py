"""Emergencies that nobody has signed are said again each morning."""

from datetime import timedelta
from typing import Any

import psycopg

from contracts.gateway import EmergenzaApertaV1
from gateway.db import TODAY
from gateway.outbox import emit

REMIND_AFTER = timedelta(hours=24)
REMIND_HOUR = 8
"""On the clock of Rome."""


async def remind(connection: psycopg.AsyncConnection[Any]) -> int:
    """Says again, once each morning, what nobody has signed a day after it was opened; how many."""
    done = 0
    async with connection.transaction():
        cursor = await connection.execute(
            "SELECT e.id, e.operatore_id, e.ruolo, e.ente, e.settore, e.residente_id, e.aperta_il, e.scade_il,"
            " e.solleciti FROM emergenze e WHERE e.rivista_il IS NULL AND e.aperta_il < now() - %s"
            " AND extract(hour FROM now() AT TIME ZONE 'Europe/Rome') >= %s"
            " AND (e.sollecitata_il IS NULL OR (e.sollecitata_il AT TIME ZONE 'Europe/Rome')::date"
            f"      < {TODAY}) FOR UPDATE OF e SKIP LOCKED",
            (REMIND_AFTER, REMIND_HOUR),
        )
        for row in await cursor.fetchall():
            event = EmergenzaApertaV1(
                emergenza_id=row[0], operatore_id=row[1], ruolo=row[2], ente=row[3], settore=row[4],
                residente_id=row[5], aperta_il=row[6], scade_il=row[7], sollecito=row[8] + 1,
            )  # fmt: skip
            await connection.execute(
                "UPDATE emergenze SET solleciti = solleciti + 1, sollecitata_il = now() WHERE id = %s",
                (row[0],),
            )
            await emit(connection, event, row[8] + 2)
            done += 1
    return done
