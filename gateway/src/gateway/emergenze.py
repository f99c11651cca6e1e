"""Break-the-glass: one person's file opened for a short while, with a reason; somebody else signs afterwards.

An emergency is bound to its session and incarico (`sessions.IDENTIFY` reads it at every request), ends by itself, and
stays in the queue until a person who did not open it has looked at what was read and signed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.gateway import EmergenzaApertaV1, EmergenzaRivistaV1
from contracts.mandato import Extent
from gateway.auth import Caller
from gateway.outbox import emit

SCRIVI, LEGGI, APPROVA = "emergenze:scrivi", "emergenze:leggi", "emergenze:approva"
CATEGORIE = {
    "pericolo": "Pericolo per una persona, adesso",
    "allontanamento": "Collocamento in luogo sicuro (art. 403 c.c.)",
    "ospedale": "Chiamata dall’ospedale o dal pronto soccorso",
    "forze_ordine": "Chiamata delle forze dell’ordine",
    "altro": "Altro",
}
"""The short list; the words of the operator come besides."""
ESITI = ("giustificata", "non_giustificata")
MIN_TESTO = 10
MAX_TESTO = 1500
MAX_LETTURE = 500
BELL = "/api/v1/avvisi/flusso"
Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[Connection]

SELECT = """
SELECT e.id, e.session_id, e.operatore_id, o.nome || ' ' || o.cognome AS operatore, e.ruolo, e.ente, e.settore,
       e.residente_id, e.persona, e.motivo, e.aperta_il, e.scade_il, least(e.scade_il, e.chiusa_il) AS finita_il,
       e.rivista_da, coalesce(r.nome || ' ' || r.cognome, '') AS revisore, e.rivista_il, e.esito, e.nota, e.solleciti
  FROM emergenze e JOIN operatori o ON o.id = e.operatore_id LEFT JOIN operatori r ON r.id = e.rivista_da
