"""The week in numbers for each DPO: made once a week for each ente where one works, late rather than never."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from contracts.gateway import RapportoAnomaliePreparatoV1
from gateway.accessi.sigilli import Connection
from gateway.db import TODAY
from gateway.outbox import emit

ROMA = ZoneInfo("Europe/Rome")
WEEK = timedelta(days=7)
HOUR = 7
"""Of Monday, in Rome."""
CATCH_UP = 8
"""Weeks made up for after a stop."""
ENTI = f"""
SELECT ente, (SELECT max(settimana) FROM rapporti_anomalie r WHERE r.ente = i.ente)
  FROM (SELECT DISTINCT ente FROM incarichi WHERE ruolo = 'rpd' AND revocato_il IS NULL
           AND dal <= {TODAY} AND (al IS NULL OR al >= {TODAY})) i ORDER BY ente
"""
BY_RULE = """
SELECT regola, count(*) FROM accessi_anomali WHERE ente = %s AND trovata_il >= %s AND trovata_il < %s GROUP BY regola
"""


async def report_weeks(connection: Connection, now: datetime) -> int:
    """Makes the reports of the weeks that have ended and have none; how many."""
    local = now.astimezone(ROMA)
    monday = local.date() - timedelta(days=local.weekday())
    due = monday - WEEK if (local.weekday(), local.hour) >= (0, HOUR) else monday - 2 * WEEK
    cursor = await connection.execute(ENTI)
    made = 0
    for ente, newest in await cursor.fetchall():
        week = max(newest + WEEK, due - (CATCH_UP - 1) * WEEK) if newest else due
        while week <= due:
            made += await _report(connection, ente, week)
            week += WEEK
    return made


async def _report(connection: Connection, ente: str, monday: date) -> int:
    """Counts and event together; 0 when another process made it."""
    start, end = (datetime.combine(day, datetime.min.time(), ROMA) for day in (monday, monday + WEEK))
    async with connection.transaction():
        rows = await (await connection.execute(BY_RULE, (ente, start, end))).fetchall()
        per_regola = dict(rows)
        cursor = await connection.execute(
            "INSERT INTO rapporti_anomalie (ente, settimana, id, nuove, aperte, per_regola)"
            " SELECT %s, %s, %s, %s, count(*), %s FROM accessi_anomali WHERE ente = %s AND stato <> 'chiusa'"
            " ON CONFLICT DO NOTHING RETURNING id, nuove, aperte",
            (ente, monday, uuid7(), sum(per_regola.values()), Jsonb(per_regola), ente),
        )
        row = await cursor.fetchone()
        if row is None:
            return 0
        report = RapportoAnomaliePreparatoV1(
            rapporto_id=row[0], ente=ente, dal=monday, al=monday + WEEK - timedelta(days=1), nuove=row[1],
            aperte=row[2], per_regola=per_regola,
        )  # fmt: skip
        await emit(connection, report, 1)
    return 1
