"""Changes of the registry of operators: each in one transaction with what is told to the others. Nothing is deleted."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from uuid_utils.compat import uuid7

from contracts.errors import Conflict, NotFound
from contracts.gateway import OperatoreAbilitatoV1, OperatoreRevocatoV1
from gateway import outbox
from gateway.db import TODAY
from gateway.operatori.commands import Fine, NuovoIncarico, NuovoOperatore, Revoca
from gateway.operatori.rules import Autorita, check_incarico, check_persona, sees_cases

if TYPE_CHECKING:
    from gateway.auth import Caller
    from gateway.resources import Gateway

Connection = psycopg.AsyncConnection[Any]
UPSERT = """
INSERT INTO operatori (id, codice_fiscale, nome, cognome, email, sequence) VALUES (%s, %s, %s, %s, %s, 0)
ON CONFLICT (codice_fiscale) DO UPDATE SET revocato_il = NULL RETURNING id
"""
"""A known operator keeps name and address; one who was revoked is enabled again."""
OVERLAPPING = """
SELECT dal, al FROM incarichi
 WHERE operatore_id = %s AND ruolo = %s AND ente = %s AND settore = %s AND revocato_il IS NULL
   AND daterange(dal, al, '[]') && daterange(%s, %s, '[]')
"""
STAND_INS_WITHOUT_FOOTING = """
UPDATE deleghe d SET revocata_il = now(), revocata_da = %(da)s
 WHERE d.revocata_il IS NULL AND (d.incarico_id = %(incarico)s OR d.delegato_id = %(operatore)s AND NOT EXISTS (
       SELECT 1 FROM incarichi mine JOIN incarichi his ON his.id = d.incarico_id
        WHERE mine.operatore_id = d.delegato_id AND mine.ente = his.ente AND mine.revocato_il IS NULL
          AND (mine.al IS NULL OR mine.al >= d.al)))
"""
"""After an incarico ended: nobody stands in for it, and who held it stands in for nobody where he no longer works."""


@dataclass(frozen=True, slots=True)
class Dato:
    """What came of giving an incarico. `nuovo`: the operator was not known; `gia`: he had exactly this one."""

    operatore_id: UUID
    incarico_id: UUID | None
    nuovo: bool = False
    gia: bool = False


async def authority(gateway: "Gateway", caller: "Caller") -> Autorita:
    return Autorita.of(caller, await gateway.policies.current())


async def enable(gateway: "Gateway", caller: "Caller", command: NuovoOperatore) -> Dato:
    """A person may work here, in this incarico. Conflict when he has it already."""
    by = await authority(gateway, caller)
    async with gateway.pool.connection() as connection, connection.transaction():
        settori, now = await known_settori(connection, command.ente), await today(connection)
        given = await enable_in(connection, by, command, settori, now)
        if given.gia:
            raise _already()
        return given


async def enable_in(
    connection: Connection, by: Autorita, command: NuovoOperatore, settori: frozenset[str], now: date
) -> Dato:
    """The same within a transaction of the caller; an incarico he has already is left as it is. `settori`: those of
    the ente in which somebody works."""
    check_incarico(by, command, settori, now)
    codice = check_persona(command)
    by.refuse_self(codice_fiscale=codice)
    fresh = uuid7()
    cursor = await connection.execute(UPSERT, (fresh, codice, command.nome, command.cognome, command.email))
    row = await cursor.fetchone()
    assert row is not None
    by.refuse_self(row[0])
    incarico_id = await _give(connection, by, row[0], command)
    return Dato(row[0], incarico_id, nuovo=row[0] == fresh, gia=incarico_id is None)


async def assign(gateway: "Gateway", caller: "Caller", operatore_id: UUID, command: NuovoIncarico) -> UUID:
    """One more incarico of a known operator; its id. NotFound for one who works in none of the caller's enti."""
    by = await authority(gateway, caller)
    by.refuse_self(operatore_id)
    async with gateway.pool.connection() as connection, connection.transaction():
        await _require_known(connection, by, operatore_id)
        check_incarico(by, command, await known_settori(connection, command.ente), await today(connection))
        await connection.execute("UPDATE operatori SET revocato_il = NULL WHERE id = %s", (operatore_id,))
        incarico_id = await _give(connection, by, operatore_id, command)
    if incarico_id is None:
        raise _already()
    return incarico_id


