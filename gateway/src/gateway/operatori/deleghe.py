"""Standing in for an absent colleague: who, in whose incarico, from when to when, why."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import class_row, dict_row
from uuid_utils.compat import uuid7

from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.mandato import Extent
from gateway.db import TODAY
from gateway.operatori.changes import Connection, today
from gateway.operatori.commands import NuovaDelega
from gateway.operatori.rules import sees_cases

if TYPE_CHECKING:
    from gateway.auth import Caller
    from gateway.resources import Gateway

MASSIMO_GIORNI = 60
"""Longest a delega may last; a longer absence is an incarico of its own."""
ASSEGNA = "presa_in_carico:assegna"
"""Whoever assigns the cases of a settore says who stands in for an absent colleague of it."""
AFFINI = frozenset({"assistente_sociale", "coordinatore"})
"""Roles of one kind: each may stand in for the other. Any other role is stood in for by its like."""
SELECT = f"""
SELECT d.id, d.incarico_id, i.operatore_id AS titolare_id, t.nome || ' ' || t.cognome AS titolare, d.delegato_id,
       p.nome || ' ' || p.cognome AS delegato, i.ruolo, i.ente, i.settore, d.dal, d.al, d.motivo, d.creata_da,
       d.revocata_il,
       CASE WHEN d.revocata_il IS NOT NULL THEN 'revocata' WHEN d.al < {TODAY} THEN 'finita'
            WHEN d.dal > {TODAY} THEN 'futura' ELSE 'in_corso' END AS stato
  FROM deleghe d JOIN incarichi i ON i.id = d.incarico_id JOIN operatori t ON t.id = i.operatore_id
  JOIN operatori p ON p.id = d.delegato_id
"""
MINE = """
 (i.operatore_id = %(me)s OR d.delegato_id = %(me)s
  OR i.ente = %(ente)s AND (%(reach)s = 'ente' OR %(reach)s = 'settore' AND i.settore = %(settore)s))
"""
INCARICHI = f"""
SELECT i.id AS incarico_id, i.operatore_id, o.nome || ' ' || o.cognome AS nome, i.ruolo, i.ente, i.settore, i.al
  FROM incarichi i JOIN operatori o ON o.id = i.operatore_id
 WHERE o.revocato_il IS NULL AND i.revocato_il IS NULL AND (i.al IS NULL OR i.al >= {TODAY})
