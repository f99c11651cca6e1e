"""Findings of the rules: made once each, told once each, looked at and closed by the DPO."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from contracts.errors import Conflict, Invalid, NotFound
from contracts.gateway import AccessoAnomaloV1
from gateway.accessi.continua import move_cursor, read_cursor
from gateway.accessi.fatti import Fatti
from gateway.accessi.regole import RULES, Finding, Scope
from gateway.accessi.sigilli import Connection, last_seal
from gateway.outbox import emit

SEALS_AT_ONCE = 60
STORE = """
INSERT INTO accessi_anomali AS a
       (id, regola, chiave, ente, operatore_id, ruolo, settore, dal, al, righe, conteggio, spiegazione)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (regola, chiave) DO UPDATE
   SET al = greatest(a.al, excluded.al), conteggio = greatest(a.conteggio, excluded.conteggio),
       righe = CASE WHEN excluded.conteggio > a.conteggio THEN excluded.righe ELSE a.righe END,
       spiegazione = CASE WHEN excluded.conteggio > a.conteggio THEN excluded.spiegazione ELSE a.spiegazione END
 WHERE a.stato <> 'chiusa'
RETURNING id, xmax = 0
"""
"""A finding that grows stays one: the DPO sees its latest size, the others hear of it once."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AnomaliaOut:
    id: UUID
    regola: str
    ente: str
    operatore_id: UUID
    ruolo: str
    settore: str
    dal: datetime
    al: datetime
    conteggio: int
    spiegazione: str
    trovata_il: datetime
    stato: str
    motivo: str
    vista_da: UUID | None
    vista_il: datetime | None
    chiusa_da: UUID | None
    chiusa_il: datetime | None
    righe: list[tuple[UUID, int]]


COLUMNS = ", ".join(AnomaliaOut.__slots__)


async def evaluate(
    connection: Connection, fatti: Callable[[], Awaitable[Fatti]], until: float | None = None
) -> int:
    """Applies each rule in force to the seals it has not seen; how many findings are new. A rule that cannot be applied
    now (the registry does not answer) takes up where it stopped, the others go on."""
    newest = await last_seal(connection)
    if newest is None:
        return 0
    made = 0
    for regola, rule in RULES.items():
        name = f"anomalie:{regola}"
        versions = await _versions(connection, regola)
        # the first seal holds everything that was there before the notaio: the past is not searched
        done = await read_cursor(connection, name) or 1
        while done < newest.numero and (until is None or monotonic() < until):
            upto, findings = min(done + SEALS_AT_ONCE, newest.numero), list[Finding]()
            try:
                for enti, altri, parametri in versions:
                    findings += await rule(Scope(connection, done, upto, parametri, enti, altri, fatti))
            except Exception as error:  # one rule that fails must not stop seals and other rules
                log.error(
                    "anomaly_rule_failed", regola=regola, error=f"{type(error).__name__}: {error}"[:200]
                )
                break
            made += await _store(connection, regola, name, upto, findings)
            done = upto
    return made


async def _versions(
    connection: Connection, regola: str
) -> list[tuple[tuple[str, ...], bool, dict[str, Any]]]:
    """A rule in force as each ente wants it: which enti (or with True: all but these), and the parameters."""
    cursor = await connection.execute(
        "SELECT ente, attiva, parametri FROM regole_anomalia WHERE regola = %s ORDER BY ente", (regola,)
    )
    rows = await cursor.fetchall()
    own = tuple(ente for ente, _, _ in rows if ente)
    return [((ente,), False, p) if ente else (own, True, p) for ente, attiva, p in rows if attiva]


async def _store(connection: Connection, regola: str, name: str, upto: int, findings: list[Finding]) -> int:
    """Findings, events and cursor together: a kill before the commit leaves all to be done again."""
    made = 0
    async with connection.transaction():
        for one in findings:
            cursor = await connection.execute(
                STORE,
                (
                    uuid7(), regola, one.chiave, one.ente, one.operatore_id, one.ruolo, one.settore, one.dal, one.al,
                    Jsonb(one.righe), one.conteggio, one.spiegazione,
                ),
            )  # fmt: skip
            row = await cursor.fetchone()
            if row is not None and row[1]:
                made += 1
                await emit(connection, _event(row[0], regola, one), 1)
        await move_cursor(connection, name, upto)
    return made


