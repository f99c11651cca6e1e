"""The registry of machine clients: one administrator proposes, another approves, keys likewise; revoked at once."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.mandato import Extent
from gateway.macchine.chiavi import Chiave, read_key
from gateway.macchine.commands import (
    EXTENTS,
    ApprovaClient,
    NuovaChiave,
    NuovoClient,
    RevocaClient,
    scopes,
)
from gateway.operatori.changes import authority, today
from gateway.operatori.rules import Autorita

if TYPE_CHECKING:
    from gateway.auth import Caller
    from gateway.resources import Gateway

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class ChiaveClient:
    kid: str
    alg: str
    proposta_da: UUID
    proposta_il: datetime
    approvata_da: UUID | None
    approvata_il: datetime | None
    revocata_il: datetime | None


@dataclass(frozen=True, slots=True)
class ClientOut:
    """`stato`: proposto, attivo, scaduto, revocato."""

    id: UUID
    nome: str
    ente: str
    settore: str
    finalita: str
    estensioni: dict[str, str]
    creato_il: datetime
    proposto_da: UUID
    approvato_da: UUID | None
    approvato_il: datetime | None
    scade_il: datetime | None
    revocato_il: datetime | None
    motivo_revoca: str
    stato: str
    ultimo_uso: datetime | None
    chiavi_proposte_da: list[UUID]
    """Who has proposed the keys that wait for somebody else."""


SELECT = """
SELECT k.id, k.nome, k.ente, k.settore, k.finalita, k.estensioni, k.creato_il, k.proposto_da, k.approvato_da,
       k.approvato_il, k.scade_il, k.revocato_il, k.motivo_revoca,
       CASE WHEN k.revocato_il IS NOT NULL THEN 'revocato' WHEN k.scade_il <= now() THEN 'scaduto'
            WHEN k.approvato_il IS NULL THEN 'proposto' ELSE 'attivo' END AS stato,
       (SELECT max(ultimo_uso) FROM sessioni s WHERE s.client_id = k.id) AS ultimo_uso,
       ARRAY(SELECT c.proposta_da FROM clienti_chiavi c WHERE c.client_id = k.id AND c.approvata_il IS NULL
                AND c.revocata_il IS NULL) AS chiavi_proposte_da
  FROM clienti k
