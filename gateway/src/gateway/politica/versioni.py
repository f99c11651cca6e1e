"""Versions of the policy: drafted and proposed by one person, approved or rejected by another, then fixed.

Numbers follow the order of coming into force: a version is approved only while the one it was drafted from is still
the newest approved, and never for a date before that one's. The newest approved, as long as it has not come into force,
is undone by two people: nothing has to wait for its day. The database holds to it too (migration 0005).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.politica.contenuto import Contenuto, read_contenuto, write_contenuto
from gateway.politica.regole import Divieto, divieti
from gateway.politica.versione import APPROVATA, BOZZA, PROPOSTA, SELECT, Versione

SLACK = timedelta(minutes=10)
"""A form may lie open this long and "da subito" still be no date in the past."""
FARTHEST = timedelta(days=731)
MIN_MOTIVO = 10
MAX_MOTIVO = 2000
LOCK = 0x706F6C69
"""Advisory lock under which versions are numbered and decided."""

NEWEST = "SELECT version, attiva_dal FROM politiche WHERE stato = 'approvata' ORDER BY version DESC LIMIT 1"


Connection = psycopg.AsyncConnection[Any]


class Versioni:
    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self.pool = pool

    async def list(self) -> list[Versione]:
        """Newest first."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Versione))
            await cursor.execute(f"{SELECT} ORDER BY v.version DESC")
            return await cursor.fetchall()

    async def get(self, version: int) -> Versione:
        async with self.pool.connection() as connection:
            return await _get(connection, version)

    async def contenuto(self, version: int) -> Contenuto:
        async with self.pool.connection() as connection:
            return await read_contenuto(connection, version)

    async def newest(self) -> int:
        """The approved version every draft starts from: in force, or about to be."""
        async with self.pool.connection() as connection:
            return (await _newest(connection))[0]

    async def draft(self, autore_id: UUID, contenuto: Contenuto | None = None) -> int:
        """Number of a new draft on the newest approved version, with this content or that version's."""
        async with self._locked() as connection:
            base, _ = await _newest(connection)
            cursor = await connection.execute(
                "INSERT INTO politiche (version, stato, motivo, base, autore_id)"
                " VALUES ((SELECT max(version) + 1 FROM politiche), 'bozza', '', %s, %s) RETURNING version",
                (base, autore_id),
            )
            row = await cursor.fetchone()
            assert row is not None
            version: int = row[0]
            await write_contenuto(connection, version, contenuto or await read_contenuto(connection, base))
        return version

    async def write(self, version: int, autore_id: UUID, revisione: int, contenuto: Contenuto) -> None:
        """New content of one's own draft. Conflict when somebody (one's other window) was faster."""
        async with self._locked() as connection:
            await _own(connection, version, autore_id, revisione, (BOZZA,))
            await write_contenuto(connection, version, contenuto)
            await _move(connection, version, "stato = stato")

    async def discard(self, version: int, autore_id: UUID, revisione: int) -> None:
        async with self._locked() as connection:
            await _own(connection, version, autore_id, revisione, (BOZZA,))
            await write_contenuto(connection, version, Contenuto())
            await connection.execute("DELETE FROM politiche WHERE version = %s", (version,))

    async def propose(
        self, version: int, autore_id: UUID, revisione: int, motivo: str, attiva_dal: datetime | None
    ) -> None:
        """Asks somebody else to decide. `attiva_dal` None: as soon as it is approved."""
        async with self._locked() as connection:
            await _own(connection, version, autore_id, revisione, (BOZZA,))
            await _check(connection, await _get(connection, version), motivo, attiva_dal)
            await _move(
                connection, version, "stato = 'proposta', motivo = %s, attiva_dal = %s, proposta_il = now()",
                motivo.strip(), attiva_dal or datetime.now(UTC),
            )  # fmt: skip

    async def withdraw(self, version: int, autore_id: UUID, revisione: int) -> None:
        """Back to a draft, to be mended."""
        async with self._locked() as connection:
            await _own(connection, version, autore_id, revisione, (PROPOSTA,))
            await _move(connection, version, "stato = 'bozza', proposta_il = NULL")

    async def decide(
        self, version: int, decisore_id: UUID, revisione: int, approva: bool, motivo: str = ""
    ) -> None:
        """The second pair of eyes. A date gone by meanwhile becomes now."""
        async with self._locked() as connection:
            found = await _get(connection, version)
            if found.autore_id == decisore_id:
                raise Forbidden("politica.proposta_tua", "L’hai proposta tu: la decide un’altra persona.")
            _expect(found, revisione, (PROPOSTA,))
            if not approva:
                if len(motivo.strip()) < MIN_MOTIVO:
                    message = "Scrivi perché la respingi: chi l’ha proposta deve poterla sistemare."
                    raise Invalid("politica.motivo_mancante", message, fields={"motivo_decisione": message})
                await _move(
                    connection, version,
                    "stato = 'respinta', decisa_da = %s, decisa_il = now(), motivo_decisione = %s",
                    decisore_id, motivo.strip(),
                )  # fmt: skip
                return
            await _check(connection, found, found.motivo, None)
            await _move(
                connection, version,
                "stato = 'approvata', decisa_da = %s, decisa_il = now(), motivo_decisione = %s,"
                " attiva_dal = greatest(attiva_dal, now())",
                decisore_id, motivo.strip(),
            )  # fmt: skip

    async def ask_annullo(self, version: int, operatore_id: UUID, revisione: int, motivo: str) -> None:
        """Asks somebody else to undo what was approved for a day that has not come."""
        async with self._locked() as connection:
            found = await _annullabile(connection, version, revisione)
            if found.annullo_chiesto_da is not None:
                raise Conflict("politica.annullo_chiesto", "È già stato chiesto: manca la seconda persona.")
            if not MIN_MOTIVO <= len(motivo.strip()) <= MAX_MOTIVO:
                message = f"Scrivi perché si annulla, da {MIN_MOTIVO} a {MAX_MOTIVO} caratteri."
                raise Invalid("politica.motivo_mancante", message, fields={"motivo_annullo": message})
            await _move(
                connection, version,
                "annullo_chiesto_da = %s, annullo_chiesto_il = now(), motivo_annullo = %s",
                operatore_id, motivo.strip(),
            )  # fmt: skip

    async def decide_annullo(self, version: int, operatore_id: UUID, revisione: int, annulla: bool) -> None:
        """The second pair of eyes; a no leaves it approved, and who asked may say that too."""
        async with self._locked() as connection:
            found = await _annullabile(connection, version, revisione)
            if found.annullo_chiesto_da is None:
                raise Conflict("politica.annullo_non_chiesto", "Nessuno ha chiesto di annullarla.")
            if annulla and found.annullo_chiesto_da == operatore_id:
                raise Forbidden("politica.annullo_tuo", "L’hai chiesto tu: la annulla un’altra persona.")
            undone = "stato = 'annullata', annullata_da = %s, annullata_il = now()"
            kept = "annullo_chiesto_da = NULL, annullo_chiesto_il = NULL, motivo_annullo = ''"
            await _move(connection, version, *((undone, operatore_id) if annulla else (kept,)))

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[Connection]:
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            yield connection