"""


@dataclass(frozen=True, slots=True)
class Delega:
    """`stato`: in_corso, futura, finita, revocata."""

    id: UUID
    incarico_id: UUID
    titolare_id: UUID
    titolare: str
    delegato_id: UUID
    delegato: str
    ruolo: str
    ente: str
    settore: str
    dal: date
    al: date
    motivo: str
    creata_da: UUID
    revocata_il: datetime | None
    stato: str


@dataclass(frozen=True, slots=True)
class Posto:
    """An incarico one may delegate, or the footing of a colleague who may stand in."""

    incarico_id: UUID
    operatore_id: UUID
    nome: str
    ruolo: str
    ente: str
    settore: str
    al: date | None


def same_kind(one: str, other: str) -> bool:
    return one == other or {one, other} <= AFFINI


def reach(caller: "Caller") -> str:
    """How far the caller names stand-ins for others: ente, settore, or nobody. Who stands in himself does not."""
    extent = caller.extents.get(ASSEGNA, Extent.NESSUNO)
    if caller.identity.delegato or extent in (Extent.NESSUNO, Extent.PROPRI):
        return ""
    return "settore" if extent is Extent.SETTORE else "ente"


def _who(caller: "Caller") -> dict[str, Any]:
    return {
        "me": caller.operatore_id, "ente": caller.ente, "settore": caller.settore, "reach": reach(caller)
    }  # fmt: skip


async def list_deleghe(gateway: "Gateway", caller: "Caller") -> list[Delega]:
    """Those he gave, those he has, those of his settore if he coordinates it; the latest first."""
    async with gateway.pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Delega))
        await cursor.execute(f"{SELECT} WHERE {MINE} ORDER BY d.dal DESC, d.id LIMIT 200", _who(caller))
        return await cursor.fetchall()


async def list_posti(gateway: "Gateway", caller: "Caller") -> tuple[list[Posto], list[Posto]]:
    """Incarichi the caller may have stood in for, and the colleagues of their enti."""
    async with gateway.pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Posto))
        mine = MINE.replace(" OR d.delegato_id = %(me)s", "")
        await cursor.execute(f"{INCARICHI} AND {mine} ORDER BY o.cognome, o.nome, i.id", _who(caller))
        posti = await cursor.fetchall()
        enti = list({posto.ente for posto in posti})
        await cursor.execute(f"{INCARICHI} AND i.ente = ANY(%s) ORDER BY o.cognome, o.nome", (enti,))
        return posti, await cursor.fetchall()


async def give(gateway: "Gateway", caller: "Caller", command: NuovaDelega) -> UUID:
    """A colleague stands in. Raises NotFound for an incarico that is not the caller's to delegate, Invalid with what is
    wrong, Conflict where he stands in already."""
    policy = await gateway.policies.current()
    async with gateway.pool.connection() as connection, connection.transaction():
        posto = await _posto(connection, caller, command.incarico_id)
        await _check(connection, caller, posto, command)
        delega_id = uuid7()
        await connection.execute(
            "INSERT INTO deleghe (id, incarico_id, delegato_id, dal, al, motivo, creata_da)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (delega_id, command.incarico_id, command.delegato_id, command.dal, command.al, command.motivo,
             caller.operatore_id),
        )  # fmt: skip
        await _note(
            connection, caller, posto, command.delegato_id, "delegato", command.motivo,
            sees_cases(policy, posto.ruolo),
        )  # fmt: skip
    return delega_id


async def revoke(gateway: "Gateway", caller: "Caller", delega_id: UUID) -> None:
    """Ends it at once, with the sessions in it: the absent, the stand-in himself, or who coordinates the settore."""
    async with gateway.pool.connection() as connection, connection.transaction():
        cursor = connection.cursor(row_factory=dict_row)
        query = f"{SELECT} WHERE d.id = %(delega)s AND {MINE} FOR UPDATE OF d"
        await cursor.execute(query, _who(caller) | {"delega": delega_id})
        row = await cursor.fetchone()
        if row is None:
            raise NotFound("deleghe.non_trovata", "Questa delega non c'è.")
        if row["revocata_il"] is not None:
            return
        await connection.execute(
            "UPDATE deleghe SET revocata_il = now(), revocata_da = %s WHERE id = %s",
            (caller.operatore_id, delega_id),
        )
        await connection.execute(
            "UPDATE sessioni SET revocata_il = now() WHERE delega_id = %s AND revocata_il IS NULL",
            (delega_id,),
        )
        posto = Posto(
            row["incarico_id"], row["titolare_id"], row["titolare"], row["ruolo"], row["ente"], row["settore"],
            None,
        )  # fmt: skip
        await _note(connection, caller, posto, row["delegato_id"], "delega_revocata", "", False)


async def _posto(connection: Connection, caller: "Caller", incarico_id: UUID) -> Posto:
    cursor = connection.cursor(row_factory=class_row(Posto))
    mine = MINE.replace(" OR d.delegato_id = %(me)s", "")
    query = f"{INCARICHI} AND i.id = %(incarico)s AND {mine} FOR UPDATE OF i"
    await cursor.execute(query, _who(caller) | {"incarico": incarico_id})
    posto = await cursor.fetchone()
    if posto is None:
        raise NotFound("deleghe.incarico_non_trovato", "Questo incarico non è tra quelli che puoi delegare.")
    return posto


async def _check(connection: Connection, caller: "Caller", posto: Posto, command: NuovaDelega) -> None:
    if command.delegato_id == caller.operatore_id:
        raise Forbidden("deleghe.quattro_occhi", "Non puoi nominare te stesso: lo fa un'altra persona.")
    wrong: dict[str, str] = {}
    if command.dal < await today(connection):
        wrong["dal"] = "La delega comincia da oggi in poi."
    if command.al < command.dal:
        wrong["al"] = "La fine viene prima dell'inizio."
    elif (command.al - command.dal).days > MASSIMO_GIORNI:
        wrong["al"] = f"Una delega dura al massimo {MASSIMO_GIORNI} giorni: per di più serve un incarico."
    elif posto.al is not None and command.al > posto.al:
        wrong["al"] = "L'incarico finisce prima di questo giorno."
    if not await _may_stand_in(connection, posto, command):
        wrong["delegato_id"] = (
            "Serve un collega dello stesso ente, con un ruolo dello stesso genere, per tutto il tempo."
        )
    if wrong:
        raise Invalid("deleghe.non_valida", "La delega ha dati da sistemare.", wrong)
    cursor = await connection.execute(
        "SELECT 1 FROM deleghe WHERE incarico_id = %s AND delegato_id = %s AND revocata_il IS NULL"
        " AND daterange(dal, al, '[]') && daterange(%s, %s, '[]')",
        (command.incarico_id, command.delegato_id, command.dal, command.al),
    )
    if await cursor.fetchone() is not None:
        raise Conflict("deleghe.gia_presente", "Lo sostituisce già in quei giorni.")


async def _may_stand_in(connection: Connection, posto: Posto, command: NuovaDelega) -> bool:
    if command.delegato_id == posto.operatore_id:
        return False
    cursor = await connection.execute(
        f"SELECT x.ruolo FROM ({INCARICHI} AND i.dal <= %s) x"
        " WHERE x.operatore_id = %s AND x.ente = %s AND (x.al IS NULL OR x.al >= %s)",
        (command.dal, command.delegato_id, posto.ente, command.al),
    )
    return any(same_kind(row[0], posto.ruolo) for row in await cursor.fetchall())


async def _note(
    connection: Connection, caller: "Caller", posto: Posto, delegato_id: UUID, fatto: str, motivo: str,
    vede_casi: bool,
) -> None:  # fmt: skip
    await connection.execute(
        "INSERT INTO operatori_fatti (operatore_id, incarico_id, ente, fatto, da_operatore_id, motivo, vede_casi)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (delegato_id, posto.incarico_id, posto.ente, fatto, caller.operatore_id, motivo, vede_casi),
    )