"""


async def list_clienti(gateway: "Gateway", enti: tuple[str, ...]) -> list[ClientOut]:
    async with gateway.pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(ClientOut))
        await cursor.execute(
            f"{SELECT} WHERE k.ente = ANY(%s) ORDER BY k.nome, k.id LIMIT 500", (list(enti),)
        )
        return await cursor.fetchall()


async def get(
    gateway: "Gateway", enti: tuple[str, ...], client_id: UUID
) -> tuple[ClientOut, list[ChiaveClient]]:
    """NotFound for a client of another ente."""
    async with gateway.pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(ClientOut))
        await cursor.execute(f"{SELECT} WHERE k.id = %s AND k.ente = ANY(%s)", (client_id, list(enti)))
        client = await cursor.fetchone()
        if client is None:
            raise _unknown()
        keys = connection.cursor(row_factory=class_row(ChiaveClient))
        await keys.execute(
            "SELECT kid, alg, proposta_da, proposta_il, approvata_da, approvata_il, revocata_il"
            " FROM clienti_chiavi WHERE client_id = %s ORDER BY proposta_il DESC, kid",
            (client_id,),
        )
        return client, await keys.fetchall()


async def propose(gateway: "Gateway", caller: "Caller", command: NuovoClient) -> UUID:
    """A client that may do nothing until somebody else approves it."""
    by = await authority(gateway, caller)
    key = read_key(command.chiave)
    client_id = uuid7()
    async with gateway.pool.connection() as connection, connection.transaction():
        _check(by, command, await today(connection))
        await connection.execute(
            "INSERT INTO clienti (id, nome, ente, settore, finalita, estensioni, scade_il, proposto_da)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (client_id, command.nome, command.ente, command.settore, command.finalita,
             Jsonb({scope: extent.value for scope, extent in command.estensioni.items()}), command.scade_il,
             by.operatore_id),
        )  # fmt: skip
        await _add_key(connection, by, client_id, key)
    return client_id


def _check(by: Autorita, command: NuovoClient, now: date) -> None:
    wrong: dict[str, str] = {}
    if command.ente not in by.enti:
        wrong["ente"] = "Questo ente non è tra quelli che gestisci."
    unknown = sorted(command.estensioni.keys() - {*scopes(by.policy)})
    if unknown:
        wrong["estensioni"] = f"Un sistema collegato non può avere: {', '.join(unknown)[:200]}."
    elif not {*command.estensioni.values()} <= {*EXTENTS}:
        wrong["estensioni"] = "Un sistema non ha casi propri: scegli settore o ente."
    elif Extent.SETTORE in command.estensioni.values() and not command.settore:
        wrong["settore"] = "Se arriva a un settore, scrivi quale."
    if not _within_reach(by, command):
        wrong.setdefault("estensioni", "Arriva oltre gli enti che gestisci.")
    if command.scade_il is not None and command.scade_il <= now:
        wrong["scade_il"] = "Questa scadenza è già passata."
    if wrong:
        raise Invalid("clienti.non_valido", "Il sistema collegato ha dati da sistemare.", wrong)


def _within_reach(by: Autorita, command: NuovoClient) -> bool:
    """Nobody lets a machine reach enti that he does not administer himself."""
    groups = {Extent.AMBITO: by.policy.ambiti, Extent.PROVINCIA: by.policy.province}
    reached = {command.ente}
    for extent in set(command.estensioni.values()) & groups.keys():
        reached |= {*groups[extent].get(command.ente, ())}
    return reached <= {*by.enti}


async def approve(gateway: "Gateway", caller: "Caller", client_id: UUID, command: ApprovaClient) -> None:
    """Four eyes: another than who proposed it. Its keys that somebody else proposed come into force with it, none that
    he has not seen; and what it asks must be within his own reach and the policy in force now."""
    by = await authority(gateway, caller)
    async with gateway.pool.connection() as connection, connection.transaction():
        row = await _locked(connection, by, client_id)
        _refuse_same(by, row["proposto_da"])
        if row["approvato_il"] is not None or row["revocato_il"] is not None:
            raise Conflict("clienti.gia_deciso", "Su questo sistema è già stato deciso.")
        _check(by, _asked(row), await today(connection))
        await _expect_keys(connection, client_id, command.chiavi)
        await connection.execute(
            "UPDATE clienti SET approvato_da = %s, approvato_il = now() WHERE id = %s",
            (by.operatore_id, client_id),
        )
        await connection.execute(
            "UPDATE clienti_chiavi SET approvata_da = %s, approvata_il = now() WHERE client_id = %s"
            " AND approvata_il IS NULL AND revocata_il IS NULL AND NOT proposta_da = ANY(%s)",
            (by.operatore_id, client_id, list(by.persone)),
        )


def _asked(row: dict[str, Any]) -> NuovoClient:
    """What was proposed, to be looked at again."""
    return NuovoClient.model_construct(
        nome=row["nome"], ente=row["ente"], settore=row["settore"], finalita=row["finalita"], chiave="",
        estensioni={scope: Extent(extent) for scope, extent in row["estensioni"].items()},
        scade_il=row["scade_il"].date() if row["scade_il"] else None,
    )  # fmt: skip


async def _expect_keys(connection: Connection, client_id: UUID, seen: list[str]) -> None:
    """Conflict unless the keys that wait are those that were seen. What a kid names never changes."""
    cursor = await connection.execute(
        "SELECT kid FROM clienti_chiavi WHERE client_id = %s AND approvata_il IS NULL AND revocata_il IS NULL",
        (client_id,),
    )
    if {row[0] for row in await cursor.fetchall()} != {*seen}:
        message = "Nel frattempo le sue chiavi sono cambiate: guardale di nuovo, poi approva."
        raise Conflict("clienti.chiavi_cambiate", message)


async def propose_key(gateway: "Gateway", caller: "Caller", client_id: UUID, command: NuovaChiave) -> str:
    """One more key, so that the old one can be let go without a gap; its kid."""
    by = await authority(gateway, caller)
    key = read_key(command.chiave)
    async with gateway.pool.connection() as connection, connection.transaction():
        await _in_force(connection, by, client_id)
        await _add_key(connection, by, client_id, key)
    return key.kid


async def approve_key(gateway: "Gateway", caller: "Caller", client_id: UUID, kid: str) -> None:
    by = await authority(gateway, caller)
    async with gateway.pool.connection() as connection, connection.transaction():
        await _in_force(connection, by, client_id)
        row = await _key(connection, client_id, kid)
        _refuse_same(by, row["proposta_da"])
        if row["approvata_il"] is not None or row["revocata_il"] is not None:
            raise Conflict("clienti.gia_deciso", "Su questa chiave è già stato deciso.")
        await connection.execute(
            "UPDATE clienti_chiavi SET approvata_da = %s, approvata_il = now() WHERE client_id = %s AND kid = %s",
            (by.operatore_id, client_id, kid),
        )


async def revoke_key(gateway: "Gateway", caller: "Caller", client_id: UUID, kid: str) -> None:
    """One person is enough to take away. The client's open sessions end too: who holds the key may hold them."""
    by = await authority(gateway, caller)
    async with gateway.pool.connection() as connection, connection.transaction():
        await _locked(connection, by, client_id)
        await _key(connection, client_id, kid)
        await connection.execute(
            "UPDATE clienti_chiavi SET revocata_da = %s, revocata_il = coalesce(revocata_il, now())"
            " WHERE client_id = %s AND kid = %s",
            (by.operatore_id, client_id, kid),
        )
        await _end_sessions(connection, client_id)