async def end(gateway: "Gateway", caller: "Caller", incarico_id: UUID, command: Fine) -> UUID:
    """Ends an incarico, now or after a last day; the operator's id. Sessions in it end with it."""
    by = await authority(gateway, caller)
    async with gateway.pool.connection() as connection, connection.transaction():
        operatore_id = await _owner(connection, by, incarico_id)
        by.refuse_self(operatore_id)
        sequence, email = await _next(connection, operatore_id)
        row = await _in_force(connection, incarico_id)
        if command.al is None or command.al < row["dal"]:
            await _cut(connection, by, row, sequence, "terminato", command.motivo)
            return operatore_id
        if command.al < await today(connection) or (row["al"] is not None and command.al >= row["al"]):
            raise Conflict(
                "operatori.fine_non_valida", "La nuova fine deve venire da oggi in poi e prima di quella attuale.",
                {"al": "Scegli un giorno da oggi in poi, prima della fine attuale."},
            )  # fmt: skip
        await connection.execute("UPDATE incarichi SET al = %s WHERE id = %s", (command.al, incarico_id))
        await connection.execute(
            STAND_INS_WITHOUT_FOOTING, {"da": by.operatore_id, "incarico": None, "operatore": operatore_id}
        )
        await _tell_enabled(connection, row | {"al": command.al, "email": email}, sequence)
        await _note(connection, by, row, "terminato", command.motivo)
    return operatore_id


async def revoke(gateway: "Gateway", caller: "Caller", operatore_id: UUID, command: Revoca) -> None:
    """Ends everything the operator has in the caller's enti; who then has nothing left anywhere enters no more."""
    by = await authority(gateway, caller)
    by.refuse_self(operatore_id)
    async with gateway.pool.connection() as connection, connection.transaction():
        await _require_known(connection, by, operatore_id)
        sequence, _ = await _next(connection, operatore_id)
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(
            "SELECT * FROM incarichi WHERE operatore_id = %s AND ente = ANY(%s) AND revocato_il IS NULL"
            f" AND (al IS NULL OR al >= {TODAY}) ORDER BY id FOR UPDATE",
            (operatore_id, list(by.enti)),
        )
        rows = await cursor.fetchall()
        if not rows:
            raise Conflict("operatori.gia_revocato", "Qui non ha nessun incarico in corso.")
        for place, row in enumerate(rows):
            if place:
                sequence, _ = await _next(connection, operatore_id)
            await _cut(connection, by, row, sequence, "revocato", command.motivo)
        await connection.execute(
            "UPDATE operatori o SET revocato_il = now() WHERE id = %s AND NOT EXISTS (SELECT 1 FROM incarichi"
            f" WHERE operatore_id = o.id AND revocato_il IS NULL AND (al IS NULL OR al >= {TODAY}))",
            (operatore_id,),
        )
        await connection.execute(
            "UPDATE sessioni s SET revocata_il = now() FROM operatori o WHERE o.id = s.operatore_id AND o.id = %s"
            " AND o.revocato_il IS NOT NULL AND s.revocata_il IS NULL",
            (operatore_id,),
        )


async def known_settori(connection: Connection, ente: str) -> frozenset[str]:
    cursor = await connection.execute("SELECT DISTINCT settore FROM incarichi WHERE ente = %s", (ente,))
    return frozenset(row[0] for row in await cursor.fetchall())


async def today(connection: Connection) -> date:
    """The day as the conditions of sessions reckon it."""
    cursor = await connection.execute(f"SELECT {TODAY}")
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def _give(
    connection: Connection, by: Autorita, operatore_id: UUID, command: NuovoIncarico
) -> UUID | None:
    """The new incarico; None when he has exactly this one. Conflict when he has it for other dates."""
    sequence, email = await _next(connection, operatore_id)  # locks the operator: no two at once
    key = (operatore_id, command.ruolo, command.ente, command.settore, command.dal, command.al)
    cursor = await connection.execute(OVERLAPPING, key)
    for dal, al in await cursor.fetchall():
        if (dal, al) == (command.dal, command.al):
            return None
        raise Conflict(
            "operatori.incarico_sovrapposto", "Ha già questo incarico in un periodo che si sovrappone.",
            {"dal": "Ha già questo incarico in un periodo che si sovrappone."},
        )  # fmt: skip
    row: dict[str, Any] = {
        "id": uuid7(), "operatore_id": operatore_id, "ruolo": command.ruolo, "ente": command.ente,
        "settore": command.settore, "dal": command.dal, "al": command.al, "atto": command.atto,
    }  # fmt: skip
    await connection.execute(
        "INSERT INTO incarichi (id, operatore_id, ruolo, ente, settore, dal, al, atto) VALUES"
        " (%(id)s, %(operatore_id)s, %(ruolo)s, %(ente)s, %(settore)s, %(dal)s, %(al)s, %(atto)s)",
        row,
    )
    await _tell_enabled(connection, row | {"email": email}, sequence)
    await _note(connection, by, row, "abilitato", command.atto)
    return row["id"]


