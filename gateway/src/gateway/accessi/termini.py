"""The terms of the access log of one ente: how long it is kept, whom the citizen sees by name, which settori never.

Whoever watches the log (the DPO) proposes, somebody who approves policies for the ente decides: the ente is answerable
for the terms, the DPO advises and may not decide them alone (GDPR art. 38 par. 6, 39). Any change takes two: a shorter
term or fewer names takes from the citizen, a longer one or more names from who works there. Nothing is written over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from psycopg.rows import class_row
from pydantic import BaseModel, Field
from uuid_utils.compat import uuid7

from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.accessi.sigilli import Connection

MIN_MOTIVO = 10
LOCK = "SELECT pg_advisory_xact_lock(hashtext('registro_termini'))"
SELECT = """
SELECT t.id, t.ente, t.mesi, t.mostra_nomi, t.mostra_motivi, t.settori_protetti, t.motivo, t.proposti_da,
       t.proposti_il, d.approvati, coalesce(d.motivo, '') AS motivo_decisione, d.decisi_da, d.decisi_il
  FROM registro_termini t LEFT JOIN registro_decisioni d ON d.termini_id = t.id
"""


class Termini(BaseModel):
    """What is proposed. `mesi`: a year at least, to answer whoever asks who read; ten at most."""

    mesi: Annotated[int, Field(ge=12, le=120)]
    mostra_nomi: bool = False
    mostra_motivi: bool = False
    settori_protetti: tuple[Annotated[str, Field(pattern="^[a-z_]{1,40}$")], ...] = ()
    motivo: Annotated[str, Field(min_length=MIN_MOTIVO, max_length=2000)]

    def same(self, other: "TerminiOut") -> bool:
        return (self.mesi, self.mostra_nomi, self.mostra_motivi, frozenset(self.settori_protetti)) == (
            other.mesi, other.mostra_nomi, other.mostra_motivi, frozenset(other.settori_protetti),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TerminiOut:
    """A version; `approvati` None: nobody has decided yet. Without `proposti_da`: it came with the system."""

    id: UUID
    ente: str
    mesi: int
    mostra_nomi: bool
    mostra_motivi: bool
    settori_protetti: list[str]
    motivo: str
    proposti_da: UUID | None
    proposti_il: datetime
    approvati: bool | None
    motivo_decisione: str
    decisi_da: UUID | None
    decisi_il: datetime | None


async def in_force(connection: Connection, ente: str) -> TerminiOut:
    """The ente's own, or everybody's."""
    found = await _list(
        connection,
        "JOIN registro_politiche p ON p.termini_id = t.id WHERE p.ente IN ('', %s) ORDER BY p.ente DESC LIMIT 1",
        ente,
    )
    return found[0]


async def proposed(connection: Connection, ente: str) -> TerminiOut | None:
    """What waits for the second person."""
    found = await _list(connection, "WHERE t.ente = %s AND d.termini_id IS NULL", ente)
    return found[0] if found else None


async def history(connection: Connection, ente: str) -> list[TerminiOut]:
    """What was decided, newest first; at the end what everybody starts from."""
    return await _list(
        connection, "WHERE t.ente IN ('', %s) AND d.termini_id IS NOT NULL ORDER BY d.decisi_il DESC", ente
    )


async def propose(connection: Connection, ente: str, operatore_id: UUID, termini: Termini) -> None:
    """Raises Conflict while another proposal waits, Invalid when nothing would change."""
    async with connection.transaction():
        await connection.execute(LOCK)
        if await proposed(connection, ente) is not None:
            raise Conflict("termini.proposta_aperta", "C’è già una proposta da decidere.")
        if termini.same(await in_force(connection, ente)):
            raise Invalid(
                "termini.uguali", "Sono già questi i termini in vigore: non c’è nulla da approvare."
            )
        await connection.execute(
            "INSERT INTO registro_termini (id, ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, motivo,"
            " proposti_da) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (uuid7(), ente, termini.mesi, termini.mostra_nomi, termini.mostra_motivi,
             sorted(set(termini.settori_protetti)), termini.motivo, operatore_id),
        )  # fmt: skip


async def decide(
    connection: Connection, ente: str, termini_id: UUID, operatore_id: UUID, approvati: bool, motivo: str = ""
) -> None:
    """The second person. Raises NotFound, for another ente's too, Forbidden for who proposed, Conflict, Invalid."""
    async with connection.transaction():
        await connection.execute(LOCK)
        found = await _list(connection, "WHERE t.ente = %s AND t.id = %s", ente, termini_id)
        if not found:
            raise NotFound("termini.non_trovati", "Questa proposta non c’è.")
        if found[0].approvati is not None:
            raise Conflict("termini.decisi", "Questa proposta è già stata decisa.")
        if found[0].proposti_da == operatore_id:
            raise Forbidden("termini.proposti_da_te", "L’hai proposta tu: la decide un’altra persona.")
        reason = motivo.replace("\x00", "").strip()[:2000]
        if not approvati and len(reason) < MIN_MOTIVO:
            message = "Scrivi perché la respingi: chi l’ha proposta deve poterla sistemare."
            raise Invalid("termini.senza_motivo", message, {"motivo_decisione": message})
        await connection.execute(
            "INSERT INTO registro_decisioni (termini_id, approvati, motivo, decisi_da) VALUES (%s, %s, %s, %s)",
            (termini_id, approvati, reason, operatore_id),
        )


async def _list(connection: Connection, rest: str, *values: object) -> list[TerminiOut]:
    async with connection.cursor(row_factory=class_row(TerminiOut)) as cursor:
        await cursor.execute(f"{SELECT} {rest}", values)
        return await cursor.fetchall()