def _event(anomalia_id: UUID, regola: str, one: Finding) -> AccessoAnomaloV1:
    return AccessoAnomaloV1(
        anomalia_id=anomalia_id, regola=regola, ente=one.ente, operatore_id=one.operatore_id, ruolo=one.ruolo,
        settore=one.settore, righe=one.conteggio, dal=one.dal, al=one.al,
    )  # fmt: skip


async def list_anomalie(
    connection: Connection, ente: str, stato: str = "", dopo: UUID | None = None, limite: int = 50
) -> list[AnomaliaOut]:
    """Of one ente, newest first; `stato`: nuova, vista, chiusa, or "" for all. `dopo`: the last of the page before."""
    async with connection.cursor(row_factory=class_row(AnomaliaOut)) as cursor:
        await cursor.execute(
            f"SELECT {COLUMNS} FROM accessi_anomali WHERE ente = %(ente)s AND (%(stato)s = '' OR stato = %(stato)s)"
            " AND (%(dopo)s::uuid IS NULL OR (trovata_il, id) <"
            " (SELECT trovata_il, id FROM accessi_anomali WHERE id = %(dopo)s AND ente = %(ente)s))"
            " ORDER BY trovata_il DESC, id DESC LIMIT %(limite)s",
            {"ente": ente, "stato": stato, "dopo": dopo, "limite": limite},
        )
        return await cursor.fetchall()


async def count_open(connection: Connection, ente: str) -> int:
    cursor = await connection.execute(
        "SELECT count(*) FROM accessi_anomali WHERE ente = %s AND stato = 'nuova'", (ente,)
    )
    row: Any = await cursor.fetchone()
    return int(row[0])


async def get_anomalia(connection: Connection, anomalia_id: UUID, ente: str) -> AnomaliaOut:
    """Raises NotFound, for one of another ente too."""
    async with connection.cursor(row_factory=class_row(AnomaliaOut)) as cursor:
        await cursor.execute(
            f"SELECT {COLUMNS} FROM accessi_anomali WHERE id = %s AND ente = %s", (anomalia_id, ente)
        )
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("anomalia.non_trovata", "Questa segnalazione non c'è.")
    return found


async def mark_seen(connection: Connection, anomalia_id: UUID, ente: str, operatore_id: UUID) -> AnomaliaOut:
    """Somebody looks at it; who was first stays written."""
    await connection.execute(
        "UPDATE accessi_anomali SET stato = 'vista', vista_da = %s, vista_il = now()"
        " WHERE id = %s AND ente = %s AND stato = 'nuova'",
        (operatore_id, anomalia_id, ente),
    )
    return await get_anomalia(connection, anomalia_id, ente)


async def close_anomalia(
    connection: Connection, anomalia_id: UUID, ente: str, operatore_id: UUID, motivo: str
) -> AnomaliaOut:
    """Closed with the reason. Raises Invalid without one, Conflict when it is closed already, NotFound."""
    reason = motivo.replace("\x00", "").strip()
    if not reason:
        raise Invalid(
            "anomalia.senza_motivo", "Scrivi perché la chiudi.", {"motivo": "Scrivi perché la chiudi."}
        )
    cursor = await connection.execute(
        "UPDATE accessi_anomali SET stato = 'chiusa', motivo = %s, chiusa_da = %s, chiusa_il = now(),"
        " vista_da = coalesce(vista_da, %s), vista_il = coalesce(vista_il, now())"
        " WHERE id = %s AND ente = %s AND stato <> 'chiusa'",
        (reason[:1000], operatore_id, operatore_id, anomalia_id, ente),
    )
    found = await get_anomalia(connection, anomalia_id, ente)
    if cursor.rowcount == 0:
        raise Conflict("anomalia.gia_chiusa", "Questa segnalazione è già chiusa.")
    return found


@dataclass(frozen=True, slots=True)
class RapportoOut:
    """A week in numbers; `aperte` as it was when the report was made."""

    id: UUID
    settimana: date
    nuove: int
    aperte: int
    per_regola: dict[str, int]


async def list_reports(connection: Connection, ente: str, limite: int = 8) -> list[RapportoOut]:
    """The newest weeks first."""
    async with connection.cursor(row_factory=class_row(RapportoOut)) as cursor:
        await cursor.execute(
            "SELECT id, settimana, nuove, aperte, per_regola FROM rapporti_anomalie WHERE ente = %s"
            " ORDER BY settimana DESC LIMIT %s",
            (ente, limite),
        )
        return await cursor.fetchall()