async def revoke(gateway: "Gateway", caller: "Caller", client_id: UUID, command: RevocaClient) -> None:
    by = await authority(gateway, caller)
    async with gateway.pool.connection() as connection, connection.transaction():
        row = await _locked(connection, by, client_id)
        if row["revocato_il"] is not None:
            raise Conflict("clienti.gia_revocato", "Questo sistema è già revocato.")
        await connection.execute(
            "UPDATE clienti SET revocato_da = %s, revocato_il = now(), motivo_revoca = %s WHERE id = %s",
            (by.operatore_id, command.motivo, client_id),
        )
        await _end_sessions(connection, client_id)


async def _add_key(connection: Connection, by: Autorita, client_id: UUID, key: Chiave) -> None:
    cursor = await connection.execute(
        "INSERT INTO clienti_chiavi (client_id, kid, jwk, alg, proposta_da) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (client_id, key.kid, Jsonb(key.jwk), key.alg, by.operatore_id),
    )
    if cursor.rowcount != 1:
        message = "Una chiave con questo nome (kid) c'è già, o c'è stata: fanne una nuova."
        raise Conflict("clienti.chiave_gia_presente", message, {"chiave": message})


async def _end_sessions(connection: Connection, client_id: UUID) -> None:
    await connection.execute(
        "UPDATE sessioni SET revocata_il = now() WHERE client_id = %s AND revocata_il IS NULL", (client_id,)
    )


async def _locked(connection: Connection, by: Autorita, client_id: UUID) -> dict[str, Any]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT * FROM clienti WHERE id = %s AND ente = ANY(%s) FOR UPDATE", (client_id, list(by.enti))
    )
    row = await cursor.fetchone()
    if row is None:
        raise _unknown()
    return row


async def _in_force(connection: Connection, by: Autorita, client_id: UUID) -> dict[str, Any]:
    row = await _locked(connection, by, client_id)
    if row["revocato_il"] is not None:
        raise Conflict(
            "clienti.gia_revocato", "Questo sistema è revocato: se serve ancora, proponine uno nuovo."
        )
    return row


async def _key(connection: Connection, client_id: UUID, kid: str) -> dict[str, Any]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT * FROM clienti_chiavi WHERE client_id = %s AND kid = %s FOR UPDATE", (client_id, kid)
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound("clienti.chiave_non_trovata", "Questa chiave non c'è.")
    return row


def _refuse_same(by: Autorita, proposer: UUID) -> None:
    if proposer in by.persone:
        raise Forbidden("clienti.quattro_occhi", "L'hai proposto tu: lo approva un altro amministratore.")


def _unknown() -> NotFound:
    return NotFound("clienti.non_trovato", "Questo sistema collegato non c'è.")