async def _cut(
    connection: Connection, by: Autorita, row: dict[str, Any], sequence: int, fatto: str, motivo: str
) -> None:
    """Ends an incarico now, with every session in it and every delega that stood on it."""
    await connection.execute("UPDATE incarichi SET revocato_il = now() WHERE id = %s", (row["id"],))
    await connection.execute(
        "UPDATE sessioni SET revocata_il = now() WHERE incarico_id = %s AND revocata_il IS NULL", (row["id"],)
    )
    await connection.execute(
        STAND_INS_WITHOUT_FOOTING,
        {"da": by.operatore_id, "incarico": row["id"], "operatore": row["operatore_id"]},
    )
    event = OperatoreRevocatoV1(
        operatore_id=row["operatore_id"], incarico_id=row["id"], data=await today(connection)
    )
    await outbox.emit(connection, event, sequence)
    await _note(connection, by, row, fatto, motivo)


async def _tell_enabled(connection: Connection, row: dict[str, Any], sequence: int) -> None:
    event = OperatoreAbilitatoV1(
        operatore_id=row["operatore_id"], incarico_id=row["id"], ente=row["ente"], settore=row["settore"],
        ruolo=row["ruolo"], email=row["email"], dal=row["dal"], al=row["al"],
    )  # fmt: skip
    await outbox.emit(connection, event, sequence)


async def _note(connection: Connection, by: Autorita, row: dict[str, Any], fatto: str, motivo: str) -> None:
    """What was done, by whom: kept for ever."""
    await connection.execute(
        "INSERT INTO operatori_fatti (operatore_id, incarico_id, ente, fatto, da_operatore_id, motivo, vede_casi)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (row["operatore_id"], row["id"], row["ente"], fatto, by.operatore_id, motivo,
         sees_cases(by.policy, row["ruolo"])),
    )  # fmt: skip


async def _next(connection: Connection, operatore_id: UUID) -> tuple[int, str]:
    """The operator's next version, and his address; whoever else changes him waits."""
    cursor = await connection.execute(
        "UPDATE operatori SET sequence = sequence + 1 WHERE id = %s RETURNING sequence, email",
        (operatore_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise _unknown()
    return row[0], row[1]


async def _require_known(connection: Connection, by: Autorita, operatore_id: UUID) -> None:
    cursor = await connection.execute(
        "SELECT 1 FROM incarichi WHERE operatore_id = %s AND ente = ANY(%s)", (operatore_id, list(by.enti))
    )
    if await cursor.fetchone() is None:
        raise _unknown()


async def _owner(connection: Connection, by: Autorita, incarico_id: UUID) -> UUID:
    cursor = await connection.execute(
        "SELECT operatore_id FROM incarichi WHERE id = %s AND ente = ANY(%s)", (incarico_id, list(by.enti))
    )
    row = await cursor.fetchone()
    if row is None:
        raise _unknown()
    return row[0]


async def _in_force(connection: Connection, incarico_id: UUID) -> dict[str, Any]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        f"SELECT * FROM incarichi WHERE id = %s AND revocato_il IS NULL AND (al IS NULL OR al >= {TODAY})",
        (incarico_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise Conflict("operatori.incarico_finito", "Questo incarico è già finito.")
    return row


def _already() -> Conflict:
    return Conflict("operatori.gia_presente", "Ha già questo incarico, con le stesse date.")


def _unknown() -> NotFound:
    return NotFound("operatori.non_trovato", "Questo operatore non c'è.")
