"""Which rows of the log are told to who works on a case, or to the person it is about: those of readers to whom the
case was open. Who reached it through an entry of second level alone would betray that there is one: only the DPO reads
of him.

By the policy in force today and all the case has been: whoever was of its team, or in a settore it passed through, or
held a grant at that moment, stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from contracts.cartella import CartellaOut, CondivisioneAttiva
from contracts.condivisioni import Condivisione, StatoCondivisione
from gateway.chi_legge import Fatti, Posto, raggiunge
from gateway.politica.contenuto import Contenuto

CASO, CONDIVISIONE = "presa_in_carico:leggi", "condivisione"
MOVED = "passaggio_settore"
EMERGENZE = "SELECT operatore_id, residente_id, aperta_il, least(chiusa_il, scade_il) FROM emergenze"


class Riga(Protocol):
    """What of a row says how far its reader reached."""

    @property
    def tipo(self) -> str: ...
    @property
    def quando(self) -> datetime: ...
    @property
    def operatore_id(self) -> UUID: ...
    @property
    def in_delega_di(self) -> UUID | None: ...
    @property
    def ruolo(self) -> str: ...
    @property
    def settore(self) -> str: ...
    @property
    def sezione(self) -> str: ...
    @property
    def cartella_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Aperto:
    """How a case was open: once for each settore it has been in. `emergenze`: who broke the glass for its person, from
    when to when."""

    fatti: tuple[Fatti, ...]
    emergenze: tuple[tuple[UUID, datetime, datetime], ...] = ()


async def aperti(
    pool: AsyncConnectionPool[Any], casi: Iterable[tuple[CartellaOut, Sequence[Condivisione]]]
) -> dict[UUID, Aperto]:
    """By case; `casi` each with all the grants it ever had."""
    found = list(casi)
    persons = [cartella.residente_id for cartella, _ in found]
    async with pool.connection() as connection:
        cursor = await connection.execute(f"{EMERGENZE} WHERE residente_id = ANY(%s)", (persons,))
        broken = await cursor.fetchall()
    return {
        cartella.id: Aperto(
            _fatti(cartella, grants),
            tuple((who, since, to) for who, person, since, to in broken if person == cartella.residente_id),
        )
        for cartella, grants in found
    }


def _fatti(cartella: CartellaOut, condivisioni: Sequence[Condivisione]) -> tuple[Fatti, ...]:
    """A case of second level counts as an ordinary one: who is told of its readers knows of it."""
    people, settori = {cartella.responsabile_id, *cartella.team}, {cartella.settore}
    for step in cartella.passaggi:
        if not step.tipo.startswith(
            "condivisione_"
        ):  # of a grant, the grant itself says what was open to whom
            people |= {step.operatore_id, step.da_operatore_id, step.a_operatore_id}
        if step.tipo == MOVED:
            settori |= {step.da_settore, step.a_settore} - {""}
    now = Fatti(
        cartella.ente, cartella.settore, tuple(i for i in people if i is not None), "",
        tuple(_grant(one) for one in condivisioni if _was_in_force(one)),
    )  # fmt: skip
    return tuple(replace(now, settore=settore) for settore in sorted(settori))


def _was_in_force(condivisione: Condivisione) -> bool:
    return condivisione.stato in (StatoCondivisione.ACCETTATA, StatoCondivisione.REVOCATA)


def _grant(one: Condivisione) -> CondivisioneAttiva:
    """With its true end, had it been revoked."""
    end = min(one.al, one.revocata_il) if one.revocata_il else one.al
    return CondivisioneAttiva(
        ente=one.ente,
        settore=one.settore,
        operatore_id=one.operatore_id,
        sezioni=one.sezioni,
        dal=one.dal,
        al=end,
    )


def si_dice(row: Riga, ente: str, aperto: Aperto | None, contenuto: Contenuto) -> bool:
    """Whether this row, of a reader of this ente, may be told; those outside a case and of machine clients always."""
    if aperto is None or row.tipo != "operatore":
        return True
    if any(who == row.operatore_id and since <= row.quando <= to for who, since, to in aperto.emergenze):
        return True
    posto = Posto(row.operatore_id, "", row.ruolo, ente, row.settore, row.in_delega_di)
    return any(_reached(contenuto, posto, row, fatti) for fatti in aperto.fatti)


def _reached(contenuto: Contenuto, posto: Posto, row: Riga, fatti: Fatti) -> bool:
    scope = "stampe:stampa" if row.sezione == "stampe" else f"{row.sezione}:leggi"
    if raggiunge(contenuto, posto, scope, fatti, row.quando):
        return True
    if raggiunge(contenuto, posto, CASO, fatti, row.quando) not in ("", CONDIVISIONE):
        return True
    if scope != CASO:
        return False
    shared = {
        sezione for grant in fatti.condivisioni for sezione in grant.sezioni
    }  # each opens the heading too
    return any(
        raggiunge(contenuto, posto, f"{one}:leggi", fatti, row.quando) == CONDIVISIONE for one in shared
    )