async def _get(connection: Connection, version: int) -> Versione:
    cursor = connection.cursor(row_factory=class_row(Versione))
    await cursor.execute(f"{SELECT} WHERE v.version = %s", (version,))
    found = await cursor.fetchone()
    if found is None:
        raise NotFound("politica.non_trovata", "Questa versione della politica non esiste.")
    return found


async def _newest(connection: Connection) -> tuple[int, datetime]:
    cursor = await connection.execute(NEWEST)
    row = await cursor.fetchone()
    if row is None:
        raise Forbidden("politica.assente", "Nessuna politica di accesso è in vigore.")
    return row[0], row[1]


def _expect(found: Versione, revisione: int, states: tuple[str, ...]) -> None:
    if found.stato not in states:
        raise Conflict("politica.stato", f"La versione {found.version} è {found.stato}: non si può più.")
    if found.revisione != revisione:
        raise Conflict("politica.cambiata", "Nel frattempo questa versione è cambiata: ricarica la pagina.")


async def _annullabile(connection: Connection, version: int, revisione: int) -> Versione:
    """Raises Conflict unless it is approved, not yet in force, and nothing approved stands on it."""
    found = await _get(connection, version)
    _expect(found, revisione, (APPROVATA,))
    if not found.programmata:
        raise Conflict(
            "politica.in_vigore", "È già entrata in vigore: per tornare indietro se ne approva una nuova."
        )
    newest, _ = await _newest(connection)
    if newest != version:
        raise Conflict(
            "politica.annulla_prima", f"Prima va annullata la versione {newest}, che parte da qui."
        )
    return found


async def _own(
    connection: Connection, version: int, autore_id: UUID, revisione: int, states: tuple[str, ...]
) -> None:
    found = await _get(connection, version)
    if found.autore_id != autore_id:
        raise Forbidden("politica.bozza_altrui", "La bozza è di un’altra persona: fanne una tua.")
    _expect(found, revisione, states)


async def _check(connection: Connection, found: Versione, motivo: str, attiva_dal: datetime | None) -> None:
    """Raises Invalid or Conflict unless this version may be proposed and approved as it is now."""
    newest, since = await _newest(connection)
    if found.base != newest:
        raise Conflict(
            "politica.base_superata",
            f"Nel frattempo si parte dalla versione {newest}: riporta le tue modifiche su quella.",
            details={"base": newest},
        )
    fields: dict[str, str] = {}
    if len(motivo) > MAX_MOTIVO:
        fields["motivo"] = f"Bastano {MAX_MOTIVO} caratteri: accorcia un po’."
    elif len(motivo.strip()) < MIN_MOTIVO:
        fields["motivo"] = "Scrivi perché si cambia: chi approva lo legge, e resta nella storia."
    if attiva_dal is not None and attiva_dal < datetime.now(UTC) - SLACK:
        fields["attiva_dal"] = "È una data passata: scegli da quando vale, da adesso in poi."
    elif attiva_dal is not None and attiva_dal > datetime.now(UTC) + FARTHEST:
        fields["attiva_dal"] = "È troppo lontana: scegli una data entro due anni."
    elif (attiva_dal or datetime.now(UTC)) < since and found.stato == BOZZA:
        fields["attiva_dal"] = (
            "È già approvata una versione che entra in vigore più tardi: scegli una data successiva, o annullatela."
        )
    if fields:
        raise Invalid("politica.proposta_incompleta", "La proposta non è completa.", fields=fields)
    contenuto = await read_contenuto(connection, found.version)
    if refused := divieti(contenuto):
        raise not_admissible(refused)
    if contenuto == await read_contenuto(connection, newest):
        raise Conflict(
            "politica.uguale", "La bozza è uguale alla versione in vigore: non c’è nulla da approvare."
        )


def not_admissible(refused: tuple[Divieto, ...]) -> Invalid:
    """One refusal that says all of them."""
    return Invalid(
        "politica.inammissibile",
        "Così la politica non si può proporre.",
        details={"divieti": [{"codice": d.codice, "ruolo": d.ruolo, "scope": d.scope} for d in refused]},
    )


async def _move(connection: Connection, version: int, change: str, *values: object) -> None:
    await connection.execute(
        f"UPDATE politiche SET {change}, revisione = revisione + 1 WHERE version = %s",
        (*values, version),
    )