"""
END = """
UPDATE emergenze SET chiusa_il = now() WHERE session_id = %s AND chiusa_il IS NULL AND scade_il > now()
"""
WAITING = "e.rivista_il IS NULL"
ENDED = "(e.chiusa_il IS NOT NULL OR e.scade_il <= now())"
TODAY = "e.aperta_il >= date_trunc('day', now() AT TIME ZONE 'Europe/Rome') AT TIME ZONE 'Europe/Rome'"


@dataclass(frozen=True, slots=True)
class Emergenza:
    """`finita_il`: the moment it ended or will end. `esito` is None until somebody signed."""

    id: UUID
    session_id: UUID
    operatore_id: UUID
    operatore: str
    ruolo: str
    ente: str
    settore: str
    residente_id: UUID
    persona: str
    motivo: str
    aperta_il: datetime
    scade_il: datetime
    finita_il: datetime
    rivista_da: UUID | None
    revisore: str
    rivista_il: datetime | None
    esito: str | None
    nota: str
    solleciti: int

    @property
    def in_corso(self) -> bool:
        return self.finita_il > datetime.now(UTC)

    @property
    def stato(self) -> str:
        """aperta, da_rivedere, giustificata, non_giustificata."""
        return self.esito or ("aperta" if self.in_corso else "da_rivedere")


@dataclass(frozen=True, slots=True)
class Lettura:
    """One access while it was open. `sulla_persona`: None where the log does not say whose file it was."""

    quando: datetime
    metodo: str
    sezione: str
    azione: str
    esito: int
    sulla_persona: bool | None


def motivo_of(categoria: str, testo: str) -> str:
    """The reason as it is kept; Invalid at the field that says too little or too much."""
    testo, fields = " ".join(testo.replace("\x00", "").split()), dict[str, str]()
    if categoria not in CATEGORIE:
        fields["categoria"] = "Scegli che cosa succede."
    if len(testo) < MIN_TESTO:
        fields["testo"] = "Scrivi in poche parole che cosa succede: chi rivede l’emergenza parte da qui."
    elif len(testo) > MAX_TESTO:
        fields["testo"] = f"Bastano {MAX_TESTO} caratteri: accorcia un po’."
    if fields:
        raise Invalid("emergenze.motivo", "Manca il motivo.", fields=fields)
    return f"{CATEGORIE[categoria]}: {testo}"


class Emergenze:
    def __init__(self, pool: Pool, minuti: int = 60, al_giorno: int = 3) -> None:
        """`al_giorno`: unsigned ones an operator may have opened today before somebody has to look at one."""
        self.pool = pool
        self.minuti = minuti
        self.al_giorno = al_giorno

    async def open(self, caller: Caller, residente_id: UUID, persona: str, motivo: str) -> UUID:
        """Opens the file of a person the caller found in the registry; another one open in the session ends.

        The event leaves in the same transaction. Conflict after too many that nobody has looked at.
        """
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"emergenze:{caller.operatore_id}",)
            )
            await self._refuse_too_many(connection, caller)
            await connection.execute(END, (caller.session_id,))
            cursor = await connection.execute(
                "INSERT INTO emergenze (id, session_id, operatore_id, incarico_id, ruolo, ente, settore, residente_id,"
                " persona, motivo, scade_il) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s)"
                " RETURNING id, aperta_il, scade_il",
                (
                    uuid7(), caller.session_id, caller.operatore_id, caller.incarico_id, caller.ruolo, caller.ente,
                    caller.settore, residente_id, persona[:200], motivo, timedelta(minutes=self.minuti),
                ),
            )  # fmt: skip
            row = await cursor.fetchone()
            assert row is not None
            opened = EmergenzaApertaV1(
                emergenza_id=row[0], operatore_id=caller.operatore_id, ruolo=caller.ruolo, ente=caller.ente,
                settore=caller.settore, residente_id=residente_id, aperta_il=row[1], scade_il=row[2],
            )  # fmt: skip
            await emit(connection, opened, 1)
        emergenza_id: UUID = row[0]
        return emergenza_id

    async def _refuse_too_many(self, connection: Connection, caller: Caller) -> None:
        cursor = await connection.execute(
            f"SELECT count(*) FROM emergenze e WHERE e.operatore_id = %s AND {WAITING} AND {TODAY}",
            (caller.operatore_id,),
        )
        row = await cursor.fetchone()
        if row is not None and row[0] >= self.al_giorno:
            raise Conflict(
                "emergenze.troppe",
                f"Oggi hai già aperto {row[0]} emergenze che nessuno ha ancora rivisto. Chiama chi coordina o il"
                " responsabile della protezione dei dati: appena ne rivede una, puoi aprirne un’altra.",
            )

    async def close(self, session_id: UUID) -> bool:
        """Ends the session's emergency now; False when none was open."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(END, (session_id,))
            return cursor.rowcount > 0

    async def list_emergenze(self, caller: Caller, *, da_rivedere: bool = False) -> list[Emergenza]:
        """Those within the caller's reach, unsigned first, then newest first."""
        where, values = _within(caller, LEGGI)
        if da_rivedere:
            where += f" AND {WAITING}"
        return await self._select(f"{where} ORDER BY {WAITING} DESC, e.aperta_il DESC LIMIT 200", values)

    async def get(self, caller: Caller, emergenza_id: UUID) -> Emergenza:
        """NotFound where it is not within the caller's reach."""
        where, values = _within(caller, LEGGI)
        found = await self._select(f"{where} AND e.id = %s", [*values, emergenza_id])
        if not found:
            raise NotFound("emergenze.non_trovata", "Questa emergenza non esiste.")
        return found[0]

    async def count_waiting(self, caller: Caller) -> int:
        """How many the caller could sign."""
        where, values = _within(caller, APPROVA)
        query = f"SELECT count(*) FROM emergenze e WHERE {where} AND {WAITING} AND e.operatore_id <> %s"
        async with self.pool.connection() as connection:
            row = await (await connection.execute(query, [*values, caller.operatore_id])).fetchone()
        return row[0] if row else 0

    async def letture(self, emergenza: Emergenza) -> list[Lettura]:
        """What was done in the session while it was open, oldest first; without the bell that open pages listen to."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT quando, metodo, sezione, azione, esito, cartella_id, residente_id FROM accessi"
                " WHERE operatore_id = %s AND session_id = %s AND quando BETWEEN %s AND %s AND rotta <> %s"
                " AND (cartella_id IS NOT NULL OR residente_id IS NOT NULL) ORDER BY quando LIMIT %s",
                (
                    emergenza.operatore_id, emergenza.session_id, emergenza.aperta_il, emergenza.finita_il, BELL,
                    MAX_LETTURE,
                ),
            )  # fmt: skip
            rows = await cursor.fetchall()
        whose = {row[5]: row[6] for row in rows if row[5] is not None and row[6] is not None}
        found = []
        for quando, metodo, sezione, azione, esito, cartella_id, residente_id in rows:
            person = residente_id or whose.get(cartella_id)
            mine = None if person is None else person == emergenza.residente_id
            found.append(Lettura(quando, metodo, sezione, azione, esito, mine))
        return found

    async def review(self, caller: Caller, emergenza_id: UUID, esito: str, nota: str) -> None:
        """The signature of somebody else, once, after the end. `nota` is required where it was not justified."""
        _check_review(esito, nota)
        where, values = _within(caller, APPROVA)
        async with self.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                f"SELECT e.operatore_id, e.ente, {ENDED}, {WAITING}, e.solleciti FROM emergenze e"
                f" WHERE {where} AND e.id = %s FOR UPDATE OF e",
                [*values, emergenza_id],
            )
            row = await cursor.fetchone()
            if row is None:
                raise NotFound("emergenze.non_trovata", "Questa emergenza non esiste.")
            operatore_id, ente, ended, waiting, solleciti = row
            if operatore_id == caller.operatore_id:
                raise Forbidden("emergenze.tua", "L’hai aperta tu: la rivede un’altra persona.")
            if not ended:
                raise Conflict("emergenze.in_corso", "È ancora aperta: si rivede quando è finita.")
            if not waiting:
                raise Conflict("emergenze.rivista", "Qualcun altro l’ha già rivista.")
            cursor = await connection.execute(
                "UPDATE emergenze SET chiusa_il = coalesce(chiusa_il, scade_il), rivista_da = %s, rivista_il = now(),"
                " esito = %s, nota = %s WHERE id = %s RETURNING rivista_il",
                (caller.operatore_id, esito, nota.replace("\x00", "").strip(), emergenza_id),
            )
            signed = await cursor.fetchone()
            assert signed is not None
            event = EmergenzaRivistaV1(
                emergenza_id=emergenza_id, operatore_id=operatore_id, revisore_id=caller.operatore_id, ente=ente,
                esito=esito, rivista_il=signed[0],
            )  # fmt: skip
            await emit(connection, event, solleciti + 2)

    async def _select(self, where: str, values: list[Any]) -> list[Emergenza]:
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Emergenza))
            await cursor.execute(f"{SELECT} WHERE {where}", values)
            return await cursor.fetchall()


def _check_review(esito: str, nota: str) -> None:
    fields: dict[str, str] = {}
    if esito not in ESITI:
        fields["esito"] = "Scegli com’era."
    if esito == "non_giustificata" and len(nota.strip()) < MIN_TESTO:
        fields["nota"] = "Scrivi perché non era giustificata."
    if len(nota) > MAX_TESTO:
        fields["nota"] = f"Bastano {MAX_TESTO} caratteri."
    if fields:
        raise Invalid("emergenze.revisione", "La revisione non è completa.", fields=fields)


def _within(caller: Caller, scope: str) -> tuple[str, list[Any]]:
    """Condition over `e` for what a scope reaches; never what concerns the caller himself or his household."""
    extent = caller.extent(scope)
    away = list(caller.identity.esclusi or ())
    if extent is Extent.PROPRI:
        return "e.operatore_id = %s AND e.residente_id <> ALL(%s)", [caller.operatore_id, away]
    if extent is Extent.SETTORE:
        where = "e.ente = %s AND e.settore = %s AND e.residente_id <> ALL(%s)"
        return where, [caller.ente, caller.settore, away]
    enti = caller.enti_of(extent)
    return "e.ente = ANY(%s) AND e.residente_id <> ALL(%s)", [list(enti), away]


async def in_corso_su(pool: Pool, residente_id: UUID) -> list[Emergenza]:
    """Emergencies open now on this person: for who reads his case and may know who else does."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Emergenza))
        await cursor.execute(f"{SELECT} WHERE e.residente_id = %s AND NOT {ENDED}", (residente_id,))
        return await cursor.fetchall()
